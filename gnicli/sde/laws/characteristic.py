"""The characteristic function of the stationary law, by a boundary-value problem on Chebyshev elements.

For dw = −f'(w) dt + ε dL with f' = Σ_j c_j w^j of odd degree n = 2p − 1, stationarity tested on e^{ikw} says

    Σ_j c_j (−i)^{j+1} φ^{(j)}(k) = ε^α k^{α−1} (1 − iβ tan(πα/2)) φ(k),   k > 0.

At k = 0 the derivatives are i^j times real moments (2p real conditions with φ(0) = 1); far out p of the n local
solutions decay, and the p − 1 growing ones are removed (2p − 2 real conditions). Shooting from either end fails, so
every element contributes the exact propagation of the state (φ, φ', …, φ^{(n−1)}) over its length, and one banded
system joins them. The elements are graded towards k = 0, where φ is not smooth.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev
from scipy import linalg

from gnicli.errors import NumericalError

NODES = 20
_FIRST = 1e-15  # end of the first element, in units of the length scale's inverse; shorter than any error that shows
_DECAY = 40.0  # e^-40 is below rounding beside φ(0) = 1
_MAX_ELEMENTS = 20_000


class Solution(NamedTuple):
    """φ as Chebyshev polynomials: `edges` (n_elements + 1,), `coefficients` (n_elements, NODES); the law's `moments`
    m_0 … m_{n−1}; `symbols` d_j = c_j (−i)^{j+1}; `drive` = ε^α (1 − iβ tan(πα/2)).
    """

    edges: np.ndarray
    coefficients: np.ndarray
    moments: np.ndarray
    symbols: np.ndarray
    drive: complex


def solve(force: np.ndarray, alpha: float, drive: complex) -> Solution:
    """Solve for φ; `force` holds c_0 … c_n of f', n odd and c_n > 0."""
    order = len(force) - 1
    symbols = force * (-1j) ** np.arange(1, order + 2)
    edges = _mesh(symbols, alpha, drive)
    steps = _propagators(edges, symbols, alpha, drive)
    first = _first_step(edges[1], symbols, alpha, drive)
    states = _join(np.concatenate([first[None], steps[0]]), edges, symbols, alpha, drive)
    # Element e ≥ 1: u = φ^{(n)} at its nodes is linear in the state at its left edge.
    u = np.einsum("eij,ej->ei", steps[1], states[1:-1])
    values = _taylor(edges, order, states) + np.einsum("ij,ej->ei", _integrators(order)[-1], u) * (
        (np.diff(edges)[1:, None] / 2) ** order
    )
    coefficients = np.zeros((len(edges) - 1, NODES), complex)
    coefficients[1:] = values @ _to_coefficients().T
    coefficients[0, :2] = (states[0, 0] + states[1, 0]) / 2, (states[1, 0] - states[0, 0]) / 2
    moments = np.real(states[0] * (-1j) ** np.arange(order))
    return Solution(edges, coefficients, moments, symbols, drive)


def values(solution: Solution, k: np.ndarray) -> np.ndarray:
    """φ(k) for k >= 0 of any shape; 0 beyond the last element, where it is below rounding."""
    edges = solution.edges
    element = np.clip(np.searchsorted(edges, k, side="right") - 1, 0, len(edges) - 2)
    t = 2 * (k - edges[element]) / (edges[element + 1] - edges[element]) - 1
    polynomials = chebyshev.chebvander(np.minimum(t, 1.0), NODES - 1)
    found = np.einsum("...j,...j->...", polynomials, solution.coefficients[element])
    return np.where(k > edges[-1], 0.0, found)


def _local_roots(symbols: np.ndarray, right: complex) -> np.ndarray:
    polynomial = symbols.copy()
    polynomial[0] -= right
    return np.polynomial.polynomial.polyroots(polynomial)


