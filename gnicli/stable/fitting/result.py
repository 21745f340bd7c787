"""What a fit finds: `StableFit`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from gnicli.errors import NumericalError
from gnicli.stable.fitting.exact_likelihood import Likelihood
from gnicli.stable.fitting.standardize import Standardized
from gnicli.stable.law import StableLaw


@dataclass
class StableFit:
    """A fitted law. A `*_stderr` is None where none is defined: for a fixed parameter, or for one at its bound.

    `at_boundary`: alpha = 2 (the normal law; beta is then given as 0 and is not identified), alpha = 0.5 or |beta| = 1.
    `notes` are sentences about the sample that a reader of the result should see.
    """

    alpha: float
    beta: float
    loc: float
    scale: float
    alpha_stderr: float | None
    beta_stderr: float | None
    loc_stderr: float | None
    scale_stderr: float | None
    parameterization: str
    n: int
    n_free: int
    converged: bool
    at_boundary: bool
    n_evaluations: int
    notes: tuple[str, ...] = ()
    _log_likelihood: float | None = field(default=None, repr=False)
    _samples: Standardized | None = field(default=None, repr=False, compare=False)

    @property
    def law(self) -> StableLaw:
        """The fitted law."""
        return StableLaw(self.alpha, self.beta, self.loc, self.scale, self.parameterization)

    @property
    def log_likelihood(self) -> float:
        """Σ log pdf of the samples, exact; worked out when first read (10 ms and more), not by the search.

        Until then the fit holds the samples: a copy, above 32768 values the array itself. Raises `NumericalError` if
        that was written over in the meantime.
        """
        if self._log_likelihood is None:
            assert self._samples is not None
            if not self._samples.unchanged():
                raise NumericalError(
                    "the samples were written over after the fit: read log_likelihood before that, or fit a copy"
                )
            s, law = self._samples, self.law.to("S0")
            theta = np.array([law.alpha, law.beta, (law.loc - s.center) / s.unit, math.log(law.scale / s.unit)])
            self._log_likelihood = Likelihood(s.scaled(), excess=s.excess())(theta) - self.n * math.log(s.unit)
            self._samples = None
        return self._log_likelihood

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 n_free − 2 log-likelihood."""
        return 2.0 * self.n_free - 2.0 * self.log_likelihood

    def ci95(self, name: str) -> tuple[float, float] | None:
        """The 95 % interval of a parameter, cut to its domain; None where it has no standard error."""
        value, stderr = getattr(self, name), getattr(self, f"{name}_stderr")
        if stderr is None:
            return None
        low, high = {"alpha": (0.0, 2.0), "beta": (-1.0, 1.0), "scale": (0.0, math.inf)}.get(
            name, (-math.inf, math.inf)
        )
        return max(value - 1.959964 * stderr, low), min(value + 1.959964 * stderr, high)

    def __getstate__(self) -> dict[str, Any]:
        """Pickled without the samples."""
        self.log_likelihood  # noqa: B018 - worked out while the samples are at hand
        return self.__dict__
