-- Time in the database and statements by step of the window, from the totals of hours.
SELECT
    step_us,
    sum(n)::BIGINT AS n,
    sum(db_count)::BIGINT AS statements,
    sum(db_us) / 1000.0 / sum(n) AS db_ms,
    sum(sum_us) / 1000.0 / sum(n) AS all_ms
FROM totals JOIN hours USING (at_us)
WHERE {where}
GROUP BY ALL
ORDER BY step_us
