"""Skewness and excess kurtosis, of raw moments and of standardized values; they take numbers and arrays alike."""

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


def of_columns(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Skewness and excess kurtosis of each column of `z` (n, k), which has mean 0 and variance 1."""
    return (z**3).mean(axis=0), (z**4).mean(axis=0) - 3.0
