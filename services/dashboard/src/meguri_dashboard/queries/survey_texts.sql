-- What did visitors write in their own words, in each unit of a period? A unit is a calendar month that lies wholly
-- in the period, else a day. In the order of the alphabet, which tells nothing of when or by whom.
-- params: town, first, last, first_whole, last_whole (key days; the whole months)
-- columns: unit (its first day), question, free_text
SELECT
    if(key_day >= %(first_whole)s AND key_day <= %(last_whole)s, toStartOfMonth(key_day), key_day) AS unit,
    question,
    free_text
FROM survey_answers FINAL
WHERE town = %(town)s AND key_day >= %(first)s AND key_day <= %(last)s AND free_text != ''
ORDER BY unit, question, free_text
