import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from gnicli.errors import UsageError
from gnicli.potential import polynomials, runge_kutta
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.equal_depth import EqualDepth
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.quartic import Quartic
from gnicli.potential.separable import Separable

ONE_DIMENSIONAL = [
    DoubleWell(),
    Quartic(),
    Quadratic(curvature=1.7),
    Polynomial(terms=[1.0, 0.3, -0.5, 0.1, 0.25]),
    MultiWell(wells=[-2.0, -0.5, 1.0], between=[-1.0, 0.2], strength=0.6),
    EqualDepth(widths=[1.0, 2.3], height=0.6),
]
by_name = pytest.mark.parametrize("potential", ONE_DIMENSIONAL, ids=lambda p: p.name)


@by_name
def test_value_gradient_and_coefficients_agree(potential):
    w = np.linspace(-3, 3, 61).reshape(1, 61)
    polynomial = np.polynomial.Polynomial(potential.coefficients)
    assert potential.value(w) == pytest.approx(polynomial(w), abs=1e-11)
    assert potential.gradient(w) == pytest.approx(polynomial.deriv()(w), abs=1e-10)
    assert potential.dimension == 1


@by_name
def test_minima_and_saddles_are_turning_points_and_alternate(potential):
    minima, saddles = potential.minima(), potential.saddles()
    assert len(saddles) == len(minima) - 1
    assert ((minima[:-1] < saddles) & (saddles < minima[1:])).all()
    assert potential.gradient(np.concatenate([minima, saddles])) == pytest.approx(0, abs=1e-9)
    for sign, points in ((1, minima), (-1, saddles)):
        assert (sign * (potential.value(points + 1e-2) - potential.value(points)) > 0).all()
        assert (sign * (potential.value(points - 1e-2) - potential.value(points)) > 0).all()


@by_name
@pytest.mark.parametrize("time", [0.005, 0.5])
def test_flow_solves_its_equation(potential, time):
    w = np.array([-4.0, -0.7, 0.05, 0.3, 2.0])
    solution = integrate.solve_ivp(
        lambda _, at: -potential.gradient(at), (0, time), w, method="DOP853", rtol=1e-12, atol=1e-13
    )
    exact = isinstance(potential, DoubleWell | Quartic | Quadratic)
    # Sub-steps with dt |f″| ≤ .2; over long times also where f″ changes its sign within one.
    assert potential.flow(w, time) == pytest.approx(solution.y[:, -1], rel=1e-9 if exact else 2e-3 * math.sqrt(time))


@by_name
@given(w=st.floats(-30, 30), first=st.floats(0, 0.1), second=st.floats(0, 0.1))
@settings(max_examples=40)
def test_flow_is_a_semigroup_that_descends(potential, w, first, second):
    start = np.array([w])
    at_once, in_two = potential.flow(start, first + second), potential.flow(potential.flow(start, first), second)
    assert at_once == pytest.approx(in_two, rel=3e-3, abs=1e-9)
    assert potential.value(at_once)[0] <= potential.value(start)[0] * (1 + 1e-12) + 1e-12


@pytest.mark.parametrize("potential", [DoubleWell(), Quartic(), Polynomial()], ids=lambda p: p.name)
def test_flow_brings_chains_in_from_far_out(potential):
    far = np.array([-1e40, -1e6, 1e6, 1e40])
    inside = potential.flow(far, 0.01)
    assert np.abs(inside) == pytest.approx(1 / math.sqrt(0.02), rel=0.03)  # of w' = -w³ from infinity
    assert (np.sign(inside) == np.sign(far)).all()


def test_runge_kutta_has_order_four():
    w, force = np.array([0.4, 0.9]), DoubleWell().gradient
    errors = []
    for n in (16, 32):
        at = w
        for _ in range(n):
            at = runge_kutta.flow(force, at, 0.4 / n)
        errors.append(np.abs(at - DoubleWell().flow(w, 0.4)).max())
    assert math.log2(errors[0] / errors[1]) == pytest.approx(4, abs=0.05)  # the next order's share is .024


