-- The greatest value of a measure by step of the window and service.
SELECT step_us, service, max(value) AS value, count(*)::BIGINT AS n
FROM (SELECT at_us - at_us % $step AS step_us, service, value FROM metric_log WHERE name = $name)
GROUP BY ALL
ORDER BY step_us
