-- How much of a town is found so far: its detections, and the visits that have begun.
SELECT
    (SELECT sum(detections) FROM days FINAL WHERE town = %(town)s) AS detections,
    (SELECT count() FROM visits FINAL WHERE town = %(town)s) AS visits
