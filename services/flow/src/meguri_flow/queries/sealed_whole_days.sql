-- Of which of these towns' key days is every slice that ever wrote a row marked as sealed?
-- params: towns, key_days (tuples of texts and of dates)
-- columns: town, day (since 1970-01-01)
SELECT DISTINCT town, toUInt16(key_day) AS day
FROM sealed_days
WHERE town IN %(towns)s AND key_day IN %(key_days)s
    AND (town, key_day) NOT IN
    (
        SELECT town, key_day
        FROM days
        WHERE town IN %(towns)s AND key_day IN %(key_days)s
            AND (town, key_day, slice) NOT IN (SELECT town, key_day, slice FROM sealed_days)
    )
ORDER BY town, day
