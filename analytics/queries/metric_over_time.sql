-- The greatest value of a measure by step of the window and service.
SELECT step_us, service, max(value) AS value, count(*)::BIGINT AS n
FROM metric_log ASOF JOIN steps ON metric_log.at_us >= steps.step_us
WHERE name = $name
GROUP BY ALL
ORDER BY step_us
