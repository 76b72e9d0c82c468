-- How many visits began at each place in each hour of some complete key days, and of how many distinct addresses?
-- params: town, key_days (a list), folds (a tuple of (key day, slice, generation))
-- columns: key_day, place, hour (full hours since the day's start, from 0), arrivals, devices, random (arrivals
-- of addresses that devices made up); hours without any are absent
SELECT
    key_day,
    place,
    hour,
    sum(day_arrivals.arrivals) AS arrivals,
    sum(day_arrivals.devices) AS devices,
    sumIf(day_arrivals.arrivals, random = 1) AS random
FROM day_arrivals FINAL
WHERE
    town = %(town)s AND key_day IN %(key_days)s
    AND (key_day, slice, generation) IN %(folds)s
GROUP BY key_day, place, hour
ORDER BY key_day, place, hour
