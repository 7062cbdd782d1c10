-- The latency of all of them as one, from tiles.
WITH merged AS (
    SELECT bucket, sum(n) AS n, sum(errors) AS errors
    FROM {source}
    WHERE {where}
    GROUP BY ALL
),
ranked AS (
    SELECT *, sum(n) OVER (ORDER BY bucket) AS upto, sum(n) OVER () AS total FROM merged
)
SELECT
    sum(n)::BIGINT AS n,
    sum(errors)::BIGINT AS errors,
    min({value}) FILTER (upto >= ceil(0.50 * total)) / 1000.0 AS p50_ms,
    min({value}) FILTER (upto >= ceil(0.95 * total)) / 1000.0 AS p95_ms,
    min({value}) FILTER (upto >= ceil(0.99 * total)) / 1000.0 AS p99_ms,
    max({value}) / 1000.0 AS max_ms
FROM ranked
HAVING count(*) > 0
