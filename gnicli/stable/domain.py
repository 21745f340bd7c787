"""Where alpha begins: the least tail index of what this package offers. It imports nothing.

Draws and the characteristic function are for every alpha in (0, 2]. Everything ends at 2, the normal law.
"""

LEAST_WITH_DENSITY = 0.1  # density, distribution function, quantiles and what follows from them
LEAST_FITTED = 0.2  # fits by the likelihood, by quantiles and by the characteristic function, and elliptical laws
