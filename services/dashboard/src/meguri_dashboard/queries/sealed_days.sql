-- Of which key days of a town are the pseudonyms dropped, or about to be?
-- params: town
-- columns: key_day, lost (1: before everything of the day was found)
SELECT
    key_day,
    max(sealed_days.lost) AS lost
FROM sealed_days FINAL
WHERE town = %(town)s
GROUP BY key_day
ORDER BY key_day
