"""How good a model is: figures from what it answered and what is true, as numpy arrays; no engine is needed."""
