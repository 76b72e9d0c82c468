-- How many visits of a town have been found to their end so far? Each slice of a day in its highest generation;
-- also of days whose visits themselves are dropped.
-- params: town
-- columns: visits
SELECT sum(of_slices.visits) AS visits
FROM
(
    SELECT
        key_day,
        slice,
        visits
    FROM days FINAL
    WHERE town = %(town)s
    ORDER BY key_day, slice, generation DESC
    LIMIT 1 BY key_day, slice
) AS of_slices
