-- How long did the stays of devices with a stable address last at each place, on the complete days of a period?
-- Whole calendar months are one unit of publication, other days each their own.
-- params: town, first, last, first_whole, last_whole (key days), folds (a tuple of (key day, slice,
-- generation))
-- columns: unit (its first day), place, bin (into those of DWELL_EDGES_MS, from 0), stays, devices (at least so
-- many: the greatest number of a day, since a device has another pseudonym every day)
SELECT
    if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
    place,
    bin,
    sum(of_days.stays) AS stays,
    max(of_days.devices) AS devices
FROM
(
    SELECT
        key_day,
        place,
        bin,
        sum(day_dwell.stays) AS stays,
        sum(day_dwell.devices) AS devices
    FROM day_dwell FINAL
    WHERE
        town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND random = 0
        AND (key_day, slice, generation) IN %(folds)s
    GROUP BY key_day, place, bin
) AS of_days
GROUP BY unit, place, bin
ORDER BY unit, place, bin
