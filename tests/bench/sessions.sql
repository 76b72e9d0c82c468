-- Visits: each device's runs of detections at a place with gaps of at most gap_ms.
-- Parameters: gap_ms; minimum_rssi, below which a detection does not count.
-- Columns: place, device, first_ms, last_ms, receptions.
SELECT
    place,
    device,
    visit[1] AS first_ms,
    visit[-1] AS last_ms,
    length(visit) AS receptions
FROM
(
    SELECT
        place,
        device,
        arraySort(groupArray(time_ms)) AS times
    FROM detections
    WHERE rssi >= %(minimum_rssi)s
    GROUP BY place, device
)
ARRAY JOIN arraySplit((time_ms, step) -> step > %(gap_ms)s, times, arrayDifference(times)) AS visit
