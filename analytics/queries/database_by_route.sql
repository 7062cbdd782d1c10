-- Which routes ask the database most, from the totals of hours.
SELECT
    service,
    route,
    sum(n)::BIGINT AS n,
    sum(db_count) * 1.0 / sum(n) AS statements_each,
    sum(db_us) / 1000.0 / sum(n) AS db_ms_each,
    sum(db_us) / 1000.0 AS db_ms
FROM totals
WHERE kind = $kind
GROUP BY ALL
HAVING sum(db_count) > 0
ORDER BY db_ms DESC
LIMIT $most
