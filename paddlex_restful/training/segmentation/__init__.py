"""Semantic segmentation: nets, data and what the loop asks of them."""
