-- How many mails came to an end, by step of the window and by how.
SELECT step_us, lower(state) AS state, count(*)::BIGINT AS n
FROM mail ASOF JOIN steps ON mail.finished_at >= steps.step_us
GROUP BY ALL
ORDER BY step_us