def _mesh(symbols: np.ndarray, alpha: float, drive: complex) -> np.ndarray:
    """Doubling elements from near 0, then as long as the local solutions allow, until φ is below rounding."""
    order = len(symbols) - 1
    decaying = (order + 1) // 2
    scale = (abs(drive) / abs(symbols[-1])) ** (-1 / (order + alpha - 1))
    edges, k, decay = [0.0], _FIRST * scale, 0.0
    while decay < _DECAY:
        edges.append(k)
        roots = _local_roots(symbols, drive * k ** (alpha - 1))
        length = min(k, 6.0 / np.abs(roots).max())
        if k > 0.1 * scale:
            decay += length * max(0.0, -np.sort(roots.real)[decaying - 1])
        k += length
        if len(edges) > _MAX_ELEMENTS:
            raise NumericalError(
                f"the stationary law needs more than {_MAX_ELEMENTS} elements: its characteristic function hardly "
                "decays; take a larger epsilon or a smaller |beta|"
            )
    return np.array([*edges, k])


def _nodes() -> np.ndarray:
    return chebyshev.chebpts1(NODES)


def _to_coefficients() -> np.ndarray:
    return np.linalg.inv(chebyshev.chebvander(_nodes(), NODES - 1))


def _integrators(order: int) -> list[np.ndarray]:
    """Matrices (NODES, NODES): the j-fold integral from −1, at the nodes, of values at the nodes; j = 0 … order."""
    coefficients = _to_coefficients()
    where = _nodes()
    result = []
    for times in range(order + 1):
        integrated = chebyshev.chebint(coefficients, m=times, lbnd=-1, axis=0) if times else coefficients
        result.append(chebyshev.chebvander(where, len(integrated) - 1) @ integrated)
    return result


def _taylor_factors(offsets: np.ndarray, order: int) -> np.ndarray:
    """Array (len(offsets), order, order): φ^{(i)} at the offset from φ^{(j)} at the left edge, without φ^{(order)}."""
    result = np.zeros((len(offsets), order, order))
    for i in range(order):
        for j in range(i, order):
            result[:, i, j] = offsets ** (j - i) / np.prod(np.arange(1, j - i + 1), dtype=float)
    return result


def _taylor(edges: np.ndarray, order: int, states: np.ndarray) -> np.ndarray:
    offsets = (np.diff(edges)[1:, None] / 2) * (1 + _nodes())
    factors = _taylor_factors(offsets.ravel(), order)[:, 0].reshape(*offsets.shape, order)
    return np.einsum("eij,ej->ei", factors, states[1:-1])


def _propagators(edges: np.ndarray, symbols: np.ndarray, alpha: float, drive: complex) -> tuple[np.ndarray, np.ndarray]:
    """Of elements 1, 2, …: the state's propagation (e, n, n), and u = φ^{(n)} at the nodes per state (e, NODES, n)."""
    order = len(symbols) - 1
    half = np.diff(edges)[1:] / 2
    offsets = half[:, None] * (1 + _nodes())
    right = drive * (edges[1:-1, None] + offsets) ** (alpha - 1)
    full = _integrators(order)
    factors = _taylor_factors(offsets.ravel(), order).reshape(*offsets.shape, order, order)
    # d_n u + Σ_{j<n} (d_j − [j = 0] right) φ^{(j)} = 0, with φ^{(j)} = Taylor part + (n − j)-fold integral of u.
    system = np.zeros((len(half), NODES, NODES), complex)
    source = np.zeros((len(half), NODES, order), complex)
    for j in range(order):
        factor = np.broadcast_to(symbols[j], right.shape) - (right if j == 0 else 0)
        integral = full[order - j]
        system += factor[:, :, None] * integral * (half ** (order - j))[:, None, None]
        source -= factor[:, :, None] * factors[:, :, j]
    system += symbols[-1] * np.eye(NODES)
    u = np.linalg.solve(system, source)
    ends = _taylor_factors(2 * half, order).astype(complex)
    end_rows = _end_rows(order)
    for j in range(order):
        ends[:, j] += np.einsum("i,eij->ej", end_rows[order - j], u) * (half ** (order - j))[:, None]
    return ends, u


