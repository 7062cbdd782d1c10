-- Each hour of a window with the step that it belongs to; an hour that begins before the first step belongs to that.
CREATE TEMP TABLE hours AS
SELECT at_us, step_us
FROM range($first, $end, 3600000000) AS every_hour (at_us)
ASOF JOIN (SELECT unnest($steps) AS step_us) AS steps ON greatest(at_us, $steps[1]) >= step_us
