"""Measurements of the server: ``python -m benchmarks [topic …]``; see benchmarks/README.md."""
