-- How many, how many failed, and their time in all, from the totals of hours.
SELECT
    coalesce(sum(n), 0)::BIGINT AS n,
    coalesce(sum(errors), 0)::BIGINT AS errors,
    coalesce(sum(sum_us), 0)::BIGINT AS sum_us,
    coalesce(sum(db_count), 0)::BIGINT AS db_count
FROM totals
WHERE {where}
