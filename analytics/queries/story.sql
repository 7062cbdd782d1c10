-- All that one request caused, in order: itself, its runs and tasks, its slow statements, its events.
SELECT at_us, 'request' AS what, service, kind || ' ' || trim(method || ' ' || route) AS name,
    CASE WHEN kind = 'http' THEN status::VARCHAR || ' ' || outcome ELSE outcome END AS detail,
    duration_us / 1000.0 AS ms, error_id
FROM request_log WHERE request_id = $request_id
UNION ALL BY NAME
SELECT at_us, 'statement' AS what, service, shape AS name,
    kind || CASE WHEN kind = 'repeated' THEN ' ' || "count" || ' times' ELSE ', ' || "rows" || ' rows' END || ', ' || place AS detail,
    duration_us / 1000.0 AS ms, '' AS error_id
FROM statement_log WHERE request_id = $request_id
UNION ALL BY NAME
SELECT at_us, 'event' AS what, service, kind || ' ' || name AS name, detail, NULL AS ms, '' AS error_id
FROM event_log WHERE request_id = $request_id
ORDER BY at_us
