-- The latest value of each measure of each service.
SELECT service, name, arg_max(value, at_us) AS value, max(at_us) AS at_us
FROM metric_log
GROUP BY ALL
