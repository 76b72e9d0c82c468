-- Has a day of the town changed since we last looked?
-- params: town, since (the first key day that may still change)
-- columns: key_day, generation, version (of the highest generation's newest row)
SELECT
    key_day,
    generation,
    max(version) AS version
FROM days
WHERE town = %(town)s AND key_day >= %(since)s
GROUP BY key_day, generation
ORDER BY key_day DESC, generation DESC
LIMIT 1 BY key_day
