-- The fold's state below an offset of a partition of the log: the highest offset of a slot is the snapshot.
-- The body is base64.

CREATE TABLE IF NOT EXISTS snapshots
(
    log String,
    partition UInt32,
    slot UInt8,
    next_offset UInt64,
    format UInt16,
    checksum String,
    body String
)
ENGINE = ReplacingMergeTree(next_offset)
ORDER BY (log, partition, slot);
