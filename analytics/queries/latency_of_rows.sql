-- How long requests took, row by row: a line for each value of {split}. The three ranks come of one pass.
WITH measured AS (
    SELECT
        {split},
        sum(weight)::BIGINT AS n,
        coalesce(sum(weight) FILTER (outcome <> 'client_gone' AND (status >= 500 OR outcome = 'error')), 0)::BIGINT AS errors,
        quantile_disc(duration_us, [0.50, 0.95, 0.99]) AS ranks,
        max(duration_us) / 1000.0 AS max_ms
    FROM {source}
    WHERE {where}
    GROUP BY ALL
)
SELECT
    * EXCLUDE (ranks, max_ms),
    ranks[1] / 1000.0 AS p50_ms,
    ranks[2] / 1000.0 AS p95_ms,
    ranks[3] / 1000.0 AS p99_ms,
    max_ms
FROM measured
ORDER BY {order}
