-- Two visits of one device that follow each other. `random` tells addresses that devices made up (1) from
-- those that a maker assigned (0): only the latter are stable enough for dwell and paths. `visits` is copied as
-- in 0005, since an old ClickHouse cannot add a column only if it is not there.

CREATE TABLE IF NOT EXISTS visits_with_random
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
    rule_version UInt32,
    version UInt8
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, key_day)
ORDER BY (town, key_day, generation, place, first_ms, device);

INSERT INTO visits_with_random
(
    town, key_day, generation, place, first_ms, device,
    last_ms, receptions, closed, arrival, rule_version, version
)
SELECT
    town, key_day, generation, place, first_ms, device,
    last_ms, receptions, closed, arrival, rule_version, version
FROM visits FINAL;

DROP TABLE IF EXISTS visits;

RENAME TABLE visits_with_random TO visits;

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
