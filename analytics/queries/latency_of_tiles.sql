-- The same from tiles: buckets are added up for each value of {split}, and the nearest rank is found among them.
WITH merged AS (
    SELECT {split}, bucket, sum(n) AS n, sum(errors) AS errors
    FROM {source}
    WHERE {where}
    GROUP BY ALL
),
ranked AS (
    SELECT
        *,
        sum(n) OVER (PARTITION BY {names} ORDER BY bucket) AS upto,
        sum(n) OVER (PARTITION BY {names}) AS total
    FROM merged
)
SELECT
    {names},
    sum(n)::BIGINT AS n,
    sum(errors)::BIGINT AS errors,
    min({value}) FILTER (upto >= ceil(0.50 * total)) / 1000.0 AS p50_ms,
    min({value}) FILTER (upto >= ceil(0.95 * total)) / 1000.0 AS p95_ms,
    min({value}) FILTER (upto >= ceil(0.99 * total)) / 1000.0 AS p99_ms,
    max({value}) / 1000.0 AS max_ms
FROM ranked
GROUP BY ALL
ORDER BY {order}
