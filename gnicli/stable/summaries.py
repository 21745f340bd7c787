"""What sums up a stable law: mean, variance, moments, median, intervals, support and entropy, as SciPy names them."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np

from gnicli.errors import UsageError
from gnicli.stable import many_laws
from gnicli.stable.density.located import FUNCTIONS, Located, require_density

_PANEL = 1.0 / 64.0  # of u in the integral of the entropy
_NODES = 16


@lru_cache(maxsize=256)
def standard_entropy(alpha: float, beta: float) -> float:
    """−∫ f log f of the standard law in nats: Gauss's rule on panels of u, and Laguerre's in the power tails."""
    from gnicli.stable.density import closed_forms, ends, interpolation
    from gnicli.stable.density.coordinates import coordinates

    form = closed_forms.find(alpha, beta)
    log_pdf, where = form.log_pdf if form else interpolation.table(alpha, beta).log_pdf, coordinates(alpha, beta)
    node, weight = np.polynomial.legendre.leggauss(_NODES)
    left = np.arange(-where.reach, where.reach, _PANEL)
    u = left[:, None] + 0.5 * _PANEL * (node + 1.0)
    value = log_pdf(where.y(u).ravel()).reshape(u.shape)
    log_weight = np.where(value > -700.0, value, -np.inf) + np.log(np.cosh(u)) + math.log(where.unit)
    total = -float(((np.exp(log_weight) * np.where(value > -700.0, value, 0.0)) @ weight).sum()) * 0.5 * _PANEL
    for skew in (beta, -beta):
        tail = ends.power(alpha, skew)
        if tail:  # beyond, with v = log x: ∫ exp(log f + v) (−log f) dv, which falls as exp(−α v)
            v, share = np.polynomial.laguerre.laggauss(32)
            log_x = where.reach + math.log(0.5 * where.unit) + v / alpha
            beyond = tail.log_pdf(log_x)
            total += float((share * np.exp(beyond + log_x + v) * -beyond).sum()) / alpha
    return total


class Summaries(Located):
    """The numbers that sum up a law; each in the shape of the parameters, a float where these are numbers."""

    def _plain(self, value: np.ndarray) -> Any:
        return value if self.shape else float(value)

    def median(self) -> Any:
        """The median, in the unit of the samples.

        >>> from gnicli.stable import StableLaw
        >>> round(StableLaw(1.5, 0.5, loc=1.0, scale=2.0).median(), 6)
        0.267706
        """
        return self._values("ppf", 0.5)

    def mean(self) -> Any:
        """The mean: loc in S1 for alpha > 1. For alpha <= 1 it is ±inf where beta is ±1, and NaN elsewhere (undefined).

        >>> from gnicli.stable import StableLaw
        >>> StableLaw(1.5, 0.5, loc=1.0, scale=2.0).mean(), StableLaw(0.7, -1.0).mean()
        (1.0, -inf)
        """
        alpha, beta, loc, scale = many_laws.broadcast(self)
        one_sided = np.where(np.abs(beta) == 1.0, np.copysign(np.inf, beta), np.nan)
        if self.parameterization == "S1":
            return self._plain(np.where(alpha > 1.0, loc, one_sided))
        with np.errstate(over="ignore", invalid="ignore"):
            return self._plain(np.where(alpha > 1.0, loc - scale * many_laws.shifts(self), one_sided))

    def var(self) -> Any:
        """The variance: 2 scale² at alpha = 2, else inf.

        >>> from gnicli.stable import StableLaw
        >>> StableLaw(2.0, 0.0, scale=3.0).var(), StableLaw(1.9, 0.0).var()
        (18.0, inf)
        """
        alpha, _, _, scale = many_laws.broadcast(self)
        with np.errstate(over="ignore"):
            return self._plain(np.where(alpha == 2.0, 2.0 * scale * scale, np.inf))

    def std(self) -> Any:
        """The standard deviation: √2 scale at alpha = 2, else inf.

        >>> from gnicli.stable import StableLaw
        >>> round(StableLaw(2.0, 0.0, scale=0.5**0.5).std(), 12)
        1.0
        """
        alpha, _, _, scale = many_laws.broadcast(self)
        return self._plain(np.where(alpha == 2.0, math.sqrt(2.0) * scale, np.inf))

    def stats(self, moments: str = "mv") -> Any:
        """Mean ("m"), variance ("v"), skewness ("s") and excess kurtosis ("k"), those asked for, in this order.

        Skewness and kurtosis are 0 at alpha = 2 and NaN elsewhere (undefined). One value if one is asked for, else
        a tuple.
        Raises `UsageError` for other letters.

        >>> from gnicli.stable import StableLaw
        >>> StableLaw(2.0, 0.0, loc=1.0).stats("mvsk")
        (1.0, 2.0, 0.0, 0.0)
        """
        if not moments or set(moments) - set("mvsk"):
            raise UsageError(f"moments must be letters of m, v, s and k, got {moments!r}")
        alpha = many_laws.broadcast(self)[0]
        higher = self._plain(np.where(alpha == 2.0, 0.0, np.nan))
        made = {"m": self.mean, "v": self.var, "s": lambda: higher, "k": lambda: higher}
        found = tuple(make() for letter, make in made.items() if letter in moments)
        return found if len(found) > 1 else found[0]

    def interval(self, confidence: np.typing.ArrayLike) -> tuple[Any, Any]:
        """Both ends of the interval that holds this probability, with equal tails outside.

        confidence: in [0, 1], of any shape. Raises `UsageError` outside.

        >>> from gnicli.stable import StableLaw
        >>> [round(each, 3) for each in StableLaw(2.0, 0.0, scale=0.5**0.5).interval(0.95)]
        [-1.96, 1.96]
        """
        inside = np.asarray(confidence, dtype=np.float64)
        if not ((inside >= 0.0) & (inside <= 1.0)).all():
            raise UsageError(f"confidence must be in [0, 1], got {confidence!r}")
        tail = 0.5 - 0.5 * inside
        return self._values("ppf", tail[()]), self._values("isf", tail[()])

    def support(self) -> tuple[Any, Any]:
        """Both ends of the support: one is finite where alpha < 1 and beta = ±1.

        >>> from gnicli.stable import StableLaw
        >>> StableLaw(0.7, 1.0, loc=3.0).support()
        (3.0, inf)
        """
        alpha, beta, loc, scale = many_laws.broadcast(self)
        edge = loc
        if self.parameterization == "S0":
            with np.errstate(over="ignore", invalid="ignore"):
                edge = 2.0 * (0.5 * loc - 0.5 * scale * many_laws.shifts(self))
        low = np.where((alpha < 1.0) & (beta == 1.0), edge, -np.inf)
        return self._plain(low), self._plain(np.where((alpha < 1.0) & (beta == -1.0), edge, np.inf))

    def entropy(self) -> Any:
        """The differential entropy −∫ f log f in nats, to 1e-9; some 50 ms for a new pair (alpha, beta).

        >>> from gnicli.stable import StableLaw
        >>> round(StableLaw(1.0, 0.0).entropy(), 6)  # Cauchy's law: log 4π
        2.531024
        """
        alpha, beta, _, scale = many_laws.broadcast(self)
        require_density(alpha)
        rows = zip(alpha.ravel().tolist(), beta.ravel().tolist(), strict=True)
        standard = np.array([standard_entropy(*row) for row in rows]).reshape(alpha.shape)
        return self._plain(standard + np.log(scale))

    def _values(self, name: str, x: np.typing.ArrayLike) -> Any:
        if self.shape:
            return many_laws.values(self, name, x)
        require_density(self.alpha)
        function = FUNCTIONS[name]
        if isinstance(x, float | int):
            value = function.single(self, float(x))
            if value is not None:
                return value
        return self._shaped(x, lambda flat: function.row(self, flat))
