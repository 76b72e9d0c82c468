"""The messages, as `proto/generate.py` makes them from the `*.proto` beside them."""
