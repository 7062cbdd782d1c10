-- Requests as they happened, the slowest or the latest first.
SELECT
    at_us, service, kind, method, route, status, outcome, duration_us / 1000.0 AS ms, db_us / 1000.0 AS db_ms,
    db_count AS statements, wait_us / 1000.0 AS wait_ms, request_id, error_id, release
FROM request_log
WHERE {where}
ORDER BY {order} DESC, id DESC
LIMIT $most
