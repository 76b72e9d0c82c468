-- How often did devices with a stable address move from one place to another on a running key day?
-- Those of staff and equipment are left out.
-- params: town, key_day, folds (a tuple of (slice, generation))
-- columns: from_place, place, moves, devices
SELECT
    from_place,
    place,
    count() AS moves,
    uniqExact(device) AS devices
FROM moves FINAL
WHERE
    town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s AND random = 0
    AND device NOT IN (
        SELECT device
        FROM marked_devices
        WHERE town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s
    )
GROUP BY from_place, place
ORDER BY from_place, place
