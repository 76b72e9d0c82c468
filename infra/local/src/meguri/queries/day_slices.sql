-- What is found of each slice of a town's key day, by its highest generation, and is it sealed?
-- params: town, key_day (a date)
-- columns: slice, generation, visits (closed ones), late (detections left out), sealed (0 or 1)
SELECT
    slice,
    generation,
    visits,
    late,
    slice IN (
        SELECT slice
        FROM sealed_days
        WHERE town = %(town)s AND key_day = %(key_day)s
    ) AS sealed
FROM days FINAL
WHERE town = %(town)s AND key_day = %(key_day)s
ORDER BY slice, generation DESC
LIMIT 1 BY slice
