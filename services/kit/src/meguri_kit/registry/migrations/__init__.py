"""Alembic migrations of the registry, run by Registry when it opens."""
