"""What reports say of runs: each word is there where it is true, and not where it is not."""

import dataclasses

import numpy as np
import pytest

from gnicli.contracts.data import Data, Split
from gnicli.contracts.observer import SilentObserver
from gnicli.contracts.results import Value
from gnicli.dataset.sinusoids import Sinusoids
from gnicli.experiments import kde_stationary, simulate_sde
from gnicli.experiments.about import chains, components, fit_stable, gradient_noise, train
from gnicli.experiments.fit_stable import FitStableConfig
from gnicli.experiments.gradient_noise import GradientNoiseConfig
from gnicli.experiments.kde_stationary import KdeStationaryConfig
from gnicli.experiments.simulate_sde import SimulateSdeConfig
from gnicli.experiments.train import OptimizerConfig, TrainConfig
from gnicli.gradients.inject.gaussian import GaussianInjection
from gnicli.gradients.inject.none import NoInjection
from gnicli.gradients.objective.clean import Clean
from gnicli.gradients.objective.explicit import Explicit
from gnicli.gradients.objective.noisy import Noisy
from gnicli.measure.kinds.averages import Averages
from gnicli.measure.kinds.exponents import Exponents
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.none import NoNoise
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.quartic import Quartic
from gnicli.potential.separable import Separable
from gnicli.samples.file import FileSamples
from gnicli.samples.stable import StableSamples
from gnicli.training.batches import Batches
from gnicli.training.track.antithetic import Antithetic
from gnicli.training.track.none import NoTrack


@dataclasses.dataclass
class Foreign:
    """A component of another package, which says nothing of itself."""

    name: str = "foreign"
    size: float = 0.25
    on: bool = True
    off: bool = False
    sizes: tuple[int, ...] = (1, 2000)
    more: dict = dataclasses.field(default_factory=lambda: {"a": None, "b": 1.5})
    absent: str | None = None


def test_a_foreign_component_is_told_by_its_name_and_keys():
    assert components.words(Foreign()) == "foreign: size 0.25, on, sizes (1, 2,000), more (a None, b 1.5)"
    assert components.words(Foreign(), leave_out=("size", "on", "sizes", "more")) == "foreign"
    assert components.noise(Foreign()).startswith("foreign: size 0.25")
    assert components.network_name(Foreign()) == "foreign"
    assert components.noise_name(Foreign()) == "with foreign noise"


def test_keys_without_end_are_cut():
    assert len(components.listed({"sizes": list(range(1000))})) == 200


@pytest.mark.parametrize(
    ("noise", "words"),
    [
        (AdditiveNoise(), "; std 0.1"),
        (AdditiveNoise(std=[0.1, 0.2]), "; std (0.1, 0.2)"),
        (AdditiveNoise(var=0.04, antithetic=True), "; variance 0.04, in antithetic pairs"),
        (AdditiveNoise(std=0.3, input=False), "; std 0.3, none at the input"),
    ],
)
def test_noise_in_words(noise, words):
    assert components.noise(noise) == f"additive Gaussian noise, h̃ = h + ε with ε ~ N(0, std²){words}"


def test_no_noise_in_words():
    assert components.noise(NoNoise()) == "no noise"
    assert components.noise_name(NoNoise()) == "without noise"


def split(*shape):
    return Split(np.zeros(shape, "f4"), np.zeros(shape[0]))


@pytest.mark.parametrize(
    ("inputs", "data", "words"),
    [
        ("raw", Data(split(3, 1), split(1, 1), "regression", 1),
         "3 training and 1 test examples of 1 input, 1 regressed value"),
        ("raw", Data(split(3, 5), split(1, 5), "regression", 2), "examples of 5 inputs, 2 regressed values"),
        ("standardized", Data(split(1000, 3, 8, 8), split(2, 3, 8, 8), "classification", 10),
         "1,000 training and 2 test examples of 3 × 8 × 8, standardized, 10 classes"),
    ],
)  # fmt: skip
def test_data_in_words(inputs, data, words):
    said = components.data(Sinusoids(inputs=inputs), data)
    assert said.startswith("sinusoids: ")
    assert said.endswith(words)


def test_networks_in_words():
    assert components._layers(Mlp(depth=0, bias=False)) == "linear model, no biases, initialization he"
    assert components._layers(Mlp(depth=2, width=2000)).startswith(
        "multilayer perceptron, 2 hidden layers of 2,000 units"
    )


@pytest.mark.parametrize(
    ("objective", "noise", "inject", "track", "takes", "draws"),
    [
        (Noisy, AdditiveNoise, NoInjection, NoTrack, True, True),
        (Noisy, NoNoise, NoInjection, NoTrack, False, False),
        (Clean, AdditiveNoise, NoInjection, NoTrack, False, False),
        (Clean, AdditiveNoise, GaussianInjection, NoTrack, True, True),
        (Clean, AdditiveNoise, NoInjection, Antithetic, True, True),
        (Explicit, AdditiveNoise, NoInjection, NoTrack, True, False),
        (Explicit, AdditiveNoise, GaussianInjection, NoTrack, True, True),
    ],
)
def test_noise_without_effect_is_not_told(objective, noise, inject, track, takes, draws):
    config = TrainConfig(noise=noise(), objective=objective(), inject=inject(), track=track())
    assert (train._takes_noise(config), train._draws_noise(config)) == (takes, draws)


