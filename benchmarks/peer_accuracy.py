"""Errors of the packages of `peers.py` at the reference points of the tests, and the public tables."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import numpy as np
from peer_packages import Law, OfPoints, Package, Parameterization
from stable_quadrature import density_and_tails

DATA = Path(__file__).parents[1] / "tests" / "stable" / "data"
TOLERANCES = (1e-2, 1e-4, 1e-6, 1e-8, 1e-10)
_LEAST = 1e-60  # density or tail of a reference point
_WRONG = 1e-4  # relative, beyond what the last printed digit of x does: such a row of a table goes to the quadrature
_SHARP = 1e-7  # relative: rows whose last digit of x matters more are not used for tolerances


class Point(NamedTuple):
    """One reference: a law, x, the density and the smaller tail there."""

    alpha: float
    beta: float
    x: float
    parameterization: Parameterization
    pdf: float
    tail: float

    @property
    def is_ordinary(self) -> bool:
        """Where nothing is difficult: no law at an edge, no far tail."""
        inside = 0.55 <= self.alpha <= 1.95 and abs(self.alpha - 1.0) > 0.01 and abs(self.beta) <= 0.95
        return inside and abs(self.x) <= 20.0


def reference_points() -> list[Point]:
    """The two tables beside the tests of the law, but for 12 entries that are the rounding of their 70 digits."""
    points = []
    with (DATA / "oracle.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            alpha, beta, x, pdf, tail = (float(row[name]) for name in ("alpha", "beta", "x", "pdf", "tail"))
            points.append(Point(alpha, beta, x, "S0", pdf, tail))
    with (DATA / "stable_law.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            x, below = float(row["x"]), Decimal(row["cdf"])
            tail = float(below if x < 0.0 else 1 - below)
            parameterization: Parameterization = "S1" if row["param"] == "S1" else "S0"
            points.append(Point(float(row["alpha"]), float(row["beta"]), x, parameterization, float(row["pdf"]), tail))
    return [point for point in points if min(point.pdf, point.tail) > _LEAST]


def _errors(function: OfPoints, points: list[Point], values: Callable[[Point], float]) -> np.ndarray:
    """Relative errors, infinite where there is no number."""
    found = np.full(len(points), np.inf)
    order = sorted(range(len(points)), key=lambda k: points[k][:2] + points[k][3:4])
    for key, group in itertools.groupby(order, key=lambda k: points[k][:2] + points[k][3:4]):
        index = list(group)
        alpha, beta, parameterization = key
        try:
            got = function((alpha, beta), np.array([points[k].x for k in index]), parameterization)
        except Exception:  # whatever a peer raises: it has no value there
            continue
        true = np.array([values(points[k]) for k in index])
        error = np.abs(got - true) / true
        found[index] = np.where(np.isnan(error), np.inf, error)
    return found


def _summary(errors: np.ndarray) -> dict[str, object]:
    finite = np.isfinite(errors)
    within = {f"{tolerance:g}": int((errors <= tolerance).sum()) for tolerance in TOLERANCES}
    worst = float(errors[finite].max()) if finite.any() else None
    return {
        "points": errors.size, "no_number": int((~finite).sum()), "median": _rounded(float(np.median(errors))),
        "worst": None if worst is None else _rounded(worst), "within": within,
    }  # fmt: skip


def _rounded(value: float) -> float | None:
    return float(f"{value:.3g}") if np.isfinite(value) else None


def at_reference_points(package: Package) -> dict[str, object]:
    """Of density and smaller tail, at ordinary points and at the others, each within what the package takes."""
    kept = [point for point in reference_points() if point.alpha >= package.least_alpha]
    found: dict[str, object] = {}
    for function, name in ((package.pdf, "pdf"), (package.tail, "tail")):
        some = kept[::4] if package.is_slow else kept
        errors = _errors(function, some, lambda point, name=name: float(getattr(point, name)))  # type: ignore[misc]
        ordinary = np.array([point.is_ordinary for point in some])
        found[name] = {"ordinary": _summary(errors[ordinary]), "other": _summary(errors[~ordinary])}
    return found


class Row(NamedTuple):
    """One entry of a public table in S0: `x` as printed, half a unit of its last digit, p or f(x)."""

    table: str
    alpha: float
    beta: float
    x: str
    half_unit: float
    value: float


def public_rows(folder: Path) -> list[Row]:
    """Nolan's quantiles and the densities there, from a checkout of ragibson/levy-stable-benchmarks."""
    return [
        *_quantiles(folder / "data" / "nolan_cdf_quantile.dat"),
        *_densities(folder / "data" / "nolan_pdf_quantile.dat"),
    ]


def _quantiles(path: Path) -> Iterator[Row]:
    lines = path.read_text(encoding="utf-8").splitlines()
    for k, line in enumerate(lines):
        if "alpha=" in line:
            alpha = float(line.split()[1])
            for p, *row in (each.split() for each in lines[k + 3 : k + 174]):
                for j, x in enumerate(row):
                    mantissa, _, exponent = x.partition("E")
                    half = 0.5 * 10.0 ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
                    yield Row("quantiles", alpha, j / 10.0, x, half, float(p))


