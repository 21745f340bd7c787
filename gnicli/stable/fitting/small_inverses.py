"""Inverses of a few symmetric 4×4 matrices, on plain floats.

Between other work the code of LAPACK has left the caches, and its first call takes 60 µs: a twentieth of a fit. These
few lines take 3 µs a matrix, and 10 when they are cold.
"""

from __future__ import annotations

import numpy as np

IDENTITY = np.eye(4)
Row = tuple[float, float, float, float]
Rows = tuple[Row, Row, Row, Row]


def inverse_of_definite(matrix: list[list[float]]) -> Rows | None:
    """The inverse of a symmetric matrix (its lower half is read), by LDLᵀ; None where it is not positive definite."""
    (d0, _, _, _), (a10, a11, _, _), (a20, a21, a22, _), (a30, a31, a32, a33) = matrix
    if not d0 > 0.0:
        return None
    l10, l20, l30 = a10 / d0, a20 / d0, a30 / d0
    d1 = a11 - l10 * a10
    if not d1 > 0.0:
        return None
    b21, b31 = a21 - l20 * a10, a31 - l30 * a10
    l21, l31 = b21 / d1, b31 / d1
    d2 = a22 - l20 * a20 - l21 * b21
    if not d2 > 0.0:
        return None
    b32 = a32 - l30 * a20 - l31 * b21
    l32 = b32 / d2
    d3 = a33 - l30 * a30 - l31 * b31 - l32 * b32
    if not d3 > 0.0:
        return None
    # M = L⁻¹ below its diagonal of 1, then Mᵀ D⁻¹ M
    m20, m31 = l21 * l10 - l20, l32 * l21 - l31
    m30 = l31 * l10 - l30 - l32 * m20
    i0, i1, i2, i3 = 1.0 / d0, 1.0 / d1, 1.0 / d2, 1.0 / d3
    c30, c31, c32 = m30 * i3, m31 * i3, -l32 * i3
    c20, c21, c22 = m20 * i2 - l32 * c30, -l21 * i2 - l32 * c31, i2 - l32 * c32
    c10 = m31 * c30 - l21 * m20 * i2 - l10 * i1
    c11 = i1 + l21 * l21 * i2 + m31 * c31
    c00 = i0 + l10 * l10 * i1 + m20 * m20 * i2 + m30 * c30
    return (c00, c10, c20, c30), (c10, c11, c21, c31), (c20, c21, c22, c32), (c30, c31, c32, i3)


def inverse_of(matrix: list[list[float]], floor: float) -> tuple[Rows, bool]:
    """The inverse of a finite symmetric matrix, and whether that is positive definite.

    What has eigenvalues that are negative or below the `floor` is inverted with their sizes, or with the floor.
    """
    found = inverse_of_definite(matrix)
    if found is not None:
        (a, _, _, _), (_, b, _, _), (_, _, c, _), (_, _, _, d) = found
        if (a + b + c + d) * floor < 1.0:  # the trace: none is below
            return found, True
    values, vectors = np.linalg.eigh(np.array(matrix))
    inverse = (vectors / np.maximum(np.abs(values), floor)) @ vectors.T
    r0, r1, r2, r3 = (tuple(row) for row in inverse.tolist())
    return (r0, r1, r2, r3), bool(values[0] > 0.0)


def covariance(information: np.ndarray, free: np.ndarray) -> np.ndarray | None:
    """For `Optimum.covariance`: of the information (4, 4), finite where it is free, and which of its rows are."""
    inverse = inverse_of_definite(restricted(information, free).tolist())
    return None if inverse is None else of_free(np.array(inverse), free)


def of_free(matrix: np.ndarray, free: np.ndarray) -> np.ndarray:
    """The matrix (4, 4) with 0 in rows and columns of what is not free (4,)."""
    return matrix if free.all() else np.where(np.outer(free, free), matrix, 0.0)


def restricted(information: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Information (…, 4, 4) with rows and columns of the identity for what is not free (…, 4)."""
    return np.where(free[..., :, None] & free[..., None, :], information, IDENTITY)
