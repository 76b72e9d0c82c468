-- How often was each answer chosen, in each unit of a period? A unit is a calendar month that lies wholly in the
-- period, else a day. Of several choices in one answer each counts. Numbers from 100 on, such as yen, go together
-- from 1, 2 or 5 times a power of ten to the next.
-- params: town, first, last, first_whole, last_whole (key days; the whole months)
-- columns: unit (its first day), question, choice (of a number from 100 on the first that goes with it; empty for any: who
-- answered the question), sheets
SELECT
    if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
    question,
    if(
        match(said, '^[1-9][0-9]{2,17}$'),
        toString(intExp10(length(said) - 1) * multiIf(said < '2', 1, said < '5', 2, 5)),
        said
    ) AS choice,
    uniqExact(sheet_id) AS sheets
FROM survey_answers FINAL
ARRAY JOIN arrayConcat([''], splitByChar(',', answer)) AS said
WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND answer != ''
GROUP BY unit, question, choice
ORDER BY unit, question, choice
