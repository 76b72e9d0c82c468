"""The way in: what is posted is authenticated, checked, coalesced and appended to the log.

app.py wires it; endpoints/ answer; bodies → judging → coalescing is the way of an upload, bodies → sales or
counts → till_intake that of what tills and counters post; clocks, ticking and keys are the towns' time.
"""
