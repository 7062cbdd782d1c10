-- What became of each kind of mail, and how long after it was first due it was sent.
SELECT
    kind,
    count(*)::BIGINT AS n,
    count(*) FILTER (state = 'SENT')::BIGINT AS sent,
    count(*) FILTER (state = 'DROPPED')::BIGINT AS dropped,
    count(*) FILTER (state = 'DEAD')::BIGINT AS dead,
    count(*) FILTER (attempts > 1)::BIGINT AS tried_again,
    quantile_disc(greatest(0, finished_at - coalesce(first_due_at, due_at)), 0.50) FILTER (state = 'SENT') / 1000.0 AS wait_p50_ms,
    quantile_disc(greatest(0, finished_at - coalesce(first_due_at, due_at)), 0.95) FILTER (state = 'SENT') / 1000.0 AS wait_p95_ms
FROM mail
GROUP BY kind
ORDER BY n DESC, kind
