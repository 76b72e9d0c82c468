-- How long did walks take from opening one sight to opening the next, in each unit of a period? A unit is a
-- calendar month that lies wholly in the period, else a day. Opening the same sight again is no way, and what
-- took longer than three hours is none.
-- params: town, edges_ms (of the bins, ascending), first, last, first_whole, last_whole (key days; the whole
-- months)
-- columns: unit (its first day), from_sight, to_sight, bin (how many edges the time has reached), walks
SELECT
    unit,
    way.1 AS from_sight,
    way.2 AS to_sight,
    arrayCount(edge -> way.3 >= edge, %(edges_ms)s) AS bin,
    uniqExact(key_day, walk) AS walks
FROM
(
    SELECT
        if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
        key_day,
        walk,
        arraySort(groupArray((estimated_ms, event_id, guide_events.sight))) AS opened,
        arrayMap(
            (one, next) -> (one.3, next.3, next.1 - one.1),
            arrayPopBack(opened),
            arrayPopFront(opened)
        ) AS ways
    FROM guide_events FINAL
    WHERE
        town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s
        AND kind = 'opened' AND walk != 0
    GROUP BY unit, key_day, walk
)
ARRAY JOIN ways AS way
WHERE way.1 != way.2 AND way.3 < 3 * 3600000
GROUP BY unit, from_sight, to_sight, bin
ORDER BY unit, from_sight, to_sight, bin
