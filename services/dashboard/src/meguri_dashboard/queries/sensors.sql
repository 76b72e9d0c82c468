-- What did each sensor deliver on one key day, and when was it last heard?
-- params: town, key_day, folds (a tuple of (slice, generation))
-- columns: sensor, detections, weak (below the sensor's least RSSI), late, duplicates, refused (its clock was
-- ahead), last_ms
SELECT
    sensor,
    sum(sensor_health.detections) AS detections,
    sum(sensor_health.weak) AS weak,
    sum(sensor_health.late) AS late,
    sum(sensor_health.duplicates) AS duplicates,
    sum(sensor_health.refused) AS refused,
    max(sensor_health.last_ms) AS last_ms
FROM sensor_health FINAL
WHERE town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s
GROUP BY sensor
ORDER BY sensor
