-- How long did the visits of devices with a stable address last that began and ended on a running key day?
-- The dwell is the time from a visit's first detection to its last. Visits that are still open, or that the
-- day's start cut, have no dwell yet; those of staff and equipment are left out.
-- params: town, key_day, folds (a tuple of (slice, generation)), edges_ms (inner edges of the bins, ascending)
-- columns: place, bin (from 0: below the first edge; an edge belongs to the longer bin), stays, devices
SELECT
    place,
    toUInt32(arrayCount(edge -> last_ms - first_ms >= edge, %(edges_ms)s)) AS bin,
    count() AS stays,
    uniqExact(device) AS devices
FROM visits FINAL
WHERE
    town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s
    AND arrival = 1 AND closed = 1 AND random = 0
    AND device NOT IN (
        SELECT device
        FROM marked_devices
        WHERE town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s
    )
GROUP BY place, bin
ORDER BY place, bin