def _end_rows(order: int) -> list[np.ndarray]:
    """Row vectors (NODES,): the j-fold integral over the element at its right end, j = 0 … order."""
    coefficients = _to_coefficients()
    rows = []
    for times in range(order + 1):
        integrated = chebyshev.chebint(coefficients, m=times, lbnd=-1, axis=0) if times else coefficients
        rows.append(integrated.sum(axis=0))  # every Chebyshev polynomial is 1 at +1
    return rows


def _first_step(end: float, symbols: np.ndarray, alpha: float, drive: complex) -> np.ndarray:
    """Propagation over [0, end] with the leading term of the k^{α−1} kink taken exactly."""
    order = len(symbols) - 1
    step = _taylor_factors(np.array([end]), order)[0].astype(complex)
    for i in range(order):
        kink = end ** (alpha - 1 + order - i) / np.prod(alpha + np.arange(order - i))
        smooth = end ** (order - i) / np.prod(np.arange(1, order - i + 1), dtype=float)
        step[i, 0] += drive / symbols[-1] * kink
        step[i] -= symbols[:-1] / symbols[-1] * smooth
    return step


def _join(steps: np.ndarray, edges: np.ndarray, symbols: np.ndarray, alpha: float, drive: complex) -> np.ndarray:
    """States (n_edges, n) at all edges: y_{e+1} = T_e y_e and the conditions at both ends, one banded system."""
    order = len(symbols) - 1
    width = 2 * order
    n_left = order + 1
    size = width * len(edges)
    band = 2 * width
    # Row r, column c of the system sits at [band + r − c, c].
    matrix = np.zeros((2 * band + 1, size))
    right = np.zeros(size)

    def put(row: np.ndarray, column: np.ndarray, value: np.ndarray) -> None:
        matrix[band + row - column, column] = value

    put(np.array([0, 1]), np.array([0, order]), np.ones(2))
    right[0] = 1
    for j in range(1, order):
        put(
            np.array([j + 1]), np.array([j + order * (j % 2 == 0)]), np.ones(1)
        )  # the part of φ^{(j)}(0) that must vanish
    element = np.arange(len(steps))
    for i in range(order):
        for part in range(2):
            row = n_left + width * element + i + order * part
            put(row, width * (element + 1) + i + order * part, -np.ones(len(steps)))
            for j in range(order):
                real, imag = steps[:, i, j].real, steps[:, i, j].imag
                put(row, width * element + j, imag if part else real)
                put(row, width * element + order + j, real if part else -imag)
    for index, projector in enumerate(_growing(symbols, drive * edges[-1] ** (alpha - 1))):
        row = np.full(order, size - (order - 1) + 2 * index)
        column = size - width + np.arange(order)
        put(row, column, projector.real)
        put(row, column + order, -projector.imag)
        put(row + 1, column, projector.imag)
        put(row + 1, column + order, projector.real)
    solution = linalg.solve_banded((band, band), matrix, right).reshape(len(edges), 2, order)
    return solution[:, 0] + 1j * solution[:, 1]


def _growing(symbols: np.ndarray, right: complex) -> np.ndarray:
    """Rows that vanish on the locally decaying solutions: left eigenvectors of the companion matrix's growing roots."""
    order = len(symbols) - 1
    roots = _local_roots(symbols, right)
    growing = roots[np.argsort(-roots.real)][: (order - 1) // 2]
    vandermonde = np.vander(roots, increasing=True).T  # columns (1, r, …, r^{n−1})
    inverse = np.linalg.inv(vandermonde)
    picked = np.array([inverse[np.argmin(np.abs(roots - root))] for root in growing]).reshape(-1, order)
    return picked / np.abs(picked).max(axis=1, keepdims=True) if len(picked) else picked
