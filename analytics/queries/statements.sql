-- Statements that were slow, or ran again and again in one request, by shape and place; the costliest first.
SELECT
    shape,
    place,
    count(*)::BIGINT AS n,
    quantile_disc(duration_us, 0.5) / 1000.0 AS p50_ms,
    max(duration_us) / 1000.0 AS max_ms,
    sum(duration_us) / 1000.0 AS total_ms,
    sum("count")::BIGINT AS times,
    max("count")::BIGINT AS most_times,
    max("rows")::BIGINT AS most_rows,
    count(DISTINCT route)::BIGINT AS routes,
    arg_max(route, at_us) AS last_route,
    arg_max(request_id, at_us) AS last_request_id,
    max(at_us) AS last_us
FROM statement_log
WHERE kind = $kind AND (service = 'worker') = $of_worker
GROUP BY ALL
ORDER BY total_ms DESC, n DESC
LIMIT $most
