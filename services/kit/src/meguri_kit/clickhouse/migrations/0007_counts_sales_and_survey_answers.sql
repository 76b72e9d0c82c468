-- What counters counted, shops sold and visitors answered; the source's highest version is the row. The day is
-- not part of a row's name: a later version may move it.

CREATE TABLE IF NOT EXISTS counts
(
    town String,
    key_day Date,
    counter String,
    quantity String,
    from_ms Int64,
    to_ms Int64,
    count UInt32,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, counter, quantity, from_ms);

CREATE TABLE IF NOT EXISTS sales
(
    town String,
    key_day Date,
    shop String,
    source String,
    external_id String,
    at_ms Int64,
    amount_yen Int64,
    tax_yen Int64,
    method String,
    brand String,
    refunded_yen Int64,
    cancelled UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, shop, source, external_id);

CREATE TABLE IF NOT EXISTS survey_answers
(
    town String,
    key_day Date,
    sheet_id String,
    question String,
    answer String,
    language String,
    at_ms Int64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, sheet_id, question);
