-- What are the newest snapshots of a partition, the newest first?
-- Parameters: log (topic), partition. Two slots are written in turn; those before a sealing are dropped soon
-- after it, so there are four rows at most.
SELECT slot, next_offset, format, checksum, body
FROM snapshots FINAL
WHERE log = %(log)s AND partition = %(partition)s
ORDER BY next_offset DESC, slot DESC
