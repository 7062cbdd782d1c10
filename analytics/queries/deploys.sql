-- Each release that started in the window, with its first start there, latest first.
SELECT name, min(at_us) AS at_us
FROM event_log
WHERE kind = 'deploy'
GROUP BY name
ORDER BY at_us DESC
LIMIT $most
