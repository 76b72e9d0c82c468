-- How far was each sensor's clock off in the newest hour of one key day that it delivered anything of?
-- params: town, key_day, folds (a tuple of (slice, generation))
-- columns: sensor, refused (detections that were ahead of the town's time), lead_ms (the greatest lead of a
-- detection over the town's time when it came; negative: it came that long after it was heard)
SELECT
    sensor,
    sum(sensor_health.refused) AS refused,
    max(sensor_health.lead_ms) AS lead_ms
FROM
(
    SELECT
        sensor,
        bin_ms,
        refused,
        lead_ms,
        max(bin_ms) OVER (PARTITION BY sensor) AS newest_ms
    FROM sensor_health FINAL
    WHERE
        town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s
        AND detections + late + refused > 0
) AS sensor_health
WHERE bin_ms > newest_ms - 3600000
GROUP BY sensor
ORDER BY sensor
