-- A key day is folded by slices of a town's devices, each with generations of its own; a day's row also says
-- how many messages were lost to it and how many visits it has. What the readers leave out (staff, equipment)
-- and what sealing did have tables; the two slots of a snapshot have partitions, so that one can be dropped.
--
-- Each table is copied under another name, dropped and renamed; run again from the start after an
-- interruption anywhere, the statements lead to the same end. Of visits and moves the newest four days of a
-- town are copied: what is older was to be dropped before, and a ClickHouse takes no insert into more than a
-- hundred partitions.

CREATE TABLE IF NOT EXISTS visits_by_slice
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    place String,
    first_ms Int64,
    device UInt64,
    last_ms Int64,
    receptions UInt32,
    closed UInt8,
    arrival UInt8,
    random UInt8,
    rule_version UInt32,
    version UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, slice, generation, place, first_ms, device, random);

CREATE TABLE IF NOT EXISTS visits
(
    town String,
    key_day Date,
    generation UInt64,
    place String,
    first_ms Int64,
    device UInt64,
    last_ms Int64,
    receptions UInt32,
    closed UInt8,
    arrival UInt8,
    random UInt8,
    rule_version UInt32,
    version UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation, place, first_ms, device, random);

INSERT INTO visits_by_slice
(
    town, key_day, generation, place, first_ms, device, last_ms, receptions, closed, arrival,
    random, rule_version, version
)
SELECT
    town, key_day, generation, place, first_ms, device, last_ms, receptions, closed, arrival,
    random, rule_version, version
FROM visits FINAL
WHERE (town, key_day) IN (
    SELECT
        town,
        key_day
    FROM
    (
        SELECT DISTINCT
            town,
            key_day
        FROM visits
    )
    ORDER BY key_day DESC
    LIMIT 4 BY town
);

DROP TABLE IF EXISTS visits;

RENAME TABLE visits_by_slice TO visits;

CREATE TABLE IF NOT EXISTS moves_by_slice
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    device UInt64,
    first_ms Int64,
    place String,
    from_place String,
    from_first_ms Int64,
    ordinal UInt8,
    random UInt8,
    rule_version UInt32,
    version UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, slice, generation, device, first_ms, place, random);

CREATE TABLE IF NOT EXISTS moves
(
    town String,
    key_day Date,
    generation UInt64,
    device UInt64,
    first_ms Int64,
    place String,
    from_place String,
    from_first_ms Int64,
    ordinal UInt8,
    random UInt8,
    rule_version UInt32,
    version UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation, device, first_ms, place, random);

INSERT INTO moves_by_slice
(
    town, key_day, generation, device, first_ms, place, from_place, from_first_ms, ordinal, random,
    rule_version, version
)
SELECT
    town, key_day, generation, device, first_ms, place, from_place, from_first_ms, ordinal, random,
    rule_version, version
FROM moves FINAL
WHERE (town, key_day) IN (
    SELECT
        town,
        key_day
    FROM
    (
        SELECT DISTINCT
            town,
            key_day
        FROM moves
    )
    ORDER BY key_day DESC
    LIMIT 4 BY town
);

DROP TABLE IF EXISTS moves;

RENAME TABLE moves_by_slice TO moves;

CREATE TABLE IF NOT EXISTS presence_by_slice
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    place String,
    bin_ms Int64,
    visits UInt32,
    rule_version UInt32,
    version UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, place, bin_ms);

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
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation, place, bin_ms);

INSERT INTO presence_by_slice
(
    town, key_day, generation, place, bin_ms, visits, rule_version, version
)
SELECT
    town, key_day, generation, place, bin_ms, visits, rule_version, version
FROM presence FINAL;

DROP TABLE IF EXISTS presence;

RENAME TABLE presence_by_slice TO presence;

CREATE TABLE IF NOT EXISTS sensor_health_by_slice
(
    town String,
    key_day Date,
    slice UInt8,
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
ORDER BY (town, key_day, slice, generation, sensor, bin_ms);

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
    refused UInt32,
    lead_ms Int64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation, sensor, bin_ms);

INSERT INTO sensor_health_by_slice
(
    town, key_day, generation, sensor, bin_ms, detections, weak, late, duplicates, last_ms, refused,
    lead_ms, version
)
SELECT
    town, key_day, generation, sensor, bin_ms, detections, weak, late, duplicates, last_ms, refused,
    lead_ms, version
FROM sensor_health FINAL;

DROP TABLE IF EXISTS sensor_health;

RENAME TABLE sensor_health_by_slice TO sensor_health;

CREATE TABLE IF NOT EXISTS days_by_slice
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    rule_version UInt32,
    watermark_ms Int64,
    town_time_ms Int64,
    detections UInt64,
    late UInt64,
    duplicates UInt64,
    lost UInt64,
    visits UInt64,
    complete UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation);

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
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation);

