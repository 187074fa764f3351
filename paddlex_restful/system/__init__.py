"""What the machine has: processor, GPUs."""
