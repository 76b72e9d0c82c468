-- How many devices of complete key days were taken for staff's and for equipment?
-- params: town, folds (a tuple of (date, slice, generation)), key_days (a tuple of their dates)
-- columns: day (since 1970-01-01), slice, mark (1: staff's, 2: equipment), devices (each at its highest mark)
SELECT
    toUInt16(key_day) AS day,
    slice,
    mark,
    count() AS devices
FROM
(
    SELECT
        key_day,
        slice,
        device,
        max(marked_devices.mark) AS mark
    FROM marked_devices
    WHERE town = %(town)s AND key_day IN %(key_days)s AND (key_day, slice, generation) IN %(folds)s
    GROUP BY key_day, slice, device
)
GROUP BY key_day, slice, mark
ORDER BY key_day, slice, mark
