"""A stable law with location and scale: from values in the samples' units to the standard S0 law and back."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gnicli.errors import UsageError
from gnicli.stable.density import inversion
from gnicli.stable.domain import LEAST_WITH_DENSITY
from gnicli.stable.parameterization import shift_in_scales
from gnicli.stable.sampling import moved

if TYPE_CHECKING:
    from gnicli.stable.density.one_point import OnePoint, OnePointOfForm

_SEEN = -40.0  # of log scale: above it a density below exp(-800) of the standard law is 0 in units of the samples too


_EDGE = -1e5  # of log pdf: next to the edge of a one-sided law `ends.fill_edge` may be asked


def require_density(alpha: np.typing.ArrayLike) -> None:
    """Raise `UsageError` where an alpha is below what densities and all that is made of them are for."""
    least = float(np.min(alpha, initial=2.0))
    if least < LEAST_WITH_DENSITY:
        raise UsageError(
            f"density, distribution function and quantiles are for alpha in [{LEAST_WITH_DENSITY:g}, 2], "
            f"got {least!r}: only draws and the characteristic function are for alpha below"
        )


@dataclass(frozen=True)
class Located:
    """The parameters of a law, and what its functions are made of; `law.StableLaw` checks and explains.

    The functions of this class are for parameters that are numbers; `many_laws` makes those of arrays from them.
    """

    alpha: Any
    beta: Any
    loc: Any = 0.0
    scale: Any = 1.0
    parameterization: str = "S1"

    def __getstate__(self) -> dict[str, Any]:
        """The parameters alone: what was derived from them is derived again."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """The common shape of the parameters: () where they are numbers."""
        return np.broadcast_shapes(*(np.shape(each) for each in (self.alpha, self.beta, self.loc, self.scale)))

    @cached_property
    def _shift(self) -> float:
        """The origin of the standard law, from which `coordinates` measures y, in scales from loc."""
        own = "S1" if self.alpha < inversion.IN_S1 else "S0"
        if self.parameterization == own:
            return 0.0
        shift = shift_in_scales(self.alpha, self.beta, self.scale)
        return shift if own == "S0" else -shift

    @cached_property
    def _log_scale(self) -> float:
        return math.log(self.scale)

    @cached_property
    def _one(self) -> OnePoint | OnePointOfForm:
        """What gives single values fast."""
        from gnicli.stable.density.one_point import one_point

        return one_point(self.alpha, self.beta)

    def _standard(self, x: np.ndarray) -> np.ndarray:
        """x in units of the standard law. The origin is moved after scaling, which keeps x − loc exact."""
        return self._in_scales(x) - self._shift

    def _in_scales(self, x: np.ndarray) -> np.ndarray:
        """(x − loc) / scale, right too where x − loc alone is beyond the range of floats."""
        with np.errstate(over="ignore", invalid="ignore"):  # ±inf: see `_lost`
            y = (x - self.loc) / self.scale
            lost = np.isinf(y)
            if lost.any():
                y[lost] = (0.5 * x[lost] - 0.5 * self.loc) / self.scale * 2.0
        return y

    def _lost(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Which x are finite though their y is not, and log|y| of these."""
        lost = np.flatnonzero(np.isinf(y) & np.isfinite(x))
        half = np.abs(0.5 * x[lost] - 0.5 * self.loc)
        return lost, np.log(half) + (math.log(2.0) - math.log(self.scale))

    def _shaped(self, x: np.typing.ArrayLike, function: Callable[[np.ndarray], np.ndarray]) -> Any:
        """`function` of the values in one row, in the shape of `x`: a float of a number, masked where `x` is."""
        array = np.asarray(x, dtype=np.float64)
        with np.errstate(under="ignore"):
            out = function(array.ravel()).reshape(array.shape)
        if isinstance(x, np.ma.MaskedArray):
            return np.ma.array(out, mask=np.ma.getmask(x))
        return out if array.ndim else float(out)

    def _log(self, x: np.ndarray, which: int, underflow: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """log pdf (`which` 0) or log of the nearer tail (1) of the standard law at x, and y."""
        from gnicli.stable.density import closed_forms, ends, interpolation

        y = self._standard(x)
        form = closed_forms.find(self.alpha, self.beta)
        if form:
            with np.errstate(divide="ignore"):
                value = form.log_tail(y) if which else form.log_pdf(y)
        else:
            interpolant = interpolation.table(self.alpha, self.beta)
            value = interpolant.log_tail(y, underflow) if which else interpolant.log_pdf(y, underflow)
        lost, log_size = self._lost(x, y)
        if lost.size:
            value[lost] = ends.log_power(self.alpha, self.beta, y[lost] > 0.0, log_size, which)
        if self.alpha < 1.0 and abs(self.beta) == 1.0:
            ends.fill_edge(self.alpha, self._from_edge(x, y), value, which)
        return value, y

    def _from_edge(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """How far x is from the edge of a one-sided support, inwards and in scales; exact in S1."""
        if self.parameterization == "S0" and self.alpha >= inversion.IN_S1:
            return (y - inversion.zeta(inversion.shape(self.alpha, self.beta))) * self.beta
        return (y if self.alpha < inversion.IN_S1 else self._in_scales(x)) * self.beta

    def _density(self, x: np.ndarray) -> np.ndarray:
        log_pdf, _ = self._log(x, 0, underflow=self._log_scale > _SEEN)
        with np.errstate(over="ignore"):  # beyond the range of floats: inf
            return np.where(log_pdf > -600.0, np.exp(log_pdf) / self.scale, np.exp(log_pdf - self._log_scale))

    def _is_upper(self, y: np.ndarray) -> np.ndarray:
        """Where the tail of `_log` is the upper one."""
        from gnicli.stable.density import closed_forms, interpolation

        if closed_forms.find(self.alpha, self.beta):
            return y >= 0.0
        return np.asarray(interpolation.table(self.alpha, self.beta).is_upper(y))

    def _one_side(self, x: np.ndarray, lower: bool) -> np.ndarray:
        log_tail, y = self._log(x, 1, underflow=True)
        return np.where(self._is_upper(y) != lower, np.exp(log_tail), -np.expm1(log_tail))

    def _logpdf(self, x: np.ndarray) -> np.ndarray:
        return self._log(x, 0)[0] - self._log_scale

    def _log_one_side(self, x: np.ndarray, lower: bool) -> np.ndarray:
        log_tail, y = self._log(x, 1)
        with np.errstate(divide="ignore"):
            return np.where(self._is_upper(y) != lower, log_tail, np.log1p(-np.exp(log_tail)))

    # ------------------------------------------------------------------------------------------------- single values

    def _one_log(self, x: float, which: int) -> tuple[float, float] | None:
        """log pdf or log of the nearer tail of the standard law at one x, and y; None where the arrays are needed."""
        y = (x - self.loc) / self.scale - self._shift
        value = self._one.log(y, which)
        if value is None or (value < _EDGE and self.alpha < 1.0):
            return None
        return value, y

    def _one_density(self, x: float) -> float | None:
        found = self._one_log(x, 0)
        if found is None or not -600.0 < found[0] < 600.0:
            return None
        value = float(np.exp(found[0])) / self.scale
        return value if value < math.inf else None

    def _one_logpdf(self, x: float) -> float | None:
        found = self._one_log(x, 0)
        return None if found is None else found[0] - self._log_scale

    def _one_of_sides(self, x: float, lower: bool, log: bool) -> float | None:
        found = self._one_log(x, 1)
        if found is None or found[0] < -600.0:
            return None
        near = self._one.is_upper(found[1]) != lower
        if log:
            return found[0] if near else float(np.log1p(-np.exp(found[0])))
        return float(np.exp(found[0]) if near else -np.expm1(found[0]))

    def _one_quantile(self, q: float, lower: bool) -> float | None:
        y = self._one.quantile(q, lower) if 0.0 < q < 1.0 else None
        return None if y is None else float(moved(y + self._shift, self.scale, self.loc))

    def _quantile(self, q: np.ndarray, lower: bool) -> np.ndarray:
        from gnicli.stable.density import closed_forms, ends, interpolation
        from gnicli.stable.density.exact import support

        y = np.full_like(q, np.nan)
        low, high = support(self.alpha, self.beta)
        y[q == 0.0], y[q == 1.0] = (low, high) if lower else (high, low)
        inside = (q > 0.0) & (q < 1.0)
        p = q[inside]
        interpolant, form = None, closed_forms.find(self.alpha, self.beta)
        if form:
            found = form.ppf(p) if lower else form.isf(p)
            upper = found >= 0.0
            log_tail = np.where(upper == lower, np.log1p(-p), np.log(p))
        else:
            interpolant = interpolation.table(self.alpha, self.beta)
            sf_middle = math.exp(interpolant.log_tail(np.array([interpolant.middle]))[0])
            upper = p >= 1.0 - sf_middle if lower else p <= sf_middle
            log_tail = np.where(upper == lower, np.log1p(-p), np.log(p))
            found = interpolant.quantile(log_tail, upper)
        log_size = np.full_like(p, -np.inf)
        for side, skew in ((upper, self.beta), (~upper, -self.beta)):
            tail = ends.power(self.alpha, skew)
            if tail and side.any():
                log_size[side] = tail.log_quantile(log_tail[side])
        far = log_size > ends.log_farthest(self.alpha)
        sign = np.where(upper, 1.0, -1.0)
        with np.errstate(over="ignore"):  # beyond the range of floats: inf
            y[inside] = np.where(far, sign * np.exp(np.where(far, log_size, 0.0)), found)
            x = self._from_standard(y)
            lost = far & np.isinf(y[inside])
            half = sign[lost] * np.exp(log_size[lost] + (math.log(self.scale) - math.log(2.0)))
            x[np.flatnonzero(inside)[lost]] = 2.0 * (half + 0.5 * self.loc)
        return x

    def _from_standard(self, y: np.ndarray) -> np.ndarray:
        return moved(y + self._shift, self.scale, self.loc)


class Function(NamedTuple):
    """One function of a law: of a single value (None where that takes the arrays), and of a row of values."""

    single: Callable[[Any, float], float | None]
    row: Callable[[Any, np.ndarray], np.ndarray]


FUNCTIONS = {
    "logpdf": Function(Located._one_logpdf, Located._logpdf),
    "pdf": Function(Located._one_density, Located._density),
    "cdf": Function(lambda law, x: law._one_of_sides(x, True, False), lambda law, x: law._one_side(x, True)),
    "sf": Function(lambda law, x: law._one_of_sides(x, False, False), lambda law, x: law._one_side(x, False)),
    "logcdf": Function(lambda law, x: law._one_of_sides(x, True, True), lambda law, x: law._log_one_side(x, True)),
    "logsf": Function(lambda law, x: law._one_of_sides(x, False, True), lambda law, x: law._log_one_side(x, False)),
    "ppf": Function(lambda law, q: law._one_quantile(q, True), lambda law, q: law._quantile(q, True)),
    "isf": Function(lambda law, q: law._one_quantile(q, False), lambda law, q: law._quantile(q, False)),
}
