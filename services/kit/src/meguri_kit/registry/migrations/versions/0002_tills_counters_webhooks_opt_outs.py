"""Tokens of tills and counters beside those of sensors; webhooks' signature keys; the opt-out lists."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Forward only."""
    # SQLite renames in place only in its own words, which PostgreSQL shares; Alembic would copy the table.
    op.execute("ALTER TABLE principals RENAME COLUMN sensor TO name")
    op.create_table(
        "webhooks",
        sa.Column("town", sa.String(64), primary_key=True),
        sa.Column("shop", sa.String(64), primary_key=True),
        sa.Column("source", sa.String(32), primary_key=True),
        sa.Column("signature_key", sa.String(256), nullable=False),
    )
    op.create_table(
        "opt_out_keys",
        sa.Column("town", sa.String(64), primary_key=True),
        sa.Column("key", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "opt_outs",
        sa.Column("town", sa.String(64), primary_key=True),
        sa.Column("mark", sa.LargeBinary(16), primary_key=True),
    )
