"""The laws with a closed form, standard in S0: normal (alpha = 2), Cauchy (1, 0) and Lévy (1/2, ±1)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import special

_ROOT2 = math.sqrt(2.0)


class Form(NamedTuple):
    """Functions of the standard S0 law, of arrays and of NumPy's numbers.

    `isf` inverts `sf`, so that neither end of the law takes a 1 − q.
    """

    log_pdf: Callable[[Any], Any]
    log_tail: Callable[[Any], Any]  # of cdf where y < 0 and of sf elsewhere, far below the least float
    cdf: Callable[[Any], Any]
    sf: Callable[[Any], Any]
    ppf: Callable[[Any], Any]
    isf: Callable[[Any], Any]


def _normal_log_pdf(y: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # a log-density beyond the range of floats is −inf
        return -0.25 * y * y - 0.5 * math.log(4.0 * math.pi)


def _cauchy_tail(y: np.ndarray) -> np.ndarray:
    """P(X > y); atan2 keeps the upper tail's relative accuracy."""
    return np.arctan2(1.0, y) / math.pi


def _cauchy_quantile(q: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        near = np.minimum(q, 1.0 - q)
        size = np.where(near > 0.0, np.cos(math.pi * near) / np.sin(math.pi * near), np.inf)
        return np.where(q < 0.5, -size, size)


def _levy_log_pdf(y: np.ndarray) -> np.ndarray:
    z = y + 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = -0.5 * (1.0 / z + 3.0 * np.log(z) + math.log(2.0 * math.pi))
    return np.where(np.isnan(z), np.nan, np.where(z > 0.0, np.where(np.isinf(z), -np.inf, inside), -np.inf))


def _levy_log_tail(y: np.ndarray, lower: np.ndarray) -> np.ndarray:
    root = _levy_root(y)
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(lower, math.log(2.0) + special.log_ndtr(-_ROOT2 * root), np.log(special.erf(root)))


def _levy_root(y: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        root = 1.0 / (_ROOT2 * np.sqrt(y + 1.0))
        return np.where(y + 1.0 > 0.0, root, np.where(np.isnan(y), np.nan, np.inf))


def _levy_quantile(q: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return 0.5 / special.erfcinv(q) ** 2 - 1.0


def _levy_upper_quantile(q: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        return 0.5 / special.erfinv(q) ** 2 - 1.0


NORMAL = Form(
    _normal_log_pdf,
    lambda y: special.log_ndtr(-np.abs(y) / _ROOT2),
    lambda y: special.ndtr(y / _ROOT2),
    lambda y: special.ndtr(-y / _ROOT2),
    lambda q: _ROOT2 * special.ndtri(q),
    lambda q: -_ROOT2 * special.ndtri(q),
)
CAUCHY = Form(
    lambda y: -np.log(math.pi) - 2.0 * np.log(np.hypot(1.0, y)),
    lambda y: np.log(_cauchy_tail(np.abs(y))),
    lambda y: _cauchy_tail(-y),
    _cauchy_tail,
    _cauchy_quantile,
    lambda q: -_cauchy_quantile(q),
)
LEVY = Form(
    _levy_log_pdf,
    lambda y: _levy_log_tail(y, y < 0.0),
    lambda y: special.erfc(_levy_root(y)),
    lambda y: special.erf(_levy_root(y)),
    _levy_quantile,
    _levy_upper_quantile,
)
MIRRORED_LEVY = Form(
    lambda y: _levy_log_pdf(-y),
    lambda y: _levy_log_tail(-y, y >= 0.0),
    lambda y: LEVY.sf(-y),
    lambda y: LEVY.cdf(-y),
    lambda q: -_levy_upper_quantile(q),
    lambda q: -_levy_quantile(q),
)


def find(alpha: float, beta: float) -> Form | None:
    """The closed form of a law, if it has one."""
    if alpha == 2.0:
        return NORMAL
    if alpha == 1.0 and beta == 0.0:
        return CAUCHY
    if alpha == 0.5 and abs(beta) == 1.0:
        return LEVY if beta > 0.0 else MIRRORED_LEVY
    return None
