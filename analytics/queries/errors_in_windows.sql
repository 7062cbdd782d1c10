-- How many requests there were since each of several instants, and how many of them failed. Whoever left did not fail.
SELECT
    since,
    sum(weight)::BIGINT AS n,
    coalesce(
        sum(weight) FILTER (outcome <> 'client_gone' AND (status >= 500 OR outcome = 'error')), 0
    )::BIGINT AS errors
FROM request_log JOIN (SELECT unnest($since) AS since) AS windows ON at_us >= since
WHERE {where}
GROUP BY ALL
