-- How many moves led from each place to each other on complete key days, and of how many distinct devices?
-- Those of staff and equipment are left out.
-- params: town, folds (a tuple of (date, slice, generation)), key_days (a tuple of their dates)
-- columns: day (since 1970-01-01), slice, from_place, place, random, moves, devices
SELECT
    toUInt16(key_day) AS day,
    slice,
    from_place,
    place,
    random,
    count() AS moves,
    uniqExact(device) AS devices
FROM moves FINAL
WHERE
    town = %(town)s AND key_day IN %(key_days)s AND (key_day, slice, generation) IN %(folds)s
    AND (key_day, slice, generation, device) NOT IN (
        SELECT
            key_day,
            slice,
            generation,
            device
        FROM marked_devices
        WHERE town = %(town)s AND key_day IN %(key_days)s
    )
GROUP BY key_day, slice, from_place, place, random
ORDER BY key_day, slice, from_place, place, random
