-- How long requests took, row by row: a line for each value of {split}.
SELECT
    {split},
    sum(weight)::BIGINT AS n,
    coalesce(sum(weight) FILTER (status >= 500 OR outcome = 'error'), 0)::BIGINT AS errors,
    quantile_disc(duration_us, 0.50) / 1000.0 AS p50_ms,
    quantile_disc(duration_us, 0.95) / 1000.0 AS p95_ms,
    quantile_disc(duration_us, 0.99) / 1000.0 AS p99_ms,
    max(duration_us) / 1000.0 AS max_ms
FROM request_log
WHERE {where}
GROUP BY ALL
ORDER BY {order}
