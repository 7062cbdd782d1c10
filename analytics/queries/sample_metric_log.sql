-- The machine, every quarter of an hour.
WITH moments AS (SELECT range AS i, $start + range * 900000000 AS at_us FROM range($days * 96)),
measured (service, process, name, base, sway) AS (
    VALUES
        ('site', 101, 'process.memory_bytes', 82e6, 6e6),
        ('console', 102, 'process.memory_bytes', 190e6, 30e6),
        ('worker', 103, 'process.memory_bytes', 74e6, 5e6),
        ('site', 101, 'process.cpu_share', 0.02, 0.02),
        ('worker', 103, 'disk.used_share', 0.41, 0.004),
        ('worker', 103, 'queue.depth', 0.2, 0.4),
        ('worker', 103, 'outbox.oldest_due_s', 1.0, 3.0)
)
SELECT
    -1 - i AS id,
    at_us,
    service,
    process,
    name,
    greatest(
        0,
        base + sway * (hash(i, name, $seed) % 1000 / 500.0 - 1)
        + (CASE
            WHEN at_us NOT BETWEEN $incident AND $incident + 2700000000 THEN 0
            WHEN name = 'outbox.oldest_due_s' THEN 700
            WHEN name = 'queue.depth' THEN 40
            ELSE 0
        END)
        + (CASE WHEN name = 'disk.used_share' THEN 0.2 * ($start - $begin) / greatest(1, $end - $begin) ELSE 0 END)
    )::DOUBLE AS value
FROM moments, measured
WHERE at_us < $end
