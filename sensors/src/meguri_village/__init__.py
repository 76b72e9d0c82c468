"""A seeded village that emits what real sensors hear and keeps the truth of it."""
