-- Which routes, pages and tasks ask the database most.
SELECT
    service,
    kind,
    route,
    sum(n)::BIGINT AS n,
    sum(db_count) * 1.0 / sum(n) AS statements_each,
    sum(db_us) / 1000.0 / sum(n) AS db_ms_each,
    sum(db_us) / 1000.0 AS db_ms
FROM {source}
GROUP BY ALL
HAVING sum(db_count) > 0
ORDER BY db_ms DESC
LIMIT $most
