-- The routes that fail, the one that fails most first, with the errors that were met there.
SELECT
    service,
    route,
    sum(weight)::BIGINT AS errors,
    (list(error_id ORDER BY at_us DESC) FILTER (error_id <> ''))[1:100] AS error_ids
FROM request_log
WHERE outcome <> 'client_gone' AND (status >= 500 OR outcome = 'error') AND {where}
GROUP BY service, route
ORDER BY errors DESC, route
LIMIT 10
