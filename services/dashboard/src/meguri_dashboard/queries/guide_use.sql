-- How was the guide used in each unit of a period: in all, by language and by sight? A unit is a calendar month
-- that lies wholly in the period, else a day.
-- Contributions are counted in walks: one phone's way through the guide on one day. An event that names none is
-- not counted, nor is that a guide was stored.
-- params: town, first, last, first_whole, last_whole (key days; the whole months)
-- columns: unit (its first day), by (all, language or sight), name (of the language or sight; empty for all),
-- opened_walks, opened, listened_walks, listened_s, longest_s (the longest that one walk listened),
-- finished_walks, rated_walks, ratings, stars (their sum), most_ratings (the most that one walk gave);
-- the walks are those that did so at all
SELECT
    unit,
    by,
    name,
    countIf(opened_events > 0) AS opened_walks,
    sum(opened_events) AS opened,
    countIf(heard_s > 0) AS listened_walks,
    sum(heard_s) AS listened_s,
    max(heard_s) AS longest_s,
    countIf(finished_events > 0) AS finished_walks,
    countIf(rated_events > 0) AS rated_walks,
    sum(rated_events) AS ratings,
    sum(rated_stars) AS stars,
    max(rated_events) AS most_ratings
FROM
(
    SELECT
        if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
        key_day,
        of.1 AS by,
        of.2 AS name,
        walk,
        countIf(kind = 'opened') AS opened_events,
        sumIf(seconds, kind = 'listened') AS heard_s,
        countIf(kind = 'finished') AS finished_events,
        countIf(kind = 'rated') AS rated_events,
        sumIf(rating, kind = 'rated') AS rated_stars
    FROM guide_events FINAL
    ARRAY JOIN [('all', ''), ('language', language), ('sight', sight)] AS of
    WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND walk != 0
        AND kind != 'stored'
    GROUP BY unit, key_day, by, name, walk
)
GROUP BY unit, by, name
ORDER BY unit, by, name
