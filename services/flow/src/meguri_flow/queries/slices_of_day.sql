-- How far has each slice of a key day come?
-- params: town, key_day (a date)
-- columns: slice, generation (the newest), complete (1 if one of its generations was)
SELECT slice, max(generation) AS generation, max(complete) AS complete
FROM days
WHERE town = %(town)s AND key_day = %(key_day)s
GROUP BY slice
ORDER BY slice
