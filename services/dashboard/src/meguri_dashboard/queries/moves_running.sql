-- How often did devices with a stable address move from one place to another on a running key day?
-- params: town, key_day, generation
-- columns: from_place, place, moves, devices
SELECT
    from_place,
    place,
    count() AS moves,
    uniqExact(device) AS devices
FROM moves FINAL
WHERE town = %(town)s AND key_day = %(key_day)s AND generation = %(generation)s AND random = 0
GROUP BY from_place, place
ORDER BY from_place, place
