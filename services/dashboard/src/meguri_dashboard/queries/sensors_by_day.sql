-- What did each sensor deliver on each key day of a period, and when was it last heard?
-- params: town, first, last (key days)
-- columns: key_day, sensor, detections, weak (below the sensor's least RSSI), late, duplicates, refused (its clock
-- was ahead), bins (five-minute bins with a detection), last_ms (0: never); each day in its highest generation
SELECT
    key_day,
    sensor,
    sum(sensor_health.detections) AS detections,
    sum(sensor_health.weak) AS weak,
    sum(sensor_health.late) AS late,
    sum(sensor_health.duplicates) AS duplicates,
    sum(sensor_health.refused) AS refused,
    uniqExactIf(bin_ms, sensor_health.detections > 0) AS bins,
    maxIf(sensor_health.last_ms, sensor_health.detections > 0) AS last_ms
FROM sensor_health FINAL
WHERE
    town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s
    AND (key_day, generation) IN (
        SELECT
            key_day,
            max(generation)
        FROM days
        WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s
        GROUP BY key_day
    )
GROUP BY key_day, sensor
ORDER BY key_day, sensor
