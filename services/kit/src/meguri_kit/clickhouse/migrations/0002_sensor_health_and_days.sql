-- How far a day has come and how its sensors did. The version is the offset of the log's record that
-- brought the row about.

CREATE TABLE IF NOT EXISTS sensor_health
(
    town String,
    key_day Date,
    generation UInt64,
    sensor String,
    bin_ms Int64,
    detections UInt32,
    weak UInt32,
    late UInt32,
    duplicates UInt32,
    last_ms Int64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation, sensor, bin_ms);

CREATE TABLE IF NOT EXISTS days
(
    town String,
    key_day Date,
    generation UInt64,
    rule_version UInt32,
    watermark_ms Int64,
    town_time_ms Int64,
    detections UInt64,
    late UInt64,
    duplicates UInt64,
    complete UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation);
