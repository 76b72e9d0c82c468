-- Of which slices of key days was the sealing begun and not brought to its end?
-- columns: town, day (since 1970-01-01), slice, generation, sealed_ms
SELECT town, toUInt16(key_day) AS day, slice, generation, sealed_ms
FROM sealed_days FINAL
WHERE dropped = 0
ORDER BY town, day, slice
