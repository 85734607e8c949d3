"""Django's SQLite backend, whose writers wait in turn (docs/decisions/0010)."""
