"""The same server with one more address: a POST that does nothing, behind the same middleware."""
