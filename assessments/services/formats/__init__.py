"""Question files of other systems. Each module reads and writes one format; no database, no network, no disk."""
