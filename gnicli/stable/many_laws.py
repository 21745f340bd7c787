"""Laws whose parameters are arrays: each pair (alpha, beta) is one standard law, asked at all its points at once.

Location and scale may differ from point to point, which costs nothing. Values that leave the range of floats in scales
are asked of their own law, one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from gnicli.errors import UsageError
from gnicli.stable.density import inversion
from gnicli.stable.density.located import Located
from gnicli.stable.parameterization import shift_in_scales
from gnicli.stable.sampling import draw

QUANTILES = ("ppf", "isf")


def broadcast(law: Located, *others: np.ndarray) -> list[np.ndarray]:
    """alpha, beta, loc, scale and the others in their common shape. Raises `UsageError` where there is none."""
    arrays = [np.asarray(each, dtype=np.float64) for each in (law.alpha, law.beta, law.loc, law.scale)]
    try:
        return list(np.broadcast_arrays(*arrays, *others))
    except ValueError:
        shapes = ", ".join(str(each.shape) for each in others)
        raise UsageError(f"shapes do not broadcast: parameters {np.broadcast(*arrays).shape}, given {shapes}") from None


def pairs(alpha: np.ndarray, beta: np.ndarray) -> Iterator[tuple[float, float, np.ndarray]]:
    """Each pair (alpha, beta) that occurs in the two rows, in order of size, and the places where it does."""
    found, inverse = np.unique(np.stack([alpha, beta], axis=1), axis=0, return_inverse=True)
    order = np.argsort(inverse.ravel(), kind="stable")
    places = np.split(order, np.cumsum(np.bincount(inverse.ravel(), minlength=len(found)))[:-1])
    for (a, b), index in zip(found.tolist(), places, strict=True):
        yield a, b, index


def _skewed(law: Located, alpha: float, beta: float, scale: np.ndarray) -> np.ndarray | float:
    """What moves the S1 law at alpha = 1 with the logarithm of its scale, in scales."""
    return beta * (2.0 / math.pi) * np.log(scale) if law.parameterization == "S1" and alpha == 1.0 else 0.0


def values(law: Located, name: str, x: np.typing.ArrayLike) -> Any:
    """The function `name` of `density.located.FUNCTIONS`, in the common shape of the parameters and x."""
    alpha, beta, loc, scale, at = broadcast(law, np.asarray(x, dtype=np.float64))
    shape = at.shape
    alpha, beta, loc, scale, at = (each.ravel() for each in (alpha, beta, loc, scale, at))
    out = np.empty(at.size)
    for a, b, index in pairs(alpha, beta) if at.size else ():
        out[index] = _of_pair(law, name, a, b, loc[index], scale[index], at[index])
    if isinstance(x, np.ma.MaskedArray):
        return np.ma.array(out.reshape(shape), mask=np.broadcast_to(np.ma.getmaskarray(x), shape))
    return out.reshape(shape)


def _of_pair(
    law: Located, name: str, alpha: float, beta: float, loc: np.ndarray, scale: np.ndarray, x: np.ndarray
) -> np.ndarray:
    standard = type(law)(alpha, beta, 0.0, 1.0, law.parameterization)
    skewed = _skewed(law, alpha, beta, scale)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        if name in QUANTILES:
            y = getattr(standard, name)(x)
            value = 2.0 * (0.5 * scale * (y + skewed) + 0.5 * loc)
            lost = np.isinf(value) & (x > 0.0) & (x < 1.0)
        else:
            y = (x - loc) / scale - skewed
            lost = ~np.isfinite(y) & np.isfinite(x)
            value = getattr(standard, "logpdf" if name == "pdf" else name)(np.where(lost, 0.0, y))
            if name == "logpdf":
                value = value - np.log(scale)
            elif name == "pdf":
                value = np.where(value > -600.0, np.exp(value) / scale, np.exp(value - np.log(scale)))
    for k in np.flatnonzero(lost):
        value[k] = getattr(type(law)(alpha, beta, loc[k], scale[k], law.parameterization), name)(x[k])
    return value


def characteristic(law: Any, t: np.ndarray) -> np.ndarray:
    """E exp(itX), complex128 in the common shape of the parameters and t."""
    alpha, beta, loc, scale, at = broadcast(law, t)
    out = np.empty(at.size, dtype=np.complex128)
    flat = [each.ravel() for each in (alpha, beta, loc, scale, at)]
    for k, (a, b, mu, sigma, each) in enumerate(zip(*(row.tolist() for row in flat), strict=True)):
        out[k] = type(law)(a, b, mu, sigma, law.parameterization).cf(each)
    return out.reshape(at.shape)


def shifts(law: Located) -> np.ndarray:
    """(loc₀ − loc₁) / scale of each law, in the shape of the parameters."""
    alpha, beta, _, scale = broadcast(law)
    rows = zip(alpha.ravel().tolist(), beta.ravel().tolist(), scale.ravel().tolist(), strict=True)
    return np.array([shift_in_scales(*row) for row in rows]).reshape(alpha.shape)


def draws(law: Located, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Independent draws from each law, float64 of this shape, whose last axes are those of the parameters."""
    try:
        alpha, beta, loc, scale = (
            np.broadcast_to(np.asarray(each, dtype=np.float64), shape).ravel()
            for each in (law.alpha, law.beta, law.loc, law.scale)
        )
    except ValueError:
        raise UsageError(f"size must end with the shape of the parameters, {law.shape}, got {shape}") from None
    out = np.empty(alpha.size)
    for a, b, index in pairs(alpha, beta) if alpha.size else ():
        y = draw(a, b, 0.0, 1.0, index.size, rng)
        if law.parameterization == "S0" and a < inversion.IN_S1:
            y -= shift_in_scales(a, b, 1.0)
        elif law.parameterization == "S1" and a >= inversion.IN_S1:
            y += np.array(shift_in_scales(a, b, 1.0)) + _skewed(law, a, b, scale[index])
        with np.errstate(over="ignore"):
            out[index] = 2.0 * (0.5 * scale[index] * y + 0.5 * loc[index])
    return out.reshape(shape)
