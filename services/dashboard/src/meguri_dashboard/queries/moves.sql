-- How often did devices with a stable address move from one place to another, on the complete days of a period?
-- Whole calendar months are one unit of publication, other days each their own.
-- params: town, first, last, first_whole, last_whole (key days), folds (a tuple of (key day, slice,
-- generation))
-- columns: unit (its first day), from_place, place, moves, devices (at least so many: the greatest number of a
-- day, since a device has another pseudonym every day)
SELECT
    if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
    from_place,
    place,
    sum(of_days.moves) AS moves,
    max(of_days.devices) AS devices
FROM
(
    SELECT
        key_day,
        from_place,
        place,
        sum(day_moves.moves) AS moves,
        sum(day_moves.devices) AS devices
    FROM day_moves FINAL
    WHERE
        town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND random = 0
        AND (key_day, slice, generation) IN %(folds)s
    GROUP BY key_day, from_place, place
) AS of_days
GROUP BY unit, from_place, place
ORDER BY unit, from_place, place
