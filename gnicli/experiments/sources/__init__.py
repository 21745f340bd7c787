"""What a run takes from the folder of another run, by `source=…`."""
