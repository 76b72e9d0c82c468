-- Which slices of these towns' key days are marked as sealed?
-- params: towns, key_days (tuples of texts and of dates)
-- columns: town, day (since 1970-01-01), slice
SELECT DISTINCT town, toUInt16(key_day) AS day, slice
FROM sealed_days
WHERE town IN %(towns)s AND key_day IN %(key_days)s
ORDER BY town, day, slice
