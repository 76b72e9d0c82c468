-- How many devices of each complete key day of a period were left out as staff's or equipment?
-- params: town, first, last (key days), folds (a tuple of (key day, slice, generation))
-- columns: key_day, devices; days without any are absent
SELECT
    key_day,
    sum(day_marks.devices) AS devices
FROM day_marks FINAL
WHERE
    town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s
    AND (key_day, slice, generation) IN %(folds)s
GROUP BY key_day
ORDER BY key_day
