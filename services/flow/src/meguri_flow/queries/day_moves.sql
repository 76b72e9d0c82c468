-- How many moves led from each place to each other on complete key days, and of how many distinct devices?
-- params: town, generation, key_days (a tuple of dates)
-- columns: day (since 1970-01-01), from_place, place, random, moves, devices
SELECT
    toUInt16(key_day) AS day,
    from_place,
    place,
    random,
    count() AS moves,
    uniqExact(device) AS devices
FROM moves FINAL
WHERE town = %(town)s AND key_day IN %(key_days)s AND generation = %(generation)s
GROUP BY key_day, from_place, place, random
ORDER BY key_day, from_place, place, random
