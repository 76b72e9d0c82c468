-- In which hours of the town's clock was the guide opened, in each unit of a period? A unit is a calendar month
-- that lies wholly in the period, else a day. The time is the guide's estimate.
-- params: town, zone (the town's time zone), first, last, first_whole, last_whole (key days; the whole months)
-- columns: unit (its first day), hour (0 to 23), walks (that opened a sight in it), opened (sights, as often as
-- they were)
SELECT
    if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
    toHour(toDateTime(intDiv(estimated_ms, 1000), %(zone)s)) AS hour,
    uniqExact(key_day, walk) AS walks,
    count() AS opened
FROM guide_events FINAL
WHERE
    town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s
    AND kind = 'opened' AND walk != 0
GROUP BY unit, hour
ORDER BY unit, hour
