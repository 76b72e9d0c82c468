"""Pages for the office, the shops and the consultants."""
