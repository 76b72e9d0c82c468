-- One row a use of the guide; the source's highest version is the row.

CREATE TABLE IF NOT EXISTS guide_events
(
    town String,
    key_day Date,
    event_id String,
    sight String,
    language String,
    kind String,
    at_ms Int64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, event_id);
