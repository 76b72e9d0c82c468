"""The rules by which each key day is folded."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "day_rules",
        sa.Column("town", sa.String(64), primary_key=True),
        sa.Column("key_day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("slices", sa.Integer, nullable=False),
        sa.Column("rules", sa.LargeBinary, nullable=False),
    )
