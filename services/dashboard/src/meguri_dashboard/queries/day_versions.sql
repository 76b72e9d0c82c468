-- Has a day of the town changed since we last looked?
-- params: town, since (the first key day that may still change)
-- columns: key_day, version (it rises with every change of any slice)
SELECT
    key_day,
    sum(of_folds.version) AS version
FROM
(
    SELECT
        key_day,
        slice,
        generation,
        max(days.version) AS version
    FROM days
    WHERE town = %(town)s AND key_day >= %(since)s
    GROUP BY key_day, slice, generation
) AS of_folds
GROUP BY key_day
ORDER BY key_day DESC
