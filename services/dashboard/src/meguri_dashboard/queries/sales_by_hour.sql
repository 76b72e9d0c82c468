-- What did each shop sell in each hour of one key day?
-- Cancelled sales are as if they had never been; refunds are taken off their sale. A sale refunded in full is
-- counted no more.
-- params: town, key_day, day_start_ms
-- columns: shop, hour (full hours since the day's start, from 0), sales, yen, largest_yen (the greatest amount
-- of one sale, a booked return included); hours without any are absent
SELECT
    shop,
    toUInt32(intDiv(at_ms - %(day_start_ms)s, 3600000)) AS hour,
    countIf(net_yen > 0) AS sales,
    sum(net_yen) AS yen,
    max(abs(net_yen)) AS largest_yen
FROM
(
    SELECT shop, at_ms, amount_yen - refunded_yen AS net_yen
    FROM sales FINAL
    WHERE town = %(town)s AND key_day = %(key_day)s AND cancelled = 0
)
GROUP BY shop, hour
ORDER BY shop, hour
