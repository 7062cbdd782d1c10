-- What became of requests; answer times of those that a coach had to decide, in minutes.
WITH told AS (
    SELECT
        *,
        expires_at IS NOT NULL AS was_asked,
        expired_at IS NOT NULL OR (status = 'PENDING' AND expires_at <= $now) AS has_expired,
        least(approved_at, denied_at) - requested_at AS answer_us
    FROM booking JOIN coach USING (coach_id)
)
SELECT
    {split} AS coach,
    count(*)::BIGINT AS requests,
    count(*) FILTER (was_asked)::BIGINT AS asked,
    count(*) FILTER (was_asked AND NOT has_expired AND answer_us IS NOT NULL)::BIGINT AS answered,
    count(*) FILTER (approved_at IS NOT NULL)::BIGINT AS approved,
    count(*) FILTER (denied_at IS NOT NULL)::BIGINT AS denied,
    count(*) FILTER (has_expired)::BIGINT AS expired,
    count(*) FILTER (status = 'CANCELLED')::BIGINT AS cancelled,
    count(*) FILTER (status = 'PENDING' AND NOT has_expired)::BIGINT AS waiting,
    quantile_disc(answer_us, 0.50) FILTER (was_asked AND NOT has_expired) / 6e7 AS answer_p50_min,
    quantile_disc(answer_us, 0.95) FILTER (was_asked AND NOT has_expired) / 6e7 AS answer_p95_min,
    count(*) FILTER (status = 'APPROVED' AND starts_at <= $now AND attendance IS DISTINCT FROM 'NO_SHOW')::BIGINT AS taught,
    count(*) FILTER (attendance = 'NO_SHOW')::BIGINT AS missed
FROM told
GROUP BY 1
ORDER BY answer_p50_min DESC NULLS LAST, coach
