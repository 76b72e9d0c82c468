-- Which key days does a town have, and how far is each of their slices?
-- Of a slice that is folded again, what was complete before stands until the new generation is complete.
-- params: town
-- columns: key_day, slice, generation (the highest complete one, else the highest), watermark_ms, town_time_ms,
-- late, lost (messages), complete; the newest day first
SELECT
    key_day,
    slice,
    generation,
    watermark_ms,
    town_time_ms,
    late,
    lost,
    complete
FROM days FINAL
WHERE town = %(town)s
ORDER BY key_day DESC, slice, complete DESC, generation DESC
LIMIT 1 BY key_day, slice
