-- What did each shop sell on each key day of a period?
-- Counted as in sales_by_hour.
-- params: town, first, last (key days)
-- columns: key_day, shop, sales, yen, largest_yen; days without any are absent
SELECT
    key_day,
    shop,
    countIf(net_yen > 0) AS sales,
    sum(net_yen) AS yen,
    max(abs(net_yen)) AS largest_yen
FROM
(
    SELECT key_day, shop, amount_yen - refunded_yen AS net_yen
    FROM sales FINAL
    WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND cancelled = 0
)
GROUP BY key_day, shop
ORDER BY key_day, shop
