-- The same from tiles of hours.
WITH picked AS (SELECT *, {split} AS part FROM {source} WHERE {where}),
largest AS (SELECT part FROM picked GROUP BY part ORDER BY sum({weight}) DESC, part LIMIT 5),
named AS (SELECT *, CASE WHEN part IN (SELECT part FROM largest) THEN part ELSE 'other' END AS series FROM picked),
merged AS (
    SELECT step_us, series, bucket, sum(n) AS n, sum(errors) AS errors
    FROM named ASOF JOIN steps ON named.at_us >= steps.step_us
    GROUP BY ALL
),
ranked AS (
    SELECT
        *,
        sum(n) OVER (PARTITION BY step_us, series ORDER BY bucket) AS upto,
        sum(n) OVER (PARTITION BY step_us, series) AS total
    FROM merged
)
SELECT step_us, series, sum(n)::BIGINT AS n, ({value})::DOUBLE AS value
FROM ranked
GROUP BY ALL
ORDER BY step_us, series
