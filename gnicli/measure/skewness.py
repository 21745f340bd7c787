"""Skewness and excess kurtosis from raw moments; all take numbers and arrays alike."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

Number = TypeVar("Number", float, np.ndarray)


def central(first: Number, second: Number, third: Number, fourth: Number) -> tuple[Number, Number, Number]:
    """The central moments of orders 2, 3 and 4 from the raw ones E x, E x², E x³, E x⁴."""
    return (
        second - first**2,
        third - 3 * first * second + 2 * first**3,
        fourth - 4 * first * third + 6 * first**2 * second - 3 * first**4,
    )


def standardized(variance: Number, third: Number, fourth: Number) -> tuple[Number, Number]:
    """Skewness and excess kurtosis from central moments; the variance is not 0."""
    return third / variance**1.5, fourth / variance**2 - 3.0
