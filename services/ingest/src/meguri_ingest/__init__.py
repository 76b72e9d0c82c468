"""The way in: authenticate, validate, coalesce, append to Kafka; the clock of the towns."""
