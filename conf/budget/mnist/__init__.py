"""How much of an experiment `budget=` runs: numbers for one kind of them."""
