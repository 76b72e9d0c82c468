-- How long did the stays of devices with a stable address last at each place, on the complete days of a period?
-- Whole calendar months are one unit of publication, other days each their own.
-- params: town, first, last, first_whole, last_whole (key days)
-- columns: unit (its first day), place, bin (into those of DWELL_EDGES_MS, from 0), stays, devices (at least so
-- many: the greatest number of a day, since a device has another pseudonym every day)
SELECT
    if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
    place,
    bin,
    sum(day_dwell.stays) AS stays,
    max(day_dwell.devices) AS devices
FROM day_dwell FINAL
WHERE
    town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND random = 0
    AND (key_day, generation) IN (
        SELECT
            key_day,
            max(generation)
        FROM days
        WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND complete = 1
        GROUP BY key_day
    )
GROUP BY unit, place, bin
ORDER BY unit, place, bin
