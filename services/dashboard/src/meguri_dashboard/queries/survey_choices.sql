-- How often was each answer chosen, in each unit of a period? A unit is a calendar month that lies wholly in the
-- period, else a day. Of several choices in one answer each counts.
-- params: town, first, last, first_whole, last_whole (key days; the whole months)
-- columns: unit (its first day), question, choice (empty for any: who answered the question), sheets
SELECT
    if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
    question,
    choice,
    uniqExact(sheet_id) AS sheets
FROM survey_answers FINAL
ARRAY JOIN arrayConcat([''], splitByChar(',', answer)) AS choice
WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND answer != ''
GROUP BY unit, question, choice
ORDER BY unit, question, choice
