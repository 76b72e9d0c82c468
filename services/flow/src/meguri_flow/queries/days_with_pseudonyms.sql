-- Of which key days are there rows with pseudonyms?
-- columns: town, day (since 1970-01-01)
SELECT DISTINCT town, toUInt16(key_day) AS day
FROM
(
    SELECT town, key_day FROM visits
    UNION ALL
    SELECT town, key_day FROM moves
    UNION ALL
    SELECT town, key_day FROM marked_devices
)
ORDER BY town, day