def test_optimizers_in_words():
    assert train._optimizer(OptimizerConfig(name="sgd")) == "stochastic gradient descent"
    nesterov = OptimizerConfig(name="sgd", momentum=0.9, nesterov=True, weight_decay=0.1)
    assert train._optimizer(nesterov) == "stochastic gradient descent with Nesterov’s momentum 0.9, weight decay 0.1"
    assert train._optimizer(OptimizerConfig(name="adam")) == "Adam (β₁ = 0.9, β₂ = 0.999)"


def test_budgets_in_words():
    assert train.budget(1, Batches(10, None, 0)) == "1 step of the whole training data"
    assert train.budget(2000, Batches(100, 10, 0)) == "2,000 steps of minibatches of 10 (200 epochs)"


def losses(**more):
    values = {"train_loss": 0.5, "test_loss": 0.75, "steps": 2000.0, **more}
    return {name: Value(value) for name, value in values.items()}


def test_the_end_of_training_in_a_sentence():
    said = "After 2,000 steps the loss without noise is 0.5 on the training data and 0.75 on the test data"
    assert train.conclusion(losses()) == f"{said}."
    assert train.conclusion(losses(train_learned=0.975)) == (
        f"{said}; 97.5 % of what a constant answer leaves on the training data is learned."
    )
    with_classes = losses(train_accuracy=0.981, test_accuracy=0.9)
    assert train.conclusion(with_classes) == (
        f"{said}; the accuracy is 98.1 % on the training data and 90.0 % on the test data."
    )
    assert train.conclusion(losses(diverged_at=7.0)) == "Training diverged at step 7."


def test_tail_indices_in_a_sentence():
    values = {
        "alpha/across_weights/layer2": Value(1.5),
        "control/gaussian/passed": Value(1.0),
        "alpha/clean/layer2": Value(1.9),
    }
    said = "Across the weights of a layer one draw of the gradient noise has alpha = 1.50 in layer 2"
    assert gradient_noise.conclusion(values) == f"{said}."
    scaled = values | {"alpha_scaled/across_weights/layer2": Value(1.9)}
    assert gradient_noise.conclusion(scaled) == (
        f"{said}; with each weight in units of its own standard deviation it has 1.90 in layer 2."
    )
    assert "do not rely" in gradient_noise.conclusion(values | {"control/gaussian/passed": Value(0.0)})
    assert gradient_noise.conclusion({"slope/x": Value(1.0)}) == ""


def test_a_one_neuron_network_has_neither_data_nor_the_network_of_the_command():
    config = GradientNoiseConfig(noise=AdditiveNoise(), measure=Exponents(n_layers=3))
    found = gradient_noise.about(config, None, None, 0, 0, {})
    assert found.title == "Gradient noise of a one-neuron network with additive Gaussian noise"
    assert found.conditions["network"] == (
        "one neuron in each layer: n layers 3, weights 1, x 1, target 0, activation linear"
    )
    assert found.conditions["loss"] == "mean squared error"
    assert {"data", "gradient", "M", "centering"}.isdisjoint(found.conditions)
    assert "n samples" in found.conditions["measure"]
    assert "n draws" not in found.conditions["measure"]
    averages = dataclasses.replace(config, measure=Averages())
    assert "n draws" in gradient_noise.about(averages, None, None, 0, 0, {}).conditions["measure"]


def test_fits_in_words():
    single = fit_stable.about(FitStableConfig(StableSamples(n=30), fixed={"beta": 0}), "stable draws", "x", {"": 30})
    assert single.conclusion == ""
    assert single.conditions["data"].endswith("; 30 values")
    assert (
        single.conditions["fitted law"] == "stable law, parameterization S1, beta = 0 held fixed, by maximum likelihood"
    )
    config = FitStableConfig(FileSamples(path="returns.csv"), law="half_normal", n_bootstrap=0, holdout=0)
    several = fit_stable.about(config, "returns.csv", "return", {"a": 5, "b": 1000})
    assert several.title == "Fit of a half normal law to returns.csv"
    assert several.conclusion == "The half normal law was fitted to 2 groups of samples."
    assert several.conditions == {
        "data": "returns.csv, return: 2 groups (a 5, b 1,000 values)",
        "fitted law": "half normal law, by maximum likelihood",
        "tests": "none",
        "held out": "nothing",
    }
    assert fit_stable.about(config, "x.csv", "x", {"": 7}).conditions["data"] == "x.csv: 7 values"


