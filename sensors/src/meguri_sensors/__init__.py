"""The edge agent: captures probe requests, pseudonymises them at once, delivers them in batches."""
