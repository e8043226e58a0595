"""Real PostgreSQL and Valkey from wheels, as children of one supervisor, for a machine with nothing installed."""
