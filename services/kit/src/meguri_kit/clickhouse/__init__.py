"""ClickHouse: one store interface, in this process (chDB) or on a server; the migrations of its tables."""
