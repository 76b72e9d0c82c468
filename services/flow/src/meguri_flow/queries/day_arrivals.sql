-- How many visits began at each place in each hour of complete key days, and of how many distinct devices?
-- A visit that the day's start cut is no arrival, and neither is one of staff's or equipment's.
-- params: town, folds (a tuple of (date, slice, generation)), key_days (a tuple of their dates), days (numbers
-- since 1970-01-01), starts_ms (the first instant of each of `days`)
-- columns: day (since 1970-01-01), slice, place, hour (full hours since the day's start, from 0), random,
-- arrivals, devices; hours without any are absent
SELECT
    toUInt16(key_day) AS day,
    slice,
    place,
    toUInt8(intDiv(first_ms - transform(toInt64(toUInt16(key_day)), %(days)s, %(starts_ms)s, toUInt64(0)), 3600000))
        AS hour,
    random,
    count() AS arrivals,
    uniqExact(device) AS devices
FROM visits FINAL
WHERE
    town = %(town)s AND key_day IN %(key_days)s AND (key_day, slice, generation) IN %(folds)s AND arrival = 1
    AND (key_day, slice, generation, device) NOT IN (
        SELECT
            key_day,
            slice,
            generation,
            device
        FROM marked_devices
        WHERE town = %(town)s AND key_day IN %(key_days)s
    )
GROUP BY key_day, slice, place, hour, random
ORDER BY key_day, slice, place, hour, random
