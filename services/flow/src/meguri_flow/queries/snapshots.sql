-- What are the newest snapshots of a partition, the newest first?
-- Parameters: log (topic), partition. There are two slots, so two rows at most.
SELECT slot, next_offset, format, checksum, body
FROM snapshots FINAL
WHERE log = %(log)s AND partition = %(partition)s
ORDER BY next_offset DESC
