"""The result of a fit, `StableFit`: parameters, standard errors, intervals and the likelihood."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import NormalDist

import numpy as np

from gnicli.errors import NumericalError, UsageError
from gnicli.stable.fitting.exact_likelihood import Likelihood
from gnicli.stable.fitting.search_problem import ALPHA_RANGE
from gnicli.stable.fitting.standardize import Standardized
from gnicli.stable.fitting.summary import Parameter, Summary, table
from gnicli.stable.fitting.weighting import reported
from gnicli.stable.law import StableLaw
from gnicli.stable.parameterization import NAMES

Z95 = 1.959964  # standard errors to either side in a 95 % interval: the 97.5 % point of the normal law


def interval95(value: float, stderr: float) -> tuple[float, float]:
    """The 95 % interval of an estimate that is normal with this standard error."""
    return value - Z95 * stderr, value + Z95 * stderr


@dataclass
class StableFit:
    """A fitted stable law, its standard errors, and how the search for it ended.

    alpha, beta, loc, scale: as in `StableLaw`, loc and scale in the unit of the samples.
    alpha_stderr, …: standard errors by the observed information, carried to S1 by the delta method. None where none is
    defined: for a parameter that is held, and for one at its bound. With importance weights by the sandwich.
    parameterization: "S0" or "S1". n: number of samples; with frequency weights their sum, rounded. n_free: number of
    fitted parameters.
    converged: whether the search ended at a maximum. n_evaluations: of the likelihood on the nodes, and exact.
    at_boundary: whether a fitted parameter is at the parameter bound: alpha = 2 (the normal law; beta is then given as
    0 and is not identified), alpha = 0.2 or |beta| = 1.
    notes: sentences about the samples that a reader of the result should see. held: names of the parameters that were
    held, in the order given.

    >>> from gnicli.stable import StableLaw, fit
    >>> found = fit(StableLaw(1.5, 0.5, scale=2.0).rvs(5000, np.random.default_rng(0)))
    >>> found.converged, found.at_boundary, found.n_free
    (True, False, 4)
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
    held: tuple[str, ...] = ()
    _log_likelihood: float | None = field(default=None, repr=False)
    _samples: Standardized | None = field(default=None, repr=False, compare=False)

    @property
    def law(self) -> StableLaw:
        """The fitted law.

        >>> from gnicli.stable import fit
        >>> found = fit(np.random.default_rng(0).standard_cauchy(1000), fixed={"alpha": 1, "beta": 0})
        >>> found.law.scale == found.scale
        True
        """
        return StableLaw(self.alpha, self.beta, self.loc, self.scale, self.parameterization)

    @property
    def log_likelihood(self) -> float:
        """Σ log pdf of the samples, or Σ weight · log pdf, exact; worked out when first read (10 ms and more).

        For this and for `interval` the fit holds the samples: a copy, above 32768 values the array itself. Raises
        `NumericalError` if that was written over in the meantime.

        >>> from gnicli.stable import fit
        >>> x = np.random.default_rng(0).standard_cauchy(1000)
        >>> found = fit(x)
        >>> bool(np.isclose(found.log_likelihood, found.law.logpdf(x).sum()))
        True
        """
        if self._log_likelihood is None:
            s, law = self._held_samples("read log_likelihood"), self.law.to("S0")
            theta = np.array([law.alpha, law.beta, (law.loc - s.center) / s.unit, math.log(law.scale / s.unit)])
            value = Likelihood(s.scaled(), excess=s.excess(), counts=s.counts)(theta) - s.weights.n * math.log(s.unit)
            self._log_likelihood = value * reported(s.values.size, s.weighting)[1]
        return float(self._log_likelihood)

    def _held_samples(self, what: str) -> Standardized:
        if self._samples is None:
            raise UsageError(f"a fit that was pickled or is of censored samples holds no samples: {what} of another")
        if not self._samples.unchanged():
            raise NumericalError(f"the samples were overwritten after the fit: {what} before that, or fit a copy")
        return self._samples

    @property
    def aic(self) -> float:
        """Akaike's criterion, 2 n_free − 2 log-likelihood, in nats.

        >>> from gnicli.stable import fit
        >>> found = fit(np.random.default_rng(0).standard_cauchy(1000))
        >>> found.aic == 8 - 2 * found.log_likelihood
        True
        """
        return 2.0 * self.n_free - 2.0 * self.log_likelihood

    def ci95(self, name: str) -> tuple[float, float] | None:
        """The 95 % interval of the parameter `name`, cut to its range; None where it has no standard error.

        name: "alpha", "beta", "loc" or "scale"; `UsageError` for another word.

        >>> from gnicli.stable import fit
        >>> found = fit(np.random.default_rng(0).standard_cauchy(1000))
        >>> low, high = found.ci95("alpha")
        >>> low < found.alpha < high
        True
        """
        if name not in NAMES:
            raise UsageError(f"name must be one of {', '.join(NAMES)}, got {name!r}")
        return self._wald(name, Z95)

    def _wald(self, name: str, z: float) -> tuple[float, float] | None:
        value, stderr = getattr(self, name), getattr(self, f"{name}_stderr")
        if stderr is None:
            return None
        low, high = {"alpha": (0.0, 2.0), "beta": (-1.0, 1.0), "scale": (0.0, math.inf)}.get(
            name, (-math.inf, math.inf)
        )
        return max(value - z * stderr, low), min(value + z * stderr, high)

    def interval(
        self, level: float = 0.95, method: str = "profile", names: Iterable[str] = NAMES
    ) -> dict[str, tuple[float, float] | None]:
        """Confidence intervals of the parameters by name; None for one that is held.

        level: the share of all samples whose interval is to hold the truth, in (0, 1). names: of the parameters wanted.
        method: "profile", the values that a likelihood-ratio test does not reject, with the other parameters fitted
        anew for each value (some 30 to 60 ms a parameter for 150 samples). They are not symmetric, have no need of a
        standard error, and so exist at the bounds too: an interval that reaches a bound ends there, and next to a
        bound the test has the quantile that it has there (at it that of the even mixture of χ²₀ and χ²₁). They end
        at alpha = 0.2 where the search does. A location in S1 may have an infinite end where alpha = 1 is not
        rejected.
        "wald": the estimate and as many standard errors on either side as a normal law asks for, cut to the range of
        the parameter; None too where there is no standard error.

        Raises `UsageError` for other words or levels, and for profiles with importance weights, which make no
        likelihood. Raises as `log_likelihood` does where the samples have changed.
        Reference: S. G. Self and K.-Y. Liang, Journal of the American Statistical Association 82 (1987), 605-610.

        >>> from gnicli.stable import fit
        >>> found = fit(np.random.default_rng(0).normal(size=300))
        >>> found.alpha_stderr, found.interval(names=["alpha"])["alpha"][1]
        (None, 2.0)
        """
        wanted = list(names)
        for name in wanted:
            if name not in NAMES:
                raise UsageError(f"names must be of {', '.join(NAMES)}, got {name!r}")
        if method not in ("profile", "wald"):
            raise UsageError(f"method must be profile or wald, got {method!r}")
        if not 0.0 < level < 1.0:
            raise UsageError(f"level must be in (0, 1), got {level!r}")
        if method == "wald":
            return {name: self._wald(name, NormalDist().inv_cdf(0.5 + 0.5 * level)) for name in wanted}
        s = self._held_samples("ask for intervals")
        if s.importance:
            raise UsageError("importance weights make no likelihood, and so no profile: take method='wald'")
        from gnicli.stable.fitting.intervals import intervals

        estimates, stderrs = ({name: getattr(self, name + end) for name in NAMES} for end in ("", "_stderr"))
        held = {name: estimates[name] for name in self.held}
        return intervals(s, estimates, stderrs, self.parameterization, held, level, wanted)

    def summary(self) -> Summary:
        """A table to read: each parameter with its standard error and 95 % interval, the likelihood, n, and the notes.

        It is a string, which an interpreter or a notebook shows line by line. Where a parameter has no standard error
        the column says why: it is held, at its bound, or not identified. Works out `log_likelihood`, and raises as that
        does.

        >>> from gnicli.stable import StableLaw, fit
        >>> fit(StableLaw(1.5, 0.5, scale=2.0).rvs(5000, np.random.default_rng(0)), fixed={"loc": 0.0}).summary()
        Stable law (S1) by maximum likelihood, n = 5,000
        ------------------------------------------
               estimate  std. error  95 % interval
        ------------------------------------------
        alpha     1.497       0.019  1.461 … 1.534
        beta      0.493       0.031  0.433 … 0.553
        loc           0        held
        scale     2.024       0.030  1.965 … 2.083
        ------------------------------------------
        log-likelihood -13,814.37   AIC 27,634.74   fitted parameters 3
        """
        parameters = [
            Parameter(name, getattr(self, name), getattr(self, f"{name}_stderr"), self.ci95(name), self._why_not(name))
            for name in NAMES
        ]
        likelihood = (
            f"log-likelihood {self.log_likelihood:,.2f}   AIC {self.aic:,.2f}   fitted parameters {self.n_free}"
        )
        failure = [] if self.converged else ["The search did not end at a maximum."]
        title = f"Stable law ({self.parameterization}) by maximum likelihood, n = {self.n:,}"
        return table(title, parameters, [likelihood, *failure, *(f"Note: {note}" for note in self.notes)])

    def _why_not(self, name: str) -> str:
        """Why a parameter without a standard error has none."""
        if name in self.held:
            return "held"
        if name == "beta" and self.alpha == 2.0:
            return "not identified"
        bounds = {"alpha": (ALPHA_RANGE[0], 2.0), "beta": (-1.0, 1.0)}.get(name, ())
        return "at its bound" if getattr(self, name) in bounds else "none"

    def __getstate__(self) -> dict[str, object]:
        """Pickled without the samples."""
        self.log_likelihood  # noqa: B018 - worked out while the samples are at hand
        return {**self.__dict__, "_samples": None}
