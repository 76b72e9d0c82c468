-- What the fold finds. Rows are written again and again under the same key; the highest version is the row.

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
