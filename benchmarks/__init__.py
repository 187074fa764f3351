"""Measurements of the server: ``python -m benchmarks [topic …]``; see docs/benchmarks.md."""
