"""Detection and instance segmentation: nets of ppdet, their data, training and use."""
