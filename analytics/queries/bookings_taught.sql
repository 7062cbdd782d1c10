-- Lessons that have begun: whether they came, and what was cancelled, by coach.
SELECT
    coach,
    count(*) FILTER (status = 'APPROVED')::BIGINT AS lessons,
    count(*) FILTER (attendance IS NOT NULL)::BIGINT AS noted,
    count(*) FILTER (attendance = 'NO_SHOW')::BIGINT AS no_shows,
    count(*) FILTER (status = 'CANCELLED')::BIGINT AS cancelled,
    count(*) FILTER (status = 'CANCELLED' AND cancelled_late)::BIGINT AS cancelled_late
FROM booking JOIN coach USING (coach_id)
GROUP BY coach
ORDER BY lessons DESC, coach
