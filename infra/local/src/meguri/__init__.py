"""Meguri on one machine: the command line, the engines, the demo."""
