-- How many visits began at each place in each hour of a complete key day, and of how many distinct devices?
-- A visit that the day's start cut is no arrival.
-- params: town, key_day, generation, start_ms (the key day's first instant)
-- columns: place, hour (full hours since the day's start, from 0), random, arrivals, devices; hours without
-- any are absent
SELECT
    place,
    toUInt8(intDiv(first_ms - %(start_ms)s, 3600000)) AS hour,
    random,
    count() AS arrivals,
    uniqExact(device) AS devices
FROM visits FINAL
WHERE town = %(town)s AND key_day = %(key_day)s AND generation = %(generation)s AND arrival = 1
GROUP BY place, hour, random
ORDER BY place, hour, random
