"""Charts: Altair specifications, rendered to SVG in a process of their own."""
