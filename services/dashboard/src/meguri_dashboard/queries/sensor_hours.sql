-- In how many five-minute bins of each hour of one key day was each sensor heard?
-- params: town, key_day, folds (a tuple of (slice, generation)), day_start_ms
-- columns: sensor, hour (full hours since the day's start, from 0), bins (1 to 12); silent hours are absent
SELECT
    sensor,
    toUInt32(intDiv(bin_ms - %(day_start_ms)s, 3600000)) AS hour,
    uniqExact(bin_ms) AS bins
FROM sensor_health FINAL
WHERE town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s AND detections > 0
GROUP BY sensor, hour
ORDER BY sensor, hour
