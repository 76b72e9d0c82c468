"""Visits of a table of detections that somebody has as a file: the flow's own fold, without a log.

table_file (encoding, delimiter, columns) ─▶ times (text to microseconds) ─▶ spill (by device) ─▶ visits
"""
