"""How `protocol=` sets up the experiments: numbers for one kind of them."""
