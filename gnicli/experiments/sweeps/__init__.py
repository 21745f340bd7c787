"""What a sweep of a command reports besides its runs: figures, tables and values over all of them."""
