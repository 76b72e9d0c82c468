"""Who holds a token, the keys of the days, the clocks of recording towns."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Forward only."""
    op.create_table(
        "principals",
        sa.Column("token_hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("town", sa.String(64), nullable=False),
        sa.Column("sensor", sa.String(64), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
    )
    op.create_table(
        "day_keys",
        sa.Column("town", sa.String(64), primary_key=True),
        sa.Column("key_day", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("key", sa.LargeBinary(32)),
        sa.Column("key_check", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "town_times",
        sa.Column("town", sa.String(64), primary_key=True),
        sa.Column("town_time_ms", sa.BigInteger, nullable=False),
    )
