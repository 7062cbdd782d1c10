-- How many statements ran, and how many of them were slow.
SELECT
    (SELECT coalesce(sum(db_count * weight), 0) FROM request_log WHERE {where})::BIGINT AS n,
    (SELECT count(*) FROM statement_log WHERE kind = 'slow' AND {where})::BIGINT AS slow,
    (SELECT shape FROM statement_log WHERE kind = 'slow' AND {where} GROUP BY ALL ORDER BY sum(duration_us) DESC LIMIT 1) AS worst
