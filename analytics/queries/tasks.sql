-- Tasks: how often, how they ended, how long they waited and ran.
SELECT
    route AS task,
    count(*)::BIGINT AS n,
    count(*) FILTER (outcome = 'error')::BIGINT AS failed,
    count(*) FILTER (outcome = 'retried')::BIGINT AS retried,
    count(*) FILTER (outcome = 'interrupted')::BIGINT AS interrupted,
    count(*) FILTER (outcome = 'expired')::BIGINT AS expired,
    count(*) FILTER (outcome = 'lost')::BIGINT AS lost,
    quantile_disc(wait_us, 0.50) / 1000.0 AS wait_p50_ms,
    quantile_disc(wait_us, 0.95) / 1000.0 AS wait_p95_ms,
    quantile_disc(duration_us, 0.50) / 1000.0 AS run_p50_ms,
    quantile_disc(duration_us, 0.95) / 1000.0 AS run_p95_ms,
    max(duration_us) / 1000.0 AS run_max_ms
FROM request_log
WHERE kind = 'task'
GROUP BY route
ORDER BY n DESC, task
