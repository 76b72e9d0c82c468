-- How many visits began at each place in each hour of complete key days, and of how many distinct devices?
-- A visit that the day's start cut is no arrival.
-- params: town, generation, key_days (a tuple of dates), days (the same as numbers since 1970-01-01),
-- starts_ms (the first instant of each)
-- columns: day (since 1970-01-01), place, hour (full hours since the day's start, from 0), random, arrivals,
-- devices; hours without any are absent
SELECT
    toUInt16(key_day) AS day,
    place,
    toUInt8(intDiv(first_ms - transform(toInt64(toUInt16(key_day)), %(days)s, %(starts_ms)s, toInt64(0)), 3600000))
        AS hour,
    random,
    count() AS arrivals,
    uniqExact(device) AS devices
FROM visits FINAL
WHERE town = %(town)s AND key_day IN %(key_days)s AND generation = %(generation)s AND arrival = 1
GROUP BY key_day, place, hour, random
ORDER BY key_day, place, hour, random
