"""The stochastic differential equation of the paper's section 4: its simulation and its stationary law."""
