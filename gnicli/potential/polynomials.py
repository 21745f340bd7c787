"""What one-dimensional polynomial potentials share: values, turning points, checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from gnicli import checks
from gnicli.errors import FieldError

MOST_DEGREE = 32  # of f: beyond, double precision does not find the turning points from the coefficients
LARGEST = 1e100  # coefficient: the fourth power of a force of such ones is still a number
FARTHEST = 1e6  # well: coefficients of the highest degree are then below 1e200
_SAME = 1e-6  # relative distance below which roots count as one root of higher multiplicity


def evaluate(coefficients: Sequence[float] | np.ndarray, w: np.ndarray) -> np.ndarray:
    """Σ c_j w^j by Horner's rule; `coefficients` in ascending powers, `w` of any shape."""
    result = np.full_like(w, coefficients[-1], dtype=float)
    for c in coefficients[-2::-1]:
        result *= w
        if c:
            result += c
    return result


def derivative(coefficients: Sequence[float] | np.ndarray, times: int = 1) -> np.ndarray:
    """Coefficients of the derivative."""
    return np.polynomial.polynomial.polyder(np.asarray(coefficients, float), times)


def turning_points(coefficients: Sequence[float] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Minimizers and maximizers of a polynomial, each ascending. Multiple roots of f' count once, inflections never."""
    force = derivative(np.trim_zeros(np.asarray(coefficients, float), "b"))
    roots = np.polynomial.polynomial.polyroots(force)
    size = 1 + np.abs(roots).max(initial=0.0)
    # A root of multiplicity m comes out as a ring of radius eps^(1/m) around it.
    candidates = np.sort(roots[np.abs(roots.imag) < 1e-4 * size].real)
    groups: list[list[float]] = []
    for root in candidates:
        if groups and root - groups[-1][-1] < 100 * _SAME * size:
            groups[-1].append(root)
        else:
            groups.append([root])
    centers = np.array([np.mean(group) for group in groups])
    edges = np.concatenate([[-2 * size], (centers[1:] + centers[:-1]) / 2, [2 * size]])
    signs = np.sign(evaluate(force, edges))
    minima = [x for x, before, after in zip(centers, signs, signs[1:], strict=False) if before < 0 < after]
    maxima = [x for x, before, after in zip(centers, signs, signs[1:], strict=False) if before > 0 > after]
    return np.array(minima), np.array(maxima)


def check_list(key: str, values: Any, least: int, most: int, size: float) -> list[float]:
    """Check a list of `least` to `most` numbers of absolute value up to `size` and return it as floats."""
    if not isinstance(values, Sequence) or isinstance(values, str) or len(values) < least:
        raise FieldError(key, f": expected a list of at least {least} number{'s'[: least > 1]}, got {values!r}")
    if len(values) > most:
        raise FieldError(key, f" may hold {most} numbers, got {len(values)}: take a potential of lower degree")
    for i, value in enumerate(values):
        checks.number(f"{key}[{i}]", value, least=-size, most=size)
    return [float(value) for value in values]
