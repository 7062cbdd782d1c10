-- Time in the database and statements by step of the window, row by row.
SELECT
    {step},
    sum(weight)::BIGINT AS n,
    sum(db_count * weight)::BIGINT AS statements,
    sum(db_us * weight) / 1000.0 / sum(weight) AS db_ms,
    sum(duration_us * weight) / 1000.0 / sum(weight) AS all_ms
FROM {source}
WHERE {where}
GROUP BY ALL
ORDER BY step_us
