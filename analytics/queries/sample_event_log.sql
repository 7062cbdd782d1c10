-- What else happened while these requests were answered: mail, business, browsers, deploys.
WITH happened AS (
    SELECT *, 'mail' AS event_kind, CASE WHEN status = 0 AND outcome = 'error' THEN 'RETRIED' ELSE 'SENT' END AS name,
        duration_us / 1000.0 AS value
    FROM stretch
    WHERE route = 'deliver_mail'
    UNION ALL
    SELECT *, 'business', 'requested', 0 FROM stretch WHERE route = '/bookings' AND status = 303
    UNION ALL
    SELECT *, 'business', CASE WHEN id % 9 = 0 THEN 'denied' ELSE 'approved' END, 600 + abs(id) % 40000
    FROM stretch
    WHERE method = 'POST' AND route = '/approvals/{token}' AND status = 303
    UNION ALL
    SELECT *, 'vital', 'LCP', duration_us / 1000.0 + 400 + abs(id) % 900 FROM stretch
    WHERE method = 'GET' AND service = 'site' AND id % 7 = 0
    UNION ALL
    SELECT *, 'cache', cache, 1 FROM stretch WHERE cache <> ''
)
SELECT
    id,
    at_us,
    service,
    event_kind AS kind,
    name,
    value::DOUBLE AS value,
    CASE WHEN event_kind = 'business' THEN 1 + abs(id) % 50 ELSE 0 END AS coach_id,
    0 AS subject_id,
    route,
    request_id,
    '' AS detail
FROM happened
UNION ALL
SELECT
    -1 - range,
    $start + range * 86400000000 + 64800000000,
    'site',
    'deploy',
    'release ' || ((($start - $begin) // 86400000000 + range) // 30 + 1)::VARCHAR,
    0,
    0,
    0,
    '',
    '',
    '0.' || ((($start - $begin) // 86400000000 + range) // 30 + 1)::VARCHAR || '.0'
FROM range($days)
WHERE (($start - $begin) // 86400000000 + range) % 30 = 0 AND $start + range * 86400000000 + 64800000000 < $end
