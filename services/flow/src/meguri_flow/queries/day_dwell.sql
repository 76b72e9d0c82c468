-- How long did the visits last that began and ended at each place on complete key days?
-- The dwell is the time from a visit's first detection to its last. Visits that the day's start cut have none,
-- and those of staff and equipment are left out.
-- params: town, folds (a tuple of (date, slice, generation)), key_days (a tuple of their dates), edges_ms (inner
-- edges of the bins, ascending)
-- columns: day (since 1970-01-01), slice, place, bin (from 0: below the first edge; an edge belongs to the longer
-- bin), random, stays, devices
SELECT
    toUInt16(key_day) AS day,
    slice,
    place,
    -- As many as there are edges not above the dwell. ClickHouse 18.16 finds no column that only a lambda names.
    toUInt8(
        length(%(edges_ms)s) + 1
            - indexOf(arrayReverseSort(arrayPushBack(%(edges_ms)s, last_ms - first_ms)), last_ms - first_ms)
    ) AS bin,
    random,
    count() AS stays,
    uniqExact(device) AS devices
FROM visits FINAL
WHERE
    town = %(town)s AND key_day IN %(key_days)s AND (key_day, slice, generation) IN %(folds)s
    AND arrival = 1 AND closed = 1
    AND (key_day, slice, generation, device) NOT IN (
        SELECT
            key_day,
            slice,
            generation,
            device
        FROM marked_devices
        WHERE town = %(town)s AND key_day IN %(key_days)s
    )
GROUP BY key_day, slice, place, bin, random
ORDER BY key_day, slice, place, bin, random
