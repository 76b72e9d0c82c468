-- What did each counter count on each key day of a period?
-- params: town, first, last (key days), quantity
-- columns: counter, key_day, counted
SELECT
    counter,
    key_day,
    sum(count) AS counted
FROM counts FINAL
WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND quantity = %(quantity)s
GROUP BY counter, key_day
ORDER BY counter, key_day
