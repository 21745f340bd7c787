"""The fractional drift of separable potentials: each coordinate has its own drift, law and error, and shifts add up."""

from dataclasses import dataclass

import numpy as np
import pytest

from gnicli.errors import UsageError
from gnicli.model import weak_errors
from gnicli.model.keys import ModelConfig
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.quartic import Quartic
from gnicli.potential.separable import Separable
from gnicli.sde import coordinates, distances, simulate
from gnicli.sde.drift.fractional import zero_step
from gnicli.sde.dynamics import dynamics
from gnicli.sde.laws import transition
from gnicli.sde.laws.gibbs import GibbsLaw
from gnicli.sde.levy_noise import LevyNoise

WELLS = {"name": "multi_well", "wells": [-1.0, 1.4], "between": [0.4]}
THREE = ("double_well", "quartic", WELLS)


def test_coordinates_are_told_apart_by_potential_and_noise_and_called_once():
    potential = Separable(parts=["quartic", WELLS, "quartic", "quartic", WELLS])
    noise = LevyNoise(1.5, [0.2, 0.2, -0.2, 0.2, 0.2])
    found = coordinates.distinct(potential, noise)
    assert [(type(one.potential), one.noise.beta, one.places) for one in found] == [
        (Quartic, 0.2, (0, 3)),
        (MultiWell, 0.2, (1, 4)),
        (Quartic, -0.2, (2,)),
    ]
    called = []
    names = coordinates.for_each(potential, noise, lambda part, own: called.append(part) or (part.name, own.beta))
    assert len(called) == 3
    assert names == [("quartic", 0.2), ("multi_well", 0.2), ("quartic", -0.2), ("quartic", 0.2), ("multi_well", 0.2)]


def test_potentials_that_cannot_be_compared_are_taken_apart():
    @dataclass
    class Own:
        terms: np.ndarray

    class Pair:
        name, dimension, members = "pair", 2, (Own(np.zeros(2)), Own(np.zeros(2)))

    assert [one.places for one in coordinates.distinct(Pair(), LevyNoise(1.5))] == [(0,), (1,)]


def test_each_coordinate_flows_by_the_drift_that_it_has_alone():
    rng = np.random.default_rng(3)
    betas = rng.uniform(-0.9, 0.9, 3)
    potential = Separable(parts=[*THREE, "double_well"])
    noise = LevyNoise(1.4, [*betas, betas[0]], 0.9)
    increments, scheme = dynamics("fractional", potential, noise)
    w = rng.standard_normal((4, 30))
    moved, rate = scheme.before(w, 0.02), scheme._drift.rate(w)
    for i, (part, own) in enumerate(zip(potential.members, noise.coordinates(4), strict=True)):
        alone, alone_scheme = dynamics("fractional", part, own)
        assert moved[i] == pytest.approx(alone_scheme.before(w[i], 0.02), abs=0)
        assert rate[i] == pytest.approx(alone_scheme._drift.rate(w[i]), abs=0)
        assert increments.winds[i] == alone.winds[0]
    # Another skewness is another drift: the coordinates are not those of the first noise.
    assert np.abs(scheme._drift.rate(np.tile(w[0], (4, 1)))[1] - rate[0]).max() > 0.1


def test_no_terms_at_h0_give_the_gradient_in_every_coordinate():
    """The multidimensional remark of section 4: the same K and h give ∇f back."""
    potential = Separable(parts=["double_well", {"name": "quadratic", "curvature": 2.0}])
    w = np.random.default_rng(0).standard_normal((2, 40))
    _, scheme = dynamics("fractional", potential, LevyNoise(1.3, [0.5, -0.2]), h=zero_step(1.3), K=0)
    assert scheme._drift.rate(w) == pytest.approx(-potential.gradient(w), rel=1e-12, abs=1e-12)
    assert scheme._drift.flow(w, 0.1) == pytest.approx(potential.flow(w, 0.1), rel=1e-9)
    times = np.linspace(0.01, 0.2, 40)
    assert scheme._drift.flow(w, times) == pytest.approx(potential.flow(w, times), rel=1e-9)


def test_chains_settle_in_the_product_of_the_gibbs_laws():
    """Means of each coordinate beside quadrature, and of a product of coordinates beside the product of means."""
    potential, noise = Separable(parts=list(THREE)), LevyNoise(1.5, [0.5, -0.7, 0.3])
    chains = simulate(
        potential, noise, drift="fractional", step=0.05, n_steps=3000, n_chains=400, seed=5,
        burn_in=300, thin=10, functions=("w", "cos(w)", "tanh(2*w)"),
    )  # fmt: skip
    functions = {"w": lambda w: w, "cos(w)": np.cos, "tanh(2*w)": lambda w: np.tanh(2 * w)}
    exact = {
        name: [
            distances.expectation(GibbsLaw(part, own), g, -30, 30)
            for part, own in zip(potential.members, noise.coordinates(3), strict=True)
        ]
        for name, g in functions.items()
    }
    for name, wanted in exact.items():
        for mean, number in zip(chains.means[name], wanted, strict=True):
            # The scheme's own error at this step is some 1e-3 (docs/sde.md has those of other steps).
            assert abs(mean.value - number) < 4 * mean.stderr + 2e-3
            assert mean.stderr < 0.03
    ends = np.tanh(2 * chains.positions)
    for i, j in ((0, 1), (0, 2), (1, 2)):
        products = ends[i] * ends[j]
        wanted = exact["tanh(2*w)"][i] * exact["tanh(2*w)"][j]
        assert abs(products.mean() - wanted) < 4 * products.std() / np.sqrt(len(products))


