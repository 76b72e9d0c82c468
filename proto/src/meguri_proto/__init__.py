"""Meguri's contract: what travels between its parts, without any I/O."""
