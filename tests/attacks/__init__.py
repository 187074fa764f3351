"""Hostile requests, each of which was once answered badly."""
