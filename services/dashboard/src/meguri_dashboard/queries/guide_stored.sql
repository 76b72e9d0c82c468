-- How many phones stored the guide for use without signal, and how many of them told of a use after that, in each
-- unit of a period? A unit is a calendar month that lies wholly in the period, else a day. A phone is known by its
-- walk, which ends with the day: what it tells of another day is another walk.
-- params: town, first, last, first_whole, last_whole (key days; the whole months)
-- columns: unit (its first day), language (in which it was stored first), stored_walks, reported_walks
SELECT
    unit,
    stored_language AS language,
    count() AS stored_walks,
    countIf(last_use_ms > stored_ms) AS reported_walks
FROM
(
    SELECT
        if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
        key_day,
        walk,
        minIf(estimated_ms, kind = 'stored') AS stored_ms,
        argMinIf(guide_events.language, (estimated_ms, event_id), kind = 'stored') AS stored_language,
        maxIf(estimated_ms, kind != 'stored') AS last_use_ms
    FROM guide_events FINAL
    WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND walk != 0
    GROUP BY unit, key_day, walk
    HAVING countIf(kind = 'stored') > 0
)
GROUP BY unit, language
ORDER BY unit, language