def test_runge_kutta_flows_a_potential_that_is_no_polynomial():
    """f = log cosh |w| in two dimensions: |w| by its own scalar equation."""
    w = np.array([[3.0, 0.3, 0.0], [4.0, -0.4, 0.0]])

    def gradient(at):
        radius = np.sqrt((at**2).sum(axis=0))
        return at * np.divide(np.tanh(radius), radius, out=np.ones_like(radius), where=radius > 0)

    moved = runge_kutta.flow(gradient, w, 0.8)
    radius = np.arcsinh(np.sinh(np.array([5.0, 0.5, 0.0])) * math.exp(-0.8))
    assert np.sqrt((moved**2).sum(axis=0)) == pytest.approx(radius, rel=1e-3)
    assert moved[:, :2] / np.hypot(*moved[:, :2]) == pytest.approx(w[:, :2] / np.hypot(*w[:, :2]))


def test_multiple_roots_count_once_and_inflections_never():
    # f' = w³ (w − 2)² (w + 1) (w − 3): a flat turn at 0, which is a maximum, and an inflection at 2.
    force = np.polynomial.polynomial.polyfromroots([0, 0, 0, 2, 2, -1])
    coefficients = np.polynomial.polynomial.polyint(np.polynomial.polynomial.polymul(force, [-3.0, 1.0]))
    minima, maxima = polynomials.turning_points(coefficients)
    assert minima == pytest.approx([-1, 3], abs=1e-4)
    assert maxima == pytest.approx([0], abs=1e-4)


@given(
    ratio=st.floats(1 / 2.617, 2.617), width=st.floats(1e-3, 1e3), height=st.floats(1e-3, 1e3), flipped=st.booleans()
)
@settings(max_examples=60)
def test_equal_depth_has_the_wells_that_its_keys_say_and_no_others(ratio, width, height, flipped):
    """Up to the golden ratio squared, from either side; depths and the barrier are exact."""
    widths = [width, width * ratio][:: -1 if flipped else 1]
    potential = EqualDepth(widths=widths, height=height)
    points = np.array([-widths[0], 0.0, widths[1]])
    assert potential.value(points) == pytest.approx([0, height, 0], rel=1e-12, abs=1e-12 * height)
    # In units of the left width, so that the roots of the quintic are near 1.
    scaled = np.array(potential.coefficients) * widths[0] ** np.arange(7) / height
    roots = np.polynomial.Polynomial(scaled).deriv().roots()
    real = np.sort(roots[np.abs(roots.imag) < 1e-9].real)
    assert real == pytest.approx([-1, 0, widths[1] / widths[0]], abs=1e-9)
    w = np.linspace(-1.5 * widths[0], 1.5 * widths[1], 101)
    w = w[np.abs(w[:, None] - points).min(axis=1) > 1e-9 * min(widths)]  # where f' is 0 rounding has either sign
    assert (np.sign(potential.gradient(w)) == np.sign((w + widths[0]) * w * (w - widths[1]))).all()


def test_separable_is_the_sum_of_its_parts():
    parts = [DoubleWell(), Quadratic(curvature=2.0), Quartic()]
    potential = Separable(parts=["double_well", {"name": "quadratic", "curvature": 2.0}, "quartic"])
    w = np.random.default_rng(1).normal(size=(3, 7))
    assert potential.dimension == 3
    assert potential.value(w) == pytest.approx(sum(part.value(row) for part, row in zip(parts, w, strict=True)))
    assert potential.gradient(w)[1] == pytest.approx(2 * w[1])
    assert potential.flow(w, 0.3)[0] == pytest.approx(DoubleWell().flow(w[0], 0.3))
    assert potential.minima().tolist() == [[-1, 0, 0], [1, 0, 0]]
    assert potential.saddles().tolist() == [[0, 0, 0]]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Quadratic(curvature=0.0), "^curvature must be > 0"),
        (lambda: Polynomial(terms=[0, 0, 1, 1]), "^terms must end in a positive coefficient of an even power"),
        (lambda: Polynomial(terms=[0, 0, -1]), "^terms must end in a positive"),
        (lambda: Polynomial(terms="abc"), "^terms: expected a list"),
        (lambda: Polynomial(terms=[0, 0, float("nan")]), "^terms"),
        (lambda: MultiWell(wells=[0.0, 1.0], between=[2.0]), "^between must hold one saddle"),
        (lambda: MultiWell(wells=[0.0, 1.0], between=[]), "^between must hold one saddle"),
        (lambda: MultiWell(strength=-1.0), "^strength must be > 0"),
        (lambda: EqualDepth(widths=[1.0, 2.7]), "^widths: one may be at most 2.618 times the other"),
        (lambda: EqualDepth(widths=[2.7, 1.0]), "^widths: one may be at most 2.618 times the other"),
        (lambda: EqualDepth(widths=[1.0]), "^widths: expected a list"),
        (lambda: EqualDepth(widths=[1.0, 2.0, 3.0]), "^widths may hold 2 numbers"),
        (lambda: EqualDepth(widths=[-1.0, 1.0]), r"^widths\[0\] must be"),
        (lambda: EqualDepth(height=0.0), "^height must be > 0"),
        (lambda: Separable(parts=["double_well", "nothing"]), r"^parts\[1\] must be one of"),
        (
            lambda: Separable(parts=[{"name": "quartic", "curvature": 2}]),
            r"^parts\[0\]: quartic has no key curvature",
        ),
        (lambda: Separable(parts=[]), "^parts: expected a list"),
    ],
)
def test_bad_keys_are_refused_by_name(make, message):
    with pytest.raises(UsageError, match=message):
        make()


