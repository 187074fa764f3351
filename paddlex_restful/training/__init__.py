"""Models, data, the training loop, evaluation, prediction and export: everything that runs paddle, inside jobs only."""
