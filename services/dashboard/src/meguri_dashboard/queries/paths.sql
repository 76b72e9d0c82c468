-- Which ways of at least two moves did devices with a stable address take, on the complete days of a period?
-- Whole calendar months are one unit of publication, other days each their own.
-- params: town, first, last, first_whole, last_whole (key days), folds (a tuple of (key day, slice,
-- generation)), step
-- columns: unit (its first day), path (places joined by >), paths, devices (at least so many: the greatest number
-- of a day, since a device has another pseudonym every day; none below the step)
SELECT
    if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
    path,
    sum(of_days.paths) AS paths,
    max(of_days.devices) AS devices
FROM
(
    SELECT
        key_day,
        path,
        sum(day_paths.paths) AS paths,
        sum(day_paths.devices) AS devices
    FROM day_paths FINAL
    WHERE
        town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND random = 0
        AND countSubstrings(path, '>') >= 2
        AND (key_day, slice, generation) IN %(folds)s
    GROUP BY key_day, path
) AS of_days
GROUP BY unit, path
HAVING devices >= %(step)s
ORDER BY unit, path
