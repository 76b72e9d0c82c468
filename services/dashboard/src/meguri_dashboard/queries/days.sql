-- Which key days does a town have, and how far is each?
-- Of a day that is folded again, what was complete before stands until the new generation is complete.
-- params: town
-- columns: key_day, generation (the highest complete one, else the highest), watermark_ms, town_time_ms, late, complete; the newest first
SELECT
    key_day,
    generation,
    watermark_ms,
    town_time_ms,
    late,
    complete
FROM days FINAL
WHERE town = %(town)s
ORDER BY key_day DESC, complete DESC, generation DESC
LIMIT 1 BY key_day
