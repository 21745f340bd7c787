"""The laws that a sample is compared with, each with what the tests need: fit, tails, quantiles, parameters."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

import numpy as np

from gnicli.stable import HalfCauchy, HalfNormal, Laplace, LogNormal, Normal, StableLaw, StudentT, SubWeibull, fit

LOG2 = math.log(2.0)
IN_UNITS = ("loc", "mean", "scale", "std")  # parameters that have the samples' unit
Tails = tuple[np.ndarray, np.ndarray]


class Law(Protocol):
    """A law with its parameters."""

    def logpdf(self, x: Any) -> Any:
        """Natural logarithm of the density."""
        ...

    def rvs(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """`n` draws."""
        ...


class Family(NamedTuple):
    """A kind of law. `log_tails(law, x)` gives log cdf and log sf; `n_free` counts the parameters that are fitted."""

    name: str
    words: str
    fit: Callable[[np.ndarray], Any]
    log_tails: Callable[[Any, np.ndarray], Tails]
    ppf: Callable[[Any, np.ndarray], np.ndarray]
    n_free: int
    is_one_sided: bool = False

    def parameters(self, law: Any) -> dict[str, float]:
        """The parameters by name."""
        names = [field.name for field in dataclasses.fields(law) if field.name != "parameterization"]
        return {name: float(getattr(law, name)) for name in names}

    def takes(self, x: np.ndarray) -> bool:
        """Whether the law lives where the samples are."""
        if not self.is_one_sided:
            return True
        least = float(x.min())
        return least > 0.0 if self.name == "log_normal" else least >= 0.0

    def in_units(self, law: Any, unit: float) -> Any:
        """The law of `unit` times a variable of `law`."""
        if isinstance(law, StableLaw):
            law = law.to("S0")
            return StableLaw(law.alpha, law.beta, law.loc * unit, law.scale * unit, "S0")
        if isinstance(law, LogNormal):
            return LogNormal(law.log_mean + math.log(unit), law.log_std)
        values = self.parameters(law)
        return dataclasses.replace(law, **{name: value * unit for name, value in values.items() if name in IN_UNITS})


def _other(log_tail: np.ndarray) -> np.ndarray:
    """log(1 − exp(log_tail))."""
    with np.errstate(divide="ignore"):
        return np.where(log_tail > -LOG2, np.log(-np.expm1(log_tail)), np.log1p(-np.exp(log_tail)))


def _symmetric(above: np.ndarray, log_tail: np.ndarray) -> Tails:
    """log cdf and log sf from the log of the nearer tail; `above` says on which side of the center x is."""
    far = _other(log_tail)
    return np.where(above, far, log_tail), np.where(above, log_tail, far)


def _normal_tails(law: Normal, x: np.ndarray) -> Tails:
    from scipy.special import log_ndtr

    z = (x - law.mean) / law.std
    return log_ndtr(z), log_ndtr(-z)


def _normal_ppf(law: Normal, q: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    return law.mean + law.std * ndtri(q)


def _stable_tails(law: StableLaw, x: np.ndarray) -> Tails:
    if law.alpha == 2.0:  # its cdf underflows where its logarithm does not
        return _normal_tails(Normal(law.loc, law.scale * math.sqrt(2.0)), x)
    with np.errstate(divide="ignore"):
        return np.log(law.cdf(x)), np.log(law.sf(x))


def _student_tails(law: StudentT, x: np.ndarray) -> Tails:
    from scipy.special import stdtr

    z = (x - law.loc) / law.scale
    with np.errstate(divide="ignore"):
        return _symmetric(z > 0.0, np.log(stdtr(law.df, -np.abs(z))))


def _student_ppf(law: StudentT, q: np.ndarray) -> np.ndarray:
    from scipy.special import stdtrit

    return law.loc + law.scale * stdtrit(law.df, q)


def _two_exponentials(q: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Sign and size of the q-quantile of Laplace's standard law."""
    with np.errstate(divide="ignore"):
        return np.sign(q - 0.5), -np.log(2.0 * np.minimum(q, 1.0 - q))


