-- Processes that ended without stopping, by service: how often, when last, and of how many seconds rows may be missing.
SELECT service, count(*)::BIGINT AS n, max(at_us) AS last_us, max(value) AS missing_s
FROM event_log
WHERE kind = 'process' AND name = 'lost'
GROUP BY service
ORDER BY last_us DESC
