-- How were the sales of each unit of a period paid at each shop? A unit is a calendar month that lies wholly in
-- the period, else a day.
-- Counted as in sales_by_hour.
-- params: town, first, last, first_whole, last_whole (key days; the whole months)
-- columns: unit (its first day), shop, method, brand (empty: unknown or none), sales, yen, largest_yen
SELECT
    unit,
    shop,
    method,
    brand,
    countIf(net_yen > 0) AS sales,
    sum(net_yen) AS yen,
    max(abs(net_yen)) AS largest_yen
FROM
(
    SELECT
        if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
        shop,
        method,
        brand,
        amount_yen - refunded_yen AS net_yen
    FROM sales FINAL
    WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND cancelled = 0
)
GROUP BY unit, shop, method, brand
ORDER BY unit, shop, method, brand