def test_a_separable_potential_of_one_part_is_that_part():
    w = np.random.default_rng(1).standard_normal(20)
    one, part = Separable(parts=[WELLS]), Separable(parts=[WELLS]).members[0]
    assert (one.value(w) == part.value(w)).all()
    assert (one.gradient(w) == part.gradient(w)).all()
    assert (one.flow(w, 0.3) == part.flow(w, 0.3)).all()
    assert (one.minima() == part.minima()).all()
    assert (one.saddles() == part.saddles()).all()


class Saddle:
    """(w_1 w_2)²/2 + |w|²/2: no sum over its coordinates."""

    name, dimension, coefficients = "product", 2, None

    def gradient(self, w):
        return w * (1 + w[::-1] ** 2)


@pytest.mark.parametrize(
    ("potential", "beta", "message"),
    [
        (Saddle(), 0.0, "^the potential product is no sum over its 2 coordinates; take one of one dimension, or "),
        (Separable(), [0.5, 1.0], "^coordinate 2: the fractional drift needs 1 < alpha < 2.*beta=1;"),
        (Separable(), [0.5, 0.5, 0.5], r"^beta: expected one number or 2 \(one per coordinate\), got 3"),
        (Quadratic(), 1.0, r"^the fractional drift needs 1 < alpha < 2 and \|beta\| < 1"),
    ],
)  # fmt: skip
def test_what_has_no_such_drift_is_refused(potential, beta, message):
    with pytest.raises(UsageError, match=message):
        dynamics("fractional", potential, LevyNoise(1.5, beta))


@pytest.fixture(scope="module")
def coarse():
    """A step five times as long, whose matrices are five times smaller: all that is compared has the same."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transition, "_SCALE", 0.5)
        yield


def errors(potential, beta, functions=("w", "w**2")):
    # A large spacing of the sum, so that shifts are large beside what rounding and the grid leave.
    config = ModelConfig(
        potential=potential, alpha=1.5, beta=beta, drift="fractional", h=0.4, K=50, order=1, functions=list(functions)
    )
    return {name: value.number for name, value in weak_errors.drift_errors(config).items()}


@pytest.fixture(scope="module")
def alone(coarse):
    return {
        ("double_well", 0.5): errors(DoubleWell(), 0.5),
        ("double_well", -0.5): errors(DoubleWell(), -0.5),
        ("quartic", 0.2): errors(Quartic(), 0.2),
    }


def test_each_coordinate_has_the_error_that_it_has_alone(alone):
    found = errors(Separable(parts=["quartic", "double_well", "double_well"]), [0.2, 0.5, -0.5])
    for place, key in enumerate([("quartic", 0.2), ("double_well", 0.5), ("double_well", -0.5)], 1):
        for function in ("w", "w**2"):
            assert found[f"drift_error/{function}/w{place}"] == alone[key][f"drift_error/{function}"]
    assert "drift_error_sum/w" not in alone["quartic", 0.2]
    # Of a separable potential of one part there is: dimensions are compared from 1 on.
    one = errors(Separable(parts=["quartic"]), [0.2])
    assert one["drift_error_sum/w"] == one["drift_error/w"] == alone["quartic", 0.2]["drift_error/w"]


@pytest.mark.parametrize("d", [2, 5])
def test_equal_coordinates_have_d_times_the_error(alone, d):
    found = errors(Separable(parts=["double_well"] * d), 0.5)
    for function in ("w", "w**2"):
        one = alone["double_well", 0.5]
        assert 1e-3 < one[f"drift_error/{function}"] < one[f"drift_bound/{function}"]
        for kind in ("error", "bound"):
            assert found[f"drift_{kind}_sum/{function}"] == pytest.approx(d * one[f"drift_{kind}/{function}"])


def test_shifts_of_mirrored_coordinates_cancel_where_the_function_is_odd(alone):
    found = errors(Separable(parts=["double_well", "double_well"]), [0.5, -0.5])
    assert found["drift_error_sum/w"] == pytest.approx(0, abs=1e-6)
    assert found["drift_error_sum/w**2"] == pytest.approx(2 * alone["double_well", 0.5]["drift_error/w**2"], rel=1e-5)
