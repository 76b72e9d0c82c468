-- How many moves led from each place to each other on a complete key day, and of how many distinct devices?
-- params: town, key_day, generation
-- columns: from_place, place, random, moves, devices
SELECT
    from_place,
    place,
    random,
    count() AS moves,
    uniqExact(device) AS devices
FROM moves FINAL
WHERE town = %(town)s AND key_day = %(key_day)s AND generation = %(generation)s
GROUP BY from_place, place, random
ORDER BY from_place, place, random
