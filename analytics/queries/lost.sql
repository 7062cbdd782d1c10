-- What the monitor could not keep, by reason.
SELECT name AS reason, sum(value)::BIGINT AS n, max(at_us) AS last_us
FROM event_log
WHERE kind = 'lost'
GROUP BY name
ORDER BY n DESC
