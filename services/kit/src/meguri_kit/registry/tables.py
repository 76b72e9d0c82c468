"""The registry's tables as the migrations leave them (a test compares)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, String, Table

metadata = MetaData()

principals = Table(
    "principals",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("town", String(64), nullable=False),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
)
"""Who holds a token: SHA-256 of a random 256-bit token, which needs neither salt nor stretching."""

day_keys = Table(
    "day_keys",
    metadata,
    Column("town", String(64), primary_key=True),
    Column("key_day", Integer, primary_key=True, autoincrement=False),
    Column("key", LargeBinary(32)),
    Column("key_check", BigInteger, nullable=False),
)
"""A town's key of a day; NULL once destroyed, while its check value stays."""

day_rules = Table(
    "day_rules",
    metadata,
    Column("town", String(64), primary_key=True),
    Column("key_day", Integer, primary_key=True, autoincrement=False),
    Column("slices", Integer, nullable=False),
    Column("rules", LargeBinary, nullable=False),
)
"""By which rules (meguri.log.v1.Rules) a town's key day is folded, and into how many slices it is divided."""

town_times = Table(
    "town_times",
    metadata,
    Column("town", String(64), primary_key=True),
    Column("town_time_ms", BigInteger, nullable=False),
)
"""How far the clock of a recording town has come."""

webhooks = Table(
    "webhooks",
    metadata,
    Column("town", String(64), primary_key=True),
    Column("shop", String(64), primary_key=True),
    Column("source", String(32), primary_key=True),
    Column("signature_key", String(256), nullable=False),
)
"""With which key a system signs what it posts for a shop: itself, since signatures are made from it again."""

opt_out_keys = Table(
    "opt_out_keys",
    metadata,
    Column("town", String(64), primary_key=True),
    Column("key", LargeBinary(32), nullable=False),
)
"""Under which key the marks of a town's opt-out list are made."""

opt_outs = Table(
    "opt_outs",
    metadata,
    Column("town", String(64), primary_key=True),
    Column("mark", LargeBinary(16), primary_key=True),
)
"""What stands for the addresses that a town's sensors are to leave out (meguri_proto.pseudonyms)."""

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("password_hash", String(256), nullable=False),
)
"""Who may sign in to pages: argon2id of the password, in PHC string format."""

one_time_links = Table(
    "one_time_links",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("role", String(16), nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
)
"""Who may choose a password once, and until when."""

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("name", String(64), nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
)
"""Whose browser holds a token, and when it last came with it."""
