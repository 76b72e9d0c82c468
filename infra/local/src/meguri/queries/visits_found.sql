-- How many visits of a town have been found so far, those that are still open among them?
-- params: town
-- columns: visits
SELECT count() AS visits FROM visits FINAL WHERE town = %(town)s
