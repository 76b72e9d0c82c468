-- Tables without pseudonyms keep a partition a month, not a day: a year of two towns is then tens of
-- partitions and not thousands, and nothing in them has to be dropped with its day. Guide events and sensor
-- health gain columns on the way, and an event is named without its day, which a later version may move.
--
-- Each table is copied under another name, dropped and renamed; run again from the start after an
-- interruption anywhere, the statements lead to the same end.

CREATE TABLE IF NOT EXISTS presence_by_month
(
    town String,
    key_day Date,
    generation UInt64,
    place String,
    bin_ms Int64,
    visits UInt32,
    rule_version UInt32,
    version UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation, place, bin_ms);

CREATE TABLE IF NOT EXISTS presence
(
    town String,
    key_day Date,
    generation UInt64,
    place String,
    bin_ms Int64,
    visits UInt32,
    rule_version UInt32,
    version UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation, place, bin_ms);

INSERT INTO presence_by_month
(
    town, key_day, generation, place, bin_ms,
    visits, rule_version, version
)
SELECT
    town, key_day, generation, place, bin_ms,
    visits, rule_version, version
FROM presence FINAL;

DROP TABLE IF EXISTS presence;

RENAME TABLE presence_by_month TO presence;

CREATE TABLE IF NOT EXISTS sensor_health_by_month
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
    refused UInt32,
    lead_ms Int64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation, sensor, bin_ms);

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

INSERT INTO sensor_health_by_month
(
    town, key_day, generation, sensor, bin_ms, detections,
    weak, late, duplicates, last_ms, version
)
SELECT
    town, key_day, generation, sensor, bin_ms, detections,
    weak, late, duplicates, last_ms, version
FROM sensor_health FINAL;

DROP TABLE IF EXISTS sensor_health;

RENAME TABLE sensor_health_by_month TO sensor_health;

CREATE TABLE IF NOT EXISTS days_by_month
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
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation);

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

INSERT INTO days_by_month
(
    town, key_day, generation, rule_version, watermark_ms, town_time_ms,
    detections, late, duplicates, complete, version
)
SELECT
    town, key_day, generation, rule_version, watermark_ms, town_time_ms,
    detections, late, duplicates, complete, version
FROM days FINAL;

DROP TABLE IF EXISTS days;

RENAME TABLE days_by_month TO days;

CREATE TABLE IF NOT EXISTS guide_events_by_month
(
    town String,
    key_day Date,
    event_id String,
    sight String,
    language String,
    kind String,
    at_ms Int64,
    walk UInt64,
    seconds UInt32,
    rating UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, event_id);

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

INSERT INTO guide_events_by_month
(
    town, key_day, event_id, sight, language,
    kind, at_ms, version
)
SELECT
    town, key_day, event_id, sight, language,
    kind, at_ms, version
FROM guide_events FINAL;

DROP TABLE IF EXISTS guide_events;

RENAME TABLE guide_events_by_month TO guide_events;
