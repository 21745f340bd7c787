"""A potential whose chains cost next to nothing, and the laws of models on it."""

import numpy as np

from gnicli.model.measured.laws import CoordinateLaws


class Bowl:
    """f(w) = 1 + Σ c_i w_i²/2, for which exact laws are known."""

    name, coefficients = "bowl", None

    def __init__(self, curvatures):
        self.curvatures = np.asarray(curvatures, float)[:, None]
        self.dimension = len(self.curvatures)

    def value(self, w):
        return 1 + (self.curvatures * w**2).sum(axis=0) / 2

    def gradient(self, w):
        return self.curvatures * w


def laws(alpha, beta, scale, n):
    """The same laws in all of `n` chains; one number for each layer."""
    return CoordinateLaws(*(np.repeat(np.array(rows, float)[:, None], n, axis=1) for rows in (alpha, beta, scale)))
