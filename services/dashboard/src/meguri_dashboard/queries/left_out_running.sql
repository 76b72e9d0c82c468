-- How many devices of a running key day are left out as staff's or equipment up to now?
-- params: town, key_day, folds (a tuple of (slice, generation))
-- columns: key_day, devices; no row where there are none
SELECT
    key_day,
    uniqExact(device) AS devices
FROM marked_devices
WHERE town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s
GROUP BY key_day
