"""The way in: what sensors post is authenticated, checked, coalesced and appended to the log.

app.py wires it; endpoints/ answer; bodies → judging → coalescing is the way of an upload; clocks, ticking
and keys are the towns' time.
"""
