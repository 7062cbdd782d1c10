-- Latency by step of the window, from tiles of hours; hours says which step each belongs to.
WITH merged AS (
    SELECT step_us, bucket, sum(n) AS n, sum(errors) AS errors
    FROM {source} JOIN hours USING (at_us)
    WHERE {where}
    GROUP BY ALL
),
ranked AS (
    SELECT
        *,
        sum(n) OVER (PARTITION BY step_us ORDER BY bucket) AS upto,
        sum(n) OVER (PARTITION BY step_us) AS total
    FROM merged
)
SELECT
    step_us,
    sum(n)::BIGINT AS n,
    sum(errors)::BIGINT AS errors,
    min({value}) FILTER (upto >= ceil(0.50 * total)) / 1000.0 AS p50_ms,
    min({value}) FILTER (upto >= ceil(0.95 * total)) / 1000.0 AS p95_ms,
    min({value}) FILTER (upto >= ceil(0.99 * total)) / 1000.0 AS p99_ms,
    max({value}) / 1000.0 AS max_ms
FROM ranked
GROUP BY ALL
ORDER BY step_us