def _densities(path: Path) -> Iterator[Row]:
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    for k, line in enumerate(lines):
        if line == "alpha":
            x, value = lines[k + 4].split()
            yield Row("densities", float(lines[k + 2]), float(lines[k + 3]), x, 0.0, float(value))


def _of_law(rows: Iterable[Row]) -> Iterator[tuple[str, Law, list[Row]]]:
    for (table, alpha, beta), group in itertools.groupby(rows, key=lambda row: row[:3]):
        yield table, (alpha, 0.0 if alpha == 2.0 else beta), list(group)


def table_errors(package: Package, rows: list[Row]) -> np.ndarray:
    """Relative errors at the rows, in the density or in the smaller of p and 1 − p; infinite without a number."""
    found = []
    for table, law, group in _of_law(rows):
        x, value = np.array([float(row.x) for row in group]), np.array([row.value for row in group])
        try:
            if table == "densities":
                got = package.pdf(law, x, "S0")
            else:
                # the smaller probability, by the mirrored law where it is the upper one
                got, low = np.empty(x.size), value < 0.5
                for side, sign in ((low, 1.0), (~low, -1.0)):
                    if side.any():
                        got[side] = package.cdf((law[0], sign * law[1]), sign * x[side], "S0")
                value = np.where(low, value, 1.0 - value)
        except Exception:  # whatever a peer raises: it has no value there
            got = np.full(x.size, np.nan)
        error = np.abs(got - value) / value
        found.append(np.where(np.isnan(error), np.inf, error))
    return np.concatenate(found)


def margins(gni: Package, rows: list[Row]) -> np.ndarray:
    """The relative error that half a unit of the last printed digit of x makes; at most, and 0 for densities."""
    found = []
    for _, law, group in _of_law(rows):
        x, half = np.array([float(row.x) for row in group]), np.array([row.half_unit for row in group])
        value = np.array([row.value for row in group])
        steepest = np.max([gni.pdf(law, x + step * half, "S0") for step in (-1.0, 0.0, 1.0)], axis=0)
        found.append(half * steepest / np.minimum(value, 1.0 - value))
    return np.concatenate(found)


def wrong_rows(gni: Package, rows: list[Row]) -> list[dict[str, object]]:
    """Rows that gni contradicts, with the value of the quadrature, which knows neither."""
    errors, room = table_errors(gni, rows), margins(gni, rows)
    found = []
    for row in itertools.compress(rows, errors > _WRONG + 2.0 * room):
        density, below, above = density_and_tails(row.alpha, row.beta, row.x)
        law, x = (row.alpha, row.beta), np.array([float(row.x)])
        if row.table == "densities":
            exact, ours, theirs = density, gni.pdf(law, x, "S0")[0], row.value
        else:
            low = row.value < 0.5
            exact, theirs = (below, row.value) if low else (above, 1.0 - row.value)
            ours = gni.cdf(law, x, "S0")[0] if low else gni.cdf((law[0], -law[1]), -x, "S0")[0]
        slack = 2.0 * row.half_unit * density / exact
        found.append(
            {
                "table": row.table, "alpha": f"{row.alpha:g}", "beta": f"{row.beta:g}", "x": row.x,
                "printed": f"{row.value:.15g}", "smaller_tail_printed": f"{theirs:.9g}", "exact": f"{exact:.12g}",
                "error_of_table": f"{theirs / exact - 1.0:.3g}", "error_of_gni": f"{ours / exact - 1.0:.2g}",
                "by_rounding_of_x": f"{slack:.2g}", "is_wrong": abs(theirs / exact - 1.0) > 0.5 * _WRONG + slack,
            }
        )  # fmt: skip
    return found


def at_tables(
    packages: list[Package], rows: list[Row], wrong: list[dict[str, object]], n_laws: int, rng: np.random.Generator
) -> dict[str, object]:
    """Errors of each package at the rows that are not wrong and sharp, of laws drawn at random."""
    known = {tuple(row[name] for name in ("table", "alpha", "beta", "x")) for row in wrong if row["is_wrong"]}
    laws = sorted({row[1:3] for row in rows})
    drawn = {laws[k] for k in rng.choice(len(laws), min(n_laws, len(laws)), replace=False)}
    some = [row for row in rows if row[1:3] in drawn]
    right = [(row.table, f"{row.alpha:g}", f"{row.beta:g}", row.x) not in known for row in some]
    some = list(itertools.compress(some, (margins(packages[0], some) <= _SHARP) & right))
    found: dict[str, object] = {}
    for package in packages:
        for table in ("quantiles", "densities"):
            kept = [row for row in some if row.table == table and row.alpha >= package.least_alpha]
            if package.is_slow and table == "quantiles":
                continue  # hours
            found[f"{package.name} {table}"] = _summary(table_errors(package, kept))
    return {"laws": len(drawn), "rows": len(some), "errors": found}
