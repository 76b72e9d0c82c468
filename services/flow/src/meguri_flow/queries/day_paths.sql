-- Which paths did devices take on a complete key day, how often, and how many distinct devices took each?
-- A path is an unbroken chain of moves: it begins with a device's move of the ordinal 1 and ends before its next.
-- Its name is the place that the first move came from and the place that each led to, joined by '>'.
-- params: town, key_day, generation
-- columns: path, random, paths, devices
SELECT
    arrayJoin(arrayFilter(name -> notEmpty(name), splitByChar('|', chain))) AS path,
    random,
    count() AS paths,
    uniqExact(device) AS devices
FROM
(
    -- All that a device did, a '|' before each path: names of places have neither sign.
    SELECT
        device,
        random,
        arrayStringConcat(arrayMap(move -> move.3, arraySort(groupArray((first_ms, ordinal, step))))) AS chain
    FROM
    (
        SELECT
            device,
            random,
            first_ms,
            ordinal,
            concat(if(ordinal = 1, concat('|', from_place), ''), '>', place) AS step
        FROM moves FINAL
        WHERE town = %(town)s AND key_day = %(key_day)s AND generation = %(generation)s
    )
    GROUP BY device, random
)
GROUP BY path, random
ORDER BY path, random
