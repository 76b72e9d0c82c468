-- What did each counter count on one key day, and when last?
-- params: town, key_day
-- columns: counter, quantity, counted, last_ms (end of the latest span)
SELECT
    counter,
    quantity,
    sum(count) AS counted,
    max(to_ms) AS last_ms
FROM counts FINAL
WHERE town = %(town)s AND key_day = %(key_day)s
GROUP BY counter, quantity
ORDER BY counter, quantity
