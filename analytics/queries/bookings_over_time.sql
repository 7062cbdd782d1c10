-- Requests by the step of the window they were made in, and by what has become of them.
SELECT
    step_us,
    CASE
        WHEN status = 'PENDING' AND expires_at <= $now THEN 'expired'
        WHEN status = 'PENDING' THEN 'waiting'
        ELSE lower(status)
    END AS became,
    count(*)::BIGINT AS n
FROM booking ASOF JOIN steps ON booking.requested_at >= steps.step_us
GROUP BY ALL
ORDER BY step_us
