-- The tables as the migrations leave them. Written by python -m meguri_kit.clickhouse.schema.

CREATE TABLE counts
(
    `town` String,
    `key_day` Date,
    `counter` String,
    `quantity` String,
    `from_ms` Int64,
    `to_ms` Int64,
    `count` UInt32,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, counter, quantity, from_ms)
SETTINGS index_granularity = 8192;

CREATE TABLE day_arrivals
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `place` String,
    `hour` UInt8,
    `random` UInt8,
    `arrivals` UInt32,
    `devices` UInt32,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, place, hour, random)
SETTINGS index_granularity = 8192;

CREATE TABLE day_dwell
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `place` String,
    `bin` UInt8,
    `random` UInt8,
    `stays` UInt32,
    `devices` UInt32,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, place, bin, random)
SETTINGS index_granularity = 8192;

CREATE TABLE day_marks
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `mark` UInt8,
    `devices` UInt32,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, mark)
SETTINGS index_granularity = 8192;

CREATE TABLE day_moves
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `from_place` String,
    `place` String,
    `random` UInt8,
    `moves` UInt32,
    `devices` UInt32,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, from_place, place, random)
SETTINGS index_granularity = 8192;

CREATE TABLE day_paths
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `path` String,
    `random` UInt8,
    `paths` UInt32,
    `devices` UInt32,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, path, random)
SETTINGS index_granularity = 8192;

CREATE TABLE days
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `rule_version` UInt32,
    `watermark_ms` Int64,
    `town_time_ms` Int64,
    `detections` UInt64,
    `late` UInt64,
    `duplicates` UInt64,
    `lost` UInt64,
    `visits` UInt64,
    `complete` UInt8,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation)
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
    `estimated_ms` Int64,
    `walk` UInt64,
    `seconds` UInt32,
    `rating` UInt8,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY town
ORDER BY (town, event_id)
SETTINGS index_granularity = 8192;

CREATE TABLE marked_devices
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `device` UInt64,
    `mark` UInt8,
    `rule_version` UInt32,
    `version` UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, slice, generation, device, mark)
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

CREATE TABLE moves
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `device` UInt64,
    `first_ms` Int64,
    `place` String,
    `from_place` String,
    `from_first_ms` Int64,
    `ordinal` UInt8,
    `random` UInt8,
    `rule_version` UInt32,
    `version` UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, slice, generation, device, first_ms, place, random)
SETTINGS index_granularity = 8192;

CREATE TABLE presence
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `place` String,
    `bin_ms` Int64,
    `visits` UInt32,
    `rule_version` UInt32,
    `version` UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, place, bin_ms)
SETTINGS index_granularity = 8192;

CREATE TABLE sales
(
    `town` String,
    `key_day` Date,
    `shop` String,
    `source` String,
    `external_id` String,
    `at_ms` Int64,
    `amount_yen` Int64,
    `tax_yen` Int64,
    `method` String,
    `brand` String,
    `refunded_yen` Int64,
    `cancelled` UInt8,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, shop, source, external_id)
SETTINGS index_granularity = 8192;

CREATE TABLE sealed_days
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `sealed_ms` Int64,
    `dropped` UInt8,
    `lost` UInt8,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice)
SETTINGS index_granularity = 8192;

CREATE TABLE sensor_health
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `sensor` String,
    `bin_ms` Int64,
    `detections` UInt32,
    `weak` UInt32,
    `late` UInt32,
    `duplicates` UInt32,
    `last_ms` Int64,
    `refused` UInt32,
    `lead_ms` Int64,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, sensor, bin_ms)
SETTINGS index_granularity = 8192;

CREATE TABLE snapshots
(
    `log` String,
    `partition` UInt32,
    `slot` UInt32,
    `next_offset` UInt64,
    `format` UInt16,
    `checksum` String,
    `body` String
)
ENGINE = ReplacingMergeTree(next_offset)
PARTITION BY (log, partition, slot)
ORDER BY (log, partition, slot)
SETTINGS index_granularity = 8192;

CREATE TABLE survey_answers
(
    `town` String,
    `key_day` Date,
    `sheet_id` String,
    `question` String,
    `answer` String,
    `free_text` String,
    `language` String,
    `at_ms` Int64,
    `estimated_ms` Int64,
    `version` UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY town
ORDER BY (town, sheet_id, question)
SETTINGS index_granularity = 8192;

CREATE TABLE visits
(
    `town` String,
    `key_day` Date,
    `slice` UInt8,
    `generation` UInt64,
    `place` String,
    `first_ms` Int64,
    `device` UInt64,
    `last_ms` Int64,
    `receptions` UInt32,
    `closed` UInt8,
    `arrival` UInt8,
    `random` UInt8,
    `rule_version` UInt32,
    `version` UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, slice, generation, place, first_ms, device, random)
SETTINGS index_granularity = 8192;
