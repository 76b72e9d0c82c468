-- Which is the newest slot of each partition of a topic that has snapshots?
-- Parameters: log (topic).
SELECT partition, max(slot) AS slot
FROM snapshots
WHERE log = %(log)s
GROUP BY partition
ORDER BY partition