def _laplace_tails(law: Laplace, x: np.ndarray) -> Tails:
    z = (x - law.loc) / law.scale
    return _symmetric(z > 0.0, -np.abs(z) - LOG2)


def _laplace_ppf(law: Laplace, q: np.ndarray) -> np.ndarray:
    sign, size = _two_exponentials(q)
    return law.loc + law.scale * sign * size


def _sub_weibull_tails(law: SubWeibull, x: np.ndarray) -> Tails:
    z = (x - law.loc) / law.scale
    return _symmetric(z > 0.0, -(np.abs(z) ** (1.0 / law.r)) - LOG2)


def _sub_weibull_ppf(law: SubWeibull, q: np.ndarray) -> np.ndarray:
    sign, size = _two_exponentials(q)
    return law.loc + law.scale * sign * size**law.r


def _fit_sub_weibull(x: np.ndarray) -> SubWeibull:
    """Around the middle of the gap above the median: where r > 1 the likelihood is infinite with loc at a sample."""
    k = (x.size - 1) // 2
    low, high = np.partition(x, [k, k + 1])[k : k + 2]
    return SubWeibull.fit(x, loc=float(0.5 * low + 0.5 * high))


def _half_normal_tails(law: HalfNormal, x: np.ndarray) -> Tails:
    from scipy.special import log_ndtr

    log_sf = np.minimum(LOG2 + log_ndtr(-np.maximum(x, 0.0) / law.scale), 0.0)
    return _other(log_sf), log_sf


def _half_normal_ppf(law: HalfNormal, q: np.ndarray) -> np.ndarray:
    from scipy.special import ndtri

    return -law.scale * ndtri(0.5 * (1.0 - q))


def _half_cauchy_tails(law: HalfCauchy, x: np.ndarray) -> Tails:
    x = np.maximum(x, 0.0)
    with np.errstate(divide="ignore"):
        return (
            np.log(2.0 / math.pi * np.arctan2(x, law.scale)),
            np.log(2.0 / math.pi * np.arctan2(law.scale, x)),
        )


def _half_cauchy_ppf(law: HalfCauchy, q: np.ndarray) -> np.ndarray:
    return law.scale * np.tan(0.5 * math.pi * q)


def _log_normal_tails(law: LogNormal, x: np.ndarray) -> Tails:
    inside = np.where(x > 0.0, x, 1.0)
    log_cdf, log_sf = _normal_tails(Normal(law.log_mean, law.log_std), np.log(inside))
    return np.where(x > 0.0, log_cdf, -np.inf), np.where(x > 0.0, log_sf, 0.0)


def _log_normal_ppf(law: LogNormal, q: np.ndarray) -> np.ndarray:
    return np.exp(_normal_ppf(Normal(law.log_mean, law.log_std), q))


def stable_family(parameterization: str = "S1", fixed: dict[str, float] | None = None, *, exact: bool = True) -> Family:
    """Stable laws, with some parameters held; `exact` as in `gnicli.stable.fit`."""
    fixed = fixed or {}
    return Family(
        "stable",
        "stable",
        lambda x: fit(x, parameterization, fixed, exact=exact).law,
        _stable_tails,
        lambda law, q: law.ppf(q),
        4 - len(fixed),
    )


OTHERS = {
    family.name: family
    for family in (
        Family("normal", "Gaussian", Normal.fit, _normal_tails, _normal_ppf, 2),
        Family("student", "Student t", StudentT.fit, _student_tails, _student_ppf, 3),
        Family("laplace", "Laplace", Laplace.fit, _laplace_tails, _laplace_ppf, 2),
        Family("subweibull", "sub-Weibull", _fit_sub_weibull, _sub_weibull_tails, _sub_weibull_ppf, 3),
        Family("half_normal", "half-normal", HalfNormal.fit, _half_normal_tails, _half_normal_ppf, 1, True),
        Family("log_normal", "log-normal", LogNormal.fit, _log_normal_tails, _log_normal_ppf, 2, True),
        Family("half_cauchy", "half-Cauchy", HalfCauchy.fit, _half_cauchy_tails, _half_cauchy_ppf, 1, True),
    )
}
