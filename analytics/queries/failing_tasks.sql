-- Tasks that ran often enough, the one that fails most first.
SELECT
    route,
    sum(weight)::BIGINT AS n,
    coalesce(sum(weight) FILTER (outcome = 'error'), 0)::BIGINT AS errors
FROM request_log
WHERE kind = 'task'
GROUP BY route
HAVING n >= $least
ORDER BY errors / n DESC, errors DESC, route
