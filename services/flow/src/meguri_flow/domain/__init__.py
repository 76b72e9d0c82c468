"""The fold: detections in, visits out. Pure: no clock, no I/O, no logging; time is an argument.

Rules, Detections, Tick ──▶ partition.observe ──▶ Rows
                                │
         one Day a (town, key day): open_visits (table) ◀─ hearing (kernel) ─▶ closing (sweep)
"""
