"""One file a step, numbered, forward only."""