def test_models_in_words():
    config = SimulateSdeConfig(
        potential=Quadratic(), alpha=2.0, beta=0.0, drift="fractional", eta_power=0.5, thin=1, start=1.5
    )
    found = chains.of_simulation(config, {}, (2000, 0.01), None)
    assert found.title == "Chains in a quadratic potential with Brownian motion: ε = 1"
    assert found.conclusion == ""
    assert found.conditions["noise"] == "Brownian motion: ε = 1"
    assert found.conditions["drift"] == "fractional, equation (4.6), by quadrature"
    assert found.conditions["step"] == "Strang splitting, steps of 0.01 / k^0.5"
    assert found.conditions["budget"].endswith("every step")
    assert found.conditions["start"] == "1.5"
    with_sum = dataclasses.replace(config, h=0.1, K=50, start=None, exit_steps=0)
    conditions = chains.of_simulation(with_sum, {}, (0, 0.01), None).conditions
    assert conditions["drift"] == "fractional, equation (4.6), the sum b_hK with h = 0.1, K = 50"
    assert {"start", "exits"}.isdisjoint(conditions)


@pytest.mark.parametrize(
    ("n", "words"), [(1, "step"), (2, "2nd step"), (3, "3rd step"), (11, "11th step"), (21, "21st step")]
)
def test_ordinals(n, words):
    assert chains._ordinal(n) == words


def test_chains_in_a_sentence():
    exits = {"exit_rate/1": Value(0.25, 0.02), "exit_rate_theory/1": Value(0.2), "exit_rate/2": Value(1.0)}
    assert chains.simulation_conclusion(exits) == (
        "Exit rates: 0.250 ± 0.020 out of basin 1 (theory of small noise 0.2); 1 out of basin 2."
    )
    for spread, said in (
        (0.2, "small noise 0.2);"),
        (0.21, "small noise 0.2, which does not hold for noise of this size)"),
    ):
        sizes = {"exit_ratio/1": Value(0.1), "exit_spread/1": Value(spread)}
        assert said in chains.simulation_conclusion(exits | sizes)
    flat = chains.simulation_conclusion(exits | {"exit_shift/1": Value("infinite")})  # the minimum is flat
    assert "which does not hold for noise of this size" in flat
    config = SimulateSdeConfig(potential=Quadratic())
    assert (
        chains.of_simulation(config, exits, (500, 0.1), [-1, 2]).conditions["exits"]
        == "500 steps of 0.1, out of (-1, 2)"
    )
    assert "exits" not in chains.of_simulation(config, {}, (500, 0.1), None).conditions
    assert chains.simulation_conclusion({"mean/w": Value(0.5, 0.1)}) == "Means: 0.50 ± 0.10 of w."
    mixed = {"mean/w": Value(0.5, 0.1), "split_rhat": Value(1.05)}
    assert chains.simulation_conclusion(mixed) == "Means: 0.50 ± 0.10 of w."
    unmixed = {"mean/w": Value(0.5), "split_rhat": Value(1.06)}
    assert chains.simulation_conclusion(unmixed).startswith("Means: 0.5 of w. The chains have not mixed, so")
    infinite = {"mean/w": Value(0.5), "mean/w**2": Value("infinite")}
    assert chains.simulation_conclusion(infinite) == "Means: 0.5 of w, infinite of w**2."
    assert chains.simulation_conclusion({"loss/q0.5": Value(2.0)}) == "The median loss is 2."


@pytest.mark.parametrize("alpha", [0.7, 1.5, 2.0])
@pytest.mark.parametrize(
    "potential", [Quadratic(), Quartic(), DoubleWell(), MultiWell(), Polynomial(terms=[0, 0, 1]), Separable()]
)
def test_every_potential_has_a_conclusion(potential, alpha):
    keys = {"potential": potential, "alpha": alpha, "n_chains": 8, "n_steps": 100, "burn_in": 10}
    simulated = simulate_sde.run(SimulateSdeConfig(**keys, exit_steps=0), SilentObserver())
    assert simulated.about.conclusion.startswith("Means: ")
    assert ("infinite" in simulated.about.conclusion) == any(v.value == "infinite" for v in simulated.values.values())
    estimated = kde_stationary.run(KdeStationaryConfig(**keys, points=101), SilentObserver())
    assert estimated.about.conclusion.startswith("The L¹ distance ") == ("l1_to_exact" in estimated.values)


def test_densities_in_a_sentence():
    both = {"l1_to_exact": Value(0.125), "l1_to_gibbs": Value(0.5)}
    assert chains.density_conclusion(both) == (
        "The L¹ distance of the estimated density is 0.125 from the exact one and 0.5 from the Gibbs density."
    )
    assert chains.density_conclusion(both | {"split_rhat": Value(1.2)}).endswith("and not the stationary law.")
    assert chains.density_conclusion({}) == chains.density_conclusion({"split_rhat": Value(1.2)}) == ""
    config = KdeStationaryConfig(potential=Quadratic(), bandwidth=0.5)
    found = chains.of_density(config, config.smoothing, {"n_chains": 1}, {})
    assert found.conditions["density"] == "kernel estimate (binned), bandwidth 0.5, 1,001 points"
    assert found.conditions["beside"] == "n chains 1"
