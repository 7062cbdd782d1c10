-- What the recorder lost, by reason.
SELECT name, sum(greatest(value, 1))::BIGINT AS n FROM event_log WHERE kind = 'lost' GROUP BY ALL ORDER BY n DESC
