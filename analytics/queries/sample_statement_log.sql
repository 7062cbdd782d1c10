-- The slow statements of these requests: the same request ids, no value.
SELECT
    id,
    at_us + duration_us // 3 AS at_us,
    service,
    'slow' AS kind,
    CASE id % 3
        WHEN 0 THEN 'SELECT booking.id, booking.status, booking.starts_at FROM booking WHERE booking.coach_id = ? AND booking.starts_at >= ?'
        WHEN -1 THEN 'SELECT hold.busy_from, hold.busy_to FROM hold WHERE hold.coach_id = ? AND hold.busy_to > ?'
        ELSE 'UPDATE coach SET schedule_version=(coach.schedule_version + ?) WHERE coach.id = ?'
    END AS shape,
    CASE id % 3
        WHEN 0 THEN 'core/bookings/queries.py bookings_of'
        WHEN -1 THEN 'core/schedule/queries.py busy_between'
        ELSE 'core/platform/db.py _lock_coach'
    END AS place,
    1 + abs(id) % 40 AS "rows",
    1 AS "count",
    db_us AS duration_us,
    route,
    request_id
FROM stretch
WHERE db_us >= 100000
