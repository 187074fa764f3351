"""The command line (placeholder until the server lands)."""
