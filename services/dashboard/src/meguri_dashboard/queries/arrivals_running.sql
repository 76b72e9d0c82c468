-- How many visits began at each place in each hour of a running key day, and of how many distinct addresses?
-- A visit that the day's start cut is no arrival, and neither is one of staff's or equipment's.
-- params: town, key_day, folds (a tuple of (slice, generation)), day_start_ms
-- columns: place, hour (full hours since the day's start, from 0), arrivals, devices, random (arrivals of
-- addresses that devices made up); hours without any are absent
SELECT
    place,
    toUInt32(intDiv(first_ms - %(day_start_ms)s, 3600000)) AS hour,
    count() AS arrivals,
    uniqExact(device) AS devices,
    countIf(visits.random = 1) AS random
FROM visits FINAL
WHERE
    town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s AND arrival = 1
    AND device NOT IN (
        SELECT device
        FROM marked_devices
        WHERE town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s
    )
GROUP BY place, hour
ORDER BY place, hour
