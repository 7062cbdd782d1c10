-- The same from tiles, by whole hours.
SELECT coalesce(sum(n), 0)::BIGINT AS n, coalesce(sum(errors), 0)::BIGINT AS errors
FROM over_time
WHERE at_us >= $since AND {where}
