"""Evaluation results as files for people."""
