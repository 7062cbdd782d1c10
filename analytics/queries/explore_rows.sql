-- A measure of the catalogue by step and part, row by row; all but the five largest parts are one.
WITH picked AS (SELECT *, {split} AS part FROM {source} WHERE {where}),
largest AS (SELECT part FROM picked GROUP BY part ORDER BY sum({weight}) DESC, part LIMIT 5),
named AS (SELECT *, CASE WHEN part IN (SELECT part FROM largest) THEN part ELSE 'other' END AS series FROM picked)
SELECT step_us, series, sum({weight})::BIGINT AS n, ({value})::DOUBLE AS value
FROM named ASOF JOIN steps ON named.at_us >= steps.step_us
GROUP BY ALL
ORDER BY step_us, series
