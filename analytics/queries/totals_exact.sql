-- How many, how many failed, and their time in all, row by row.
SELECT
    coalesce(sum(weight), 0)::BIGINT AS n,
    coalesce(sum(weight) FILTER (outcome <> 'client_gone' AND (status >= 500 OR outcome = 'error')), 0)::BIGINT AS errors,
    coalesce(sum(duration_us * weight), 0)::BIGINT AS sum_us,
    coalesce(sum(db_count * weight), 0)::BIGINT AS db_count
FROM request_log
WHERE {where}
