-- Which ways of at least two moves did at least so many devices with a stable address take on a running key day?
-- A way is an unbroken chain of moves; it begins where a move's ordinal is 1.
-- Those of staff and equipment are left out.
-- params: town, key_day, folds (a tuple of (slice, generation)), step
-- columns: path (places joined by >), paths, devices (none below the step)
SELECT
    path,
    count() AS paths,
    uniqExact(device) AS devices
FROM
(
    SELECT
        device,
        concat(
            argMin(from_place, (first_ms, place)),
            '>',
            arrayStringConcat(arrayMap(x -> x.2, arraySort(groupArray(((first_ms, place), place)))), '>')
        ) AS path
    FROM
    (
        SELECT
            device,
            from_place,
            place,
            first_ms,
            sum(if(ordinal = 1, 1, 0)) OVER (
                PARTITION BY device ORDER BY first_ms, place ROWS UNBOUNDED PRECEDING
            ) AS chain
        FROM moves FINAL
        WHERE
            town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s AND random = 0
            AND device NOT IN (
                SELECT device
                FROM marked_devices
                WHERE town = %(town)s AND key_day = %(key_day)s AND (slice, generation) IN %(folds)s
            )
    )
    GROUP BY device, chain
    HAVING count() >= 2
)
GROUP BY path
HAVING devices >= %(step)s
ORDER BY path
