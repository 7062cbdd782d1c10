-- Each route's latency from tiles: buckets are added up, and the nearest rank found among them.
WITH merged AS (
    SELECT service, kind, route, bucket, sum(n) AS n, sum(errors) AS errors
    FROM by_route
    WHERE {where}
    GROUP BY ALL
),
ranked AS (
    SELECT
        *,
        sum(n) OVER (PARTITION BY service, kind, route ORDER BY bucket) AS upto,
        sum(n) OVER (PARTITION BY service, kind, route) AS total
    FROM merged
)
SELECT
    service,
    kind,
    route,
    sum(n)::BIGINT AS n,
    sum(errors)::BIGINT AS errors,
    min({value}) FILTER (upto >= ceil(0.50 * total)) / 1000.0 AS p50_ms,
    min({value}) FILTER (upto >= ceil(0.95 * total)) / 1000.0 AS p95_ms,
    min({value}) FILTER (upto >= ceil(0.99 * total)) / 1000.0 AS p99_ms,
    max({value}) / 1000.0 AS max_ms
FROM ranked
GROUP BY ALL
ORDER BY p95_ms DESC
