-- Which paths did devices take on complete key days, how often, and how many distinct devices took each?
-- A path is an unbroken chain of moves: it begins with a device's move of the ordinal 1 and ends before its next.
-- Its name is the place that the first move came from and the place that each led to, joined by '>'. Those of
-- staff and equipment are left out.
-- params: town, folds (a tuple of (date, slice, generation)), key_days (a tuple of their dates)
-- columns: day (since 1970-01-01), slice, path, random, paths, devices
SELECT
    toUInt16(key_day) AS day,
    slice,
    arrayJoin(arrayFilter(name -> notEmpty(name), splitByChar('|', chain))) AS path,
    random,
    count() AS paths,
    uniqExact(device) AS devices
FROM
(
    -- All that a device did, a '|' before each path: names of places have neither sign.
    SELECT
        key_day,
        slice,
        device,
        random,
        arrayStringConcat(arrayMap(move -> move.3, arraySort(groupArray((first_ms, ordinal, step))))) AS chain
    FROM
    (
        SELECT
            key_day,
            slice,
            device,
            random,
            first_ms,
            ordinal,
            concat(if(ordinal = 1, concat('|', from_place), ''), '>', place) AS step
        FROM moves FINAL
        WHERE
            town = %(town)s AND key_day IN %(key_days)s AND (key_day, slice, generation) IN %(folds)s
            AND (key_day, slice, generation, device) NOT IN (
                SELECT
                    key_day,
                    slice,
                    generation,
                    device
                FROM marked_devices
                WHERE town = %(town)s AND key_day IN %(key_days)s
            )
    )
    GROUP BY key_day, slice, device, random
)
GROUP BY key_day, slice, path, random
ORDER BY key_day, slice, path, random
