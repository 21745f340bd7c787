"""How chains leave the basin of a minimum, or the numbers of floats: by theory, and as simulated."""
