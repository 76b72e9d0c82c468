-- The tables as the migrations leave them. Written by python -m meguri_kit.clickhouse.schema.

CREATE TABLE days
(
    `town` String,
    `key_day` Date,
    `generation` UInt64,
    `rule_version` UInt32,
    `watermark_ms` Int64,
    `town_time_ms` Int64,
    `detections` UInt64,
    `late` UInt64,
    `duplicates` UInt64,
    `complete` UInt8,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation)
SETTINGS index_granularity = 8192;

CREATE TABLE guide_events
(
    `town` String,
    `key_day` Date,
    `event_id` String,
    `sight` String,
    `language` String,
    `kind` String,
    `at_ms` Int64,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, event_id)
SETTINGS index_granularity = 8192;

CREATE TABLE migrations
(
    `number` UInt32,
    `name` String,
    `checksum` String
)
ENGINE = ReplacingMergeTree
ORDER BY number
SETTINGS index_granularity = 8192;

CREATE TABLE presence
(
    `town` String,
    `key_day` Date,
    `generation` UInt64,
    `place` String,
    `bin_ms` Int64,
    `visits` UInt32,
    `rule_version` UInt32,
    `version` UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation, place, bin_ms)
SETTINGS index_granularity = 8192;

CREATE TABLE sensor_health
(
    `town` String,
    `key_day` Date,
    `generation` UInt64,
    `sensor` String,
    `bin_ms` Int64,
    `detections` UInt32,
    `weak` UInt32,
    `late` UInt32,
    `duplicates` UInt32,
    `last_ms` Int64,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation, sensor, bin_ms)
SETTINGS index_granularity = 8192;

CREATE TABLE snapshots
(
    `log` String,
    `partition` UInt32,
    `slot` UInt8,
    `next_offset` UInt64,
    `format` UInt16,
    `checksum` String,
    `body` String
)
ENGINE = ReplacingMergeTree(next_offset)
ORDER BY (log, partition, slot)
SETTINGS index_granularity = 8192;

CREATE TABLE visits
(
    `town` String,
    `key_day` Date,
    `generation` UInt64,
    `place` String,
    `first_ms` Int64,
    `device` UInt64,
    `last_ms` Int64,
    `receptions` UInt32,
    `closed` UInt8,
    `arrival` UInt8,
    `rule_version` UInt32,
    `version` UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation, place, first_ms, device)
SETTINGS index_granularity = 8192;
