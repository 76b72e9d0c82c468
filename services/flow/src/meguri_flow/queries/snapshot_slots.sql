-- Which slots of a partition hold snapshots?
-- Parameters: log (topic), partition.
SELECT DISTINCT slot
FROM snapshots
WHERE log = %(log)s AND partition = %(partition)s
ORDER BY slot
