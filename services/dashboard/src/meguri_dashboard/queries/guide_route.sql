-- How many walks opened each sight, and how many opened no other after it, in each unit of a period? A unit is a
-- calendar month that lies wholly in the period, else a day.
-- params: town, first, last, first_whole, last_whole (key days; the whole months)
-- columns: unit (its first day), sight (empty for any), walks (that opened it), ended_walks (whose last it was; of
-- any: 0)
SELECT
    unit,
    sight,
    count() AS walks,
    countIf(sight = ended_at) AS ended_walks
FROM
(
    SELECT
        if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
        key_day,
        walk,
        arrayConcat([''], groupUniqArray(guide_events.sight)) AS sights,
        argMax(guide_events.sight, (estimated_ms, event_id)) AS ended_at
    FROM guide_events FINAL
    WHERE
        town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s
        AND kind = 'opened' AND walk != 0
    GROUP BY unit, key_day, walk
)
ARRAY JOIN sights AS sight
GROUP BY unit, sight
ORDER BY unit, sight
