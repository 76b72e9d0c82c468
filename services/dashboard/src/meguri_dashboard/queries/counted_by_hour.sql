-- What did each counter count in each hour of one key day?
-- A count belongs to the hour in which its span begins.
-- params: town, key_day, day_start_ms, quantity
-- columns: counter, hour (full hours since the day's start, from 0), counted; hours without any are absent
SELECT
    counter,
    toUInt32(intDiv(from_ms - %(day_start_ms)s, 3600000)) AS hour,
    sum(count) AS counted
FROM counts FINAL
WHERE town = %(town)s AND key_day = %(key_day)s AND quantity = %(quantity)s
GROUP BY counter, hour
ORDER BY counter, hour
