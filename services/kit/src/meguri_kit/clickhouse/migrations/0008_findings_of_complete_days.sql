-- What the pages ask of a day that is over, found once: written when the day is complete, before its row in
-- `days` says so. Of a running day the pages ask `visits`, `presence` and `moves` themselves.

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
