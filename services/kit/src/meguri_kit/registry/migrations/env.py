"""Runs the migrations on the connection that the registry hands over (see Registry)."""

from alembic import context

from meguri_kit.registry.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
