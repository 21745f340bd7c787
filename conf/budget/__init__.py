"""How much of an experiment is run: `budget=`."""