INSERT INTO days_by_slice
(
    town, key_day, generation, rule_version, watermark_ms, town_time_ms, detections, late,
    duplicates, complete, version
)
SELECT
    town, key_day, generation, rule_version, watermark_ms, town_time_ms, detections, late,
    duplicates, complete, version
FROM days FINAL;

DROP TABLE IF EXISTS days;

RENAME TABLE days_by_slice TO days;

CREATE TABLE IF NOT EXISTS day_arrivals_by_slice
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    place String,
    hour UInt8,
    random UInt8,
    arrivals UInt32,
    devices UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, place, hour, random);

CREATE TABLE IF NOT EXISTS day_arrivals
(
    town String,
    key_day Date,
    generation UInt64,
    place String,
    hour UInt8,
    random UInt8,
    arrivals UInt32,
    devices UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation, place, hour, random);

INSERT INTO day_arrivals_by_slice
(
    town, key_day, generation, place, hour, random, arrivals, devices, version
)
SELECT
    town, key_day, generation, place, hour, random, arrivals, devices, version
FROM day_arrivals FINAL;

DROP TABLE IF EXISTS day_arrivals;

RENAME TABLE day_arrivals_by_slice TO day_arrivals;

CREATE TABLE IF NOT EXISTS day_dwell_by_slice
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    place String,
    bin UInt8,
    random UInt8,
    stays UInt32,
    devices UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, place, bin, random);

CREATE TABLE IF NOT EXISTS day_dwell
(
    town String,
    key_day Date,
    generation UInt64,
    place String,
    bin UInt8,
    random UInt8,
    stays UInt32,
    devices UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation, place, bin, random);

INSERT INTO day_dwell_by_slice
(
    town, key_day, generation, place, bin, random, stays, devices, version
)
SELECT
    town, key_day, generation, place, bin, random, stays, devices, version
FROM day_dwell FINAL;

DROP TABLE IF EXISTS day_dwell;

RENAME TABLE day_dwell_by_slice TO day_dwell;

CREATE TABLE IF NOT EXISTS day_moves_by_slice
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    from_place String,
    place String,
    random UInt8,
    moves UInt32,
    devices UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, from_place, place, random);

CREATE TABLE IF NOT EXISTS day_moves
(
    town String,
    key_day Date,
    generation UInt64,
    from_place String,
    place String,
    random UInt8,
    moves UInt32,
    devices UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation, from_place, place, random);

INSERT INTO day_moves_by_slice
(
    town, key_day, generation, from_place, place, random, moves, devices, version
)
SELECT
    town, key_day, generation, from_place, place, random, moves, devices, version
FROM day_moves FINAL;

DROP TABLE IF EXISTS day_moves;

RENAME TABLE day_moves_by_slice TO day_moves;

CREATE TABLE IF NOT EXISTS day_paths_by_slice
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    path String,
    random UInt8,
    paths UInt32,
    devices UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, path, random);

CREATE TABLE IF NOT EXISTS day_paths
(
    town String,
    key_day Date,
    generation UInt64,
    path String,
    random UInt8,
    paths UInt32,
    devices UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, generation, path, random);

INSERT INTO day_paths_by_slice
(
    town, key_day, generation, path, random, paths, devices, version
)
SELECT
    town, key_day, generation, path, random, paths, devices, version
FROM day_paths FINAL;

DROP TABLE IF EXISTS day_paths;

RENAME TABLE day_paths_by_slice TO day_paths;

CREATE TABLE IF NOT EXISTS snapshots_by_slot
(
    log String,
    partition UInt32,
    slot UInt32,
    next_offset UInt64,
    format UInt16,
    checksum String,
    body String
)
ENGINE = ReplacingMergeTree(next_offset)
PARTITION BY (log, partition, slot)
ORDER BY (log, partition, slot);

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

INSERT INTO snapshots_by_slot
(
    log, partition, slot, next_offset, format, checksum, body
)
SELECT
    log, partition, slot, next_offset, format, checksum, body
FROM snapshots FINAL;

DROP TABLE IF EXISTS snapshots;

RENAME TABLE snapshots_by_slot TO snapshots;

-- Devices that stayed so long on a day that they are no visitors': mark 1 is staff's, 2 is equipment.

CREATE TABLE IF NOT EXISTS marked_devices
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    device UInt64,
    mark UInt8,
    rule_version UInt32,
    version UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, slice, generation, device, mark);

-- How many devices of a complete day were left out; `mark` is the highest that a device has.

CREATE TABLE IF NOT EXISTS day_marks
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    mark UInt8,
    devices UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice, generation, mark);

-- Days whose pseudonyms are to be dropped (dropped 0) or are (1); `lost` says that the day was dropped before
-- it was complete.

CREATE TABLE IF NOT EXISTS sealed_days
(
    town String,
    key_day Date,
    slice UInt8,
    generation UInt64,
    sealed_ms Int64,
    dropped UInt8,
    lost UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, key_day, slice);
