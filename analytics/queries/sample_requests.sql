-- Plausible requests of some days: quiet nights and weekends, slow growth, one bad hour. All chance comes from hashes, so
-- that the same seed gives the same rows.
WITH routes (service, kind, method, route, from_share, to_share, median_us, spread, statements, fails) AS (
    VALUES
        ('site', 'http', 'GET', '/', 0.000, 0.170, 2100, 0.45, 2, 0.0002),
        ('site', 'http', 'GET', '/coaches', 0.170, 0.240, 2600, 0.45, 3, 0.0002),
        ('site', 'http', 'GET', '/coaches/{coach}', 0.240, 0.390, 2900, 0.50, 4, 0.0003),
        ('site', 'http', 'GET', '/coaches/{coach}/{lesson}', 0.390, 0.640, 4200, 0.70, 6, 0.0005),
        ('site', 'http', 'GET', '/coaches/{coach}/{lesson}/request', 0.640, 0.700, 5200, 0.50, 7, 0.0005),
        ('site', 'http', 'POST', '/bookings', 0.700, 0.725, 24000, 0.55, 14, 0.0040),
        ('site', 'http', 'GET', '/bookings/{handle}', 0.725, 0.775, 3800, 0.45, 4, 0.0004),
        ('site', 'http', 'GET', '/approvals/{token}', 0.775, 0.790, 4100, 0.45, 5, 0.0004),
        ('site', 'http', 'POST', '/approvals/{token}', 0.790, 0.803, 19000, 0.50, 11, 0.0020),
        ('site', 'http', 'GET', '/media/{path}', 0.803, 0.880, 900, 0.60, 0, 0.0001),
        ('site', 'http', 'GET', '/calendar/{feed}.ics', 0.880, 0.895, 6400, 0.50, 5, 0.0006),
        ('site', 'http', 'GET', '_unmatched', 0.895, 0.905, 600, 0.40, 0, 0.0),
        ('console', 'script', '', 'requests', 0.905, 0.935, 42000, 0.40, 9, 0.0008),
        ('console', 'script', '', 'bookings', 0.935, 0.950, 71000, 0.50, 14, 0.0010),
        ('console', 'script', '', 'today', 0.950, 0.962, 39000, 0.40, 8, 0.0006),
        ('worker', 'task', '', 'sweep', 0.962, 0.985, 9000, 0.60, 8, 0.0005),
        ('worker', 'task', '', 'deliver_mail', 0.985, 1.000, 61000, 0.80, 6, 0.0080)
),
chance AS (
    SELECT
        i,
        (hash(i, $seed, 1) % 1000003 + 0.5) / 1000003 AS for_route,
        (hash(i, $seed, 2) % 1000003 + 0.5) / 1000003 AS for_day,
        (hash(i, $seed, 3) % 1000003 + 0.5) / 1000003 AS for_hour,
        (hash(i, $seed, 4) % 1000003 + 0.5) / 1000003 AS for_hour_too,
        (hash(i, $seed, 5) % 1000003 + 0.5) / 1000003 AS for_duration,
        (hash(i, $seed, 6) % 1000003 + 0.5) / 1000003 AS for_duration_too,
        (hash(i, $seed, 7) % 1000003 + 0.5) / 1000003 AS for_failure,
        (hash(i, $seed, 8) % 1000003 + 0.5) / 1000003 AS for_keeping
    FROM range($first, $first + $count) AS numbers (i)
),
timed AS (
    SELECT
        *,
        $start + (floor(for_day * $days)::BIGINT * 86400000000)
        + ((22.0 + 4.2 * sqrt(-2 * ln(for_hour)) * cos(2 * pi() * for_hour_too)) % 24 * 3600000000)::BIGINT AS raw_at_us
    FROM chance
),
placed AS (
    SELECT
        *,
        greatest(raw_at_us, $start) AS at_us,
        raw_at_us BETWEEN $incident AND $incident + 2700000000 AS is_bad_hour
    FROM timed
    WHERE
        for_keeping < (CASE WHEN dayofweek(make_timestamp(raw_at_us)) IN (0, 6) THEN 0.62 ELSE 1.0 END)
        * (1.0 - 0.4 * greatest(0, $end - raw_at_us) / (400 * 86400000000.0))
),
measured AS (
    SELECT
        placed.*,
        routes.*,
        greatest(
            200,
            median_us * exp(spread * sqrt(-2 * ln(for_duration)) * cos(2 * pi() * for_duration_too))
            * (CASE WHEN is_bad_hour AND statements > 0 THEN 6 + 30 * for_keeping ELSE 1 END)
        )::BIGINT AS duration_us,
        for_failure < fails + (CASE WHEN is_bad_hour AND statements > 0 THEN 0.11 ELSE 0 END) AS failed
    FROM placed
    JOIN routes ON for_route >= from_share AND for_route < to_share
)
SELECT
    -($first + row_number() OVER (ORDER BY at_us, i)) AS id,
    at_us,
    service,
    kind,
    method,
    route,
    CASE
        WHEN kind <> 'http' THEN 0
        WHEN failed THEN 500
        WHEN route = '_unmatched' THEN 404
        WHEN method = 'POST' THEN 303
        ELSE 200
    END AS status,
    CASE WHEN failed THEN 'error' WHEN for_failure > 0.9992 THEN 'client_gone' ELSE 'ok' END AS outcome,
    duration_us,
    CASE WHEN kind = 'task' THEN (30000 * exp(sqrt(-2 * ln(for_hour)) * cos(2 * pi() * for_day)))::BIGINT ELSE 0 END
        AS wait_us,
    CASE WHEN kind = 'http' THEN (duration_us * 0.96)::BIGINT ELSE 0 END AS ttfb_us,
    (duration_us * least(0.8, statements * 0.05))::BIGINT AS db_us,
    statements AS db_count,
    least(statements, 2) AS db_same_max,
    CASE
        WHEN route <> '/coaches/{coach}/{lesson}' THEN ''
        WHEN for_keeping < 0.55 THEN 'hit'
        ELSE 'miss'
    END AS cache,
    CASE WHEN service = 'console' THEN 'staff' || (i % 9)::VARCHAR ELSE '' END AS who,
    printf(
        '%013x%03x',
        CASE WHEN route = 'deliver_mail' THEN at_us - 40000 - (hash(i, $seed, 10) % 400000)::BIGINT ELSE at_us END,
        (hash(i, $seed, 9) % 4096)::BIGINT
    ) AS request_id,
    '0.' || (1 + (greatest(0, at_us - $begin) // (30 * 86400000000)))::VARCHAR || '.0' AS release,
    '' AS error_id,
    1 AS weight,
    '' AS category
FROM measured
WHERE at_us < $end
