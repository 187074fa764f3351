"""Image classification: nets, data and what the loop asks of them."""
