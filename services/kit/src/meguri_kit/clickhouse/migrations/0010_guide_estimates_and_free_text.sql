-- Guide events and survey answers keep the guide's estimate of their time beside the phone's clock, and answers
-- a visitor's own words. Both have one partition a town: a second delivery of the same may have another estimate,
-- so another month, and a row is only replaced within its partition when a query reads a part of the months. In
-- one partition the id alone decides.
--
-- Each table is copied under another name, dropped and renamed; run again from the start after an
-- interruption anywhere, the statements lead to the same end.

CREATE TABLE IF NOT EXISTS guide_events_by_town
(
    town String,
    key_day Date,
    event_id String,
    sight String,
    language String,
    kind String,
    at_ms Int64,
    estimated_ms Int64,
    walk UInt64,
    seconds UInt32,
    rating UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY town
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
    walk UInt64,
    seconds UInt32,
    rating UInt8,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY (town, toYYYYMM(key_day))
ORDER BY (town, event_id);

INSERT INTO guide_events_by_town
(
    town, key_day, event_id, sight, language, kind, at_ms, estimated_ms, walk, seconds, rating, version
)
SELECT
    town, key_day, event_id, sight, language, kind, at_ms, at_ms AS estimated_ms, walk, seconds, rating, version
FROM guide_events FINAL;

DROP TABLE IF EXISTS guide_events;

RENAME TABLE guide_events_by_town TO guide_events;

CREATE TABLE IF NOT EXISTS survey_answers_by_town
(
    town String,
    key_day Date,
    sheet_id String,
    question String,
    answer String,
    free_text String,
    language String,
    at_ms Int64,
    estimated_ms Int64,
    version UInt64
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY town
ORDER BY (town, sheet_id, question);

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

INSERT INTO survey_answers_by_town
(
    town, key_day, sheet_id, question, answer, language, at_ms, estimated_ms, version
)
SELECT
    town, key_day, sheet_id, question, answer, language, at_ms, at_ms AS estimated_ms, version
FROM survey_answers FINAL;

DROP TABLE IF EXISTS survey_answers;

RENAME TABLE survey_answers_by_town TO survey_answers;