def test_importing_a_potential_imports_nothing_heavy():
    code = (
        "import importlib, sys\n"
        "for name in ('double_well', 'quartic', 'quadratic', 'multi_well', 'polynomial', 'separable', 'equal_depth'):\n"
        "    module = importlib.import_module('gnicli.potential.' + name)\n"
        "    assert module.COMPONENT().name == name\n"
        "print([name for name in ('torch', 'sklearn', 'scipy', 'matplotlib') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


STEEP = [
    MultiWell(wells=[-1e6, 1e6]),
    MultiWell(wells=[-1e6, 1e6], strength=1e30),
    MultiWell(wells=[-1e-6, 1e-6]),
    MultiWell(wells=list(range(8)), between=[i + 0.5 for i in range(7)]),
    Polynomial(terms=[0, 0, 1e30]),
    Polynomial(terms=[0.0] * 32 + [1.0]),
    Polynomial(terms=[0, 0, -1e30] + [0] * 5 + [1e30]),
]


@pytest.mark.parametrize("potential", STEEP)
def test_the_flow_of_every_potential_ends(potential):
    """Also in wells whose sub-steps are 1e-200 long, and from where the force is beyond the numbers."""
    w = np.array([-1e300, -1e90, -5e3, -2, -0.3, 0, 1e-9, 0.4, 1, 7, 1e40, 1e90, 1e300])
    moved = potential.flow(w, 0.01)
    assert np.isfinite(moved).all()
    assert np.array_equal(potential.flow(w, np.full(len(w), 0.01)), moved)
    assert (np.abs(moved) <= np.maximum(np.abs(w), np.abs(potential.minima()).max() * (1 + 1e-9))).all()
    if potential.gradient(potential.minima() + 1e-3).max() > 1e6:
        # Far longer than chains take to rest: each is in a well, or on the saddle that it began on.
        rest = np.concatenate([potential.minima(), potential.saddles()])
        away = np.abs(moved[:, None] - rest).min(axis=1)
        assert (away <= 1e-6 * (1 + np.abs(moved))).all()


@by_name
def test_flow_takes_a_time_for_each_point(potential):
    w, times = np.array([-40.0, -1.3, 0.2, 0.8, 5.0]), np.array([0.0, 1e-3, 0.02, 0.5, 0.01])
    one_by_one = [float(potential.flow(w[i : i + 1], float(times[i]))[0]) for i in range(5)]
    assert potential.flow(w, times) == pytest.approx(one_by_one, rel=1e-3)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MultiWell(wells=[-1e100, 1e100]), r"^wells\[0\] must be >= -1e\+06 and <= 1e\+06"),
        (lambda: MultiWell(wells=[-1.0, 1e20]), r"^wells\[1\] must be"),
        (lambda: MultiWell(wells=list(range(17)), between=[]), "^wells may hold 16 numbers, got 17"),
        (lambda: Polynomial(terms=[0] * 2000 + [1]), "^terms may hold 33 numbers, got 2001"),
        (lambda: Polynomial(terms=[0, 0, 1e300]), r"^terms\[2\] must be"),
        (lambda: Quadratic(curvature=1e300), "^curvature must be"),
    ],
)
def test_what_no_flow_could_follow_is_refused(make, message):
    with pytest.raises(UsageError, match=message):
        make()
