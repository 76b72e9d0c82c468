"""How the fold meets the world: Kafka in, ClickHouse and Redis out. The only importer of faust."""
