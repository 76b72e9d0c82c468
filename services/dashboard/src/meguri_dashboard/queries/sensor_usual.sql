-- How many detections had each sensor delivered on some key days, up to the same time of each day?
-- params: town, key_days (a list), until_ms (a list: of each of them, up to when), folds (a tuple of (key day,
-- slice, generation))
-- columns: sensor, key_day, detections
SELECT
    sensor,
    key_day,
    sum(sensor_health.detections) AS detections
FROM sensor_health FINAL
WHERE
    town = %(town)s AND key_day IN %(key_days)s
    AND bin_ms < arrayElement(%(until_ms)s, indexOf(arrayMap(day -> toDate(day), %(key_days)s), key_day))
    AND (key_day, slice, generation) IN %(folds)s
GROUP BY sensor, key_day
ORDER BY sensor, key_day
