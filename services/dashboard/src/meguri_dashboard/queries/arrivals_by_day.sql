-- How many arrivals do the hours of each complete key day show at each place?
-- An hour is shown as a page of its day shows it (suppression.py): not at all with fewer arrivals or addresses
-- than the step, else rounded to it. So a day has the same total wherever it stands.
-- params: town, first, last (key days), folds (a tuple of (key day, slice, generation)), step
-- columns: key_day, place, shown (0 for none), random (arrivals of addresses that devices made up)
SELECT
    key_day,
    place,
    sum(
        if(arrivals < %(step)s OR devices < %(step)s, 0, intDiv(arrivals + intDiv(%(step)s, 2), %(step)s) * %(step)s)
    ) AS shown,
    sum(random_arrivals) AS random
FROM
(
    SELECT
        key_day,
        place,
        hour,
        sum(day_arrivals.arrivals) AS arrivals,
        sum(day_arrivals.devices) AS devices,
        sumIf(day_arrivals.arrivals, random = 1) AS random_arrivals
    FROM day_arrivals FINAL
    WHERE
        town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s
        AND (key_day, slice, generation) IN %(folds)s
    GROUP BY key_day, place, hour
)
GROUP BY key_day, place
ORDER BY key_day, place
