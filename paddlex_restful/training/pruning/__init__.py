"""Pruning: which channels of a net depend on one another, how much each layer can lose, and nets without some."""
