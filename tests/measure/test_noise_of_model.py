"""Gradient noise from Python: the numbers of the command, on models of any kind, which are left as they were."""

import copy
import json
import random
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch
from plug_ins import UNIFORM, Uniform, plugged_in
from scipy import stats
from torch import nn
from torch.nn import functional

from gnicli.cli import main
from gnicli.contracts.components import NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.dataset.sinusoids import Sinusoids
from gnicli.errors import UsageError
from gnicli.gradients.hooks import inject
from gnicli.measure import GradientNoise, gradient_noise
from gnicli.measure.layers import frames, jackknife, populations, sentences
from gnicli.measure.layers.controls import Control
from gnicli.measure.layers.dependence import ELLIPTICAL, Dependence
from gnicli.network.mlp import Mlp
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.seeding import torch_stream
from gnicli.training.tracking import GradientNoiseTrack

SMALL = {"n_draws": 20, "n_traced": 1, "n_mean": 2}  # too few for fits over draws, which take the time


@pytest.fixture
def data():
    generator = torch.Generator().manual_seed(3)
    x = torch.randn(6, 4, generator=generator, dtype=torch.float64)
    return x, (x[:, :1] * 2 - x[:, 1:2]).contiguous()


def mlp(depth=1, width=60, n_in=4, dtype=torch.float64, seed=7):
    return Mlp(depth=depth, width=width).build((n_in,), 1, torch_stream(seed, "init"), dtype)


def plain(model):
    """The same weights in an `nn.Sequential`, which has no stages."""
    first, last = model.stages
    found = nn.Sequential(nn.Linear(4, 60), nn.ELU() if first.activation == "elu" else nn.ReLU(), nn.Linear(60, 1))
    with torch.no_grad():
        for linear, stage in ((found[0], first), (found[2], last)):
            linear.weight.copy_(stage.weight)
            linear.bias.copy_(stage.bias)
    return found.double()


def test_the_numbers_are_those_of_the_command(tmp_path, monkeypatch):
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path))
    data = ("dataset.frequencies=[1,2]", "dataset.n_train=20")
    network = ("network.depth=1", "network.width=30", "noise=mult", "noise.std=0.4", "seed=5", "threads=1")
    measure = ("measure.n_draws=56", "measure.n_traced=1", "n_mean=2", "M=2", "measure.figures=[]")
    assert main(["gradient-noise", *data, *network, *measure, f"run.dir={tmp_path / 'run'}"]) == 0
    recorded = json.loads((tmp_path / "run" / "results.json").read_text())
    train = Sinusoids(frequencies=[1, 2], n_train=20).load(5, SilentObserver()).train
    model = mlp(width=30, n_in=train.inputs.shape[1], dtype=torch.float32, seed=5)
    x, y = torch.from_numpy(train.inputs), torch.from_numpy(train.targets)
    frame = gradient_noise(model, "mse", x, y, noise="mult", std=0.4, seed=5, M=2, n_mean=2, n_draws=56, n_traced=1)
    rows = {(row["population"], row["layer"]): row for _, row in frame.iterrows()}
    compared = 0
    for name, value in recorded.items():
        statistic, population, layer = name.split("/")
        if statistic == "control":
            continue
        row = rows[population, int(layer.removeprefix("layer"))]
        assert row[statistic] == value["value"], name
        if value["stderr"] is not None:
            assert row[f"{statistic}_stderr"] == value["stderr"], name
        compared += 1
    assert compared > 60
    assert frame.attrs["controls_passed"] == all(
        value["value"] for name, value in recorded.items() if name.endswith("passed")
    )


def test_a_module_without_stages_gives_the_numbers_of_the_network_with_them(data):
    """By hooks and autograd in place of the gradient by hand: float64, so next to equal."""
    model = mlp()
    ours = gradient_noise(model, "mse", *data, noise="add", std=0.3, **SMALL)
    theirs = gradient_noise(plain(model), nn.MSELoss(), *data, noise="add", std=0.3, **SMALL)
    assert theirs["name"].tolist() != ours["name"].tolist()
    assert set(theirs["name"]) == {"0", "2", "0.weight", "2.weight"}
    for column in ("n", "std", "skewness", "kurtosis", "alpha", "beta", "alpha_each", "effective_rank"):
        np.testing.assert_allclose(theirs[column], ours[column], rtol=1e-4, err_msg=column)


def test_the_noise_of_another_package_is_found_by_its_name(data):
    model = plain(mlp())
    with plugged_in(UNIFORM):
        by_name = gradient_noise(model, "mse", *data, noise="uniform", std=0.2, **SMALL)
    pd.testing.assert_frame_equal(by_name, gradient_noise(model, "mse", *data, noise=Uniform(std=0.2), **SMALL))


def test_the_variance_over_draws_is_that_of_autograd_by_hand(data):
    """`over_draws` has the mean variance over weights; draws by `inject`, one autograd call for each."""
    model = plain(mlp())
    frame = gradient_noise(model, "mse", *data, noise="mult", std=0.5, seed=2, step=3, **SMALL)
    draws = []
    with inject(model, "mult", std=0.5, seed=2) as injection:
        for draw in range(4, 24):  # draw 0, made even: 2; two draws of the mean; then the population
            injection.at(3, draw)
            loss = functional.mse_loss(model(data[0]), data[1])
            draws.append(torch.autograd.grad(loss, model[2].weight)[0].flatten())
    expected = torch.stack(draws).var(dim=0).mean().sqrt()
    (row,) = frame.query("population == 'over_draws' and name == '2.weight'").to_dict("records")
    assert row["std"] == pytest.approx(float(expected), rel=1e-9)


def test_the_watch_gives_the_numbers_of_track(data):
    model = mlp(depth=2)
    network = NoisyNetwork(model, "mse", MultiplicativeNoise(std=0.5), 2, 9)
    track = GradientNoiseTrack(network, 1, 4, 0, SilentObserver())
    watch = GradientNoise(model, "mse", noise="mult", std=0.5, M=2, n_mean=4, seed=9)
    for step in (0, 7):
        track(step, *data)
        frame = watch(*data, step=step)
        for row in frame.to_dict("records"):
            # `track` keeps no name, and no std.
            expected = track.last(row["layer"])
            assert {name: row[name] for name in expected} == pytest.approx(expected, nan_ok=True, rel=0, abs=0)
    assert watch.frame["step"].tolist() == [0, 0, 0, 7, 7, 7]


class Restless(nn.Module):
    """Normalizes over the batch, drops out, and draws from every global generator."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.last = nn.Linear(4, 60), nn.BatchNorm1d(60), nn.Linear(60, 1)
        self.drop = nn.Dropout(0.2)
        self.last.bias.requires_grad_(False)

    def forward(self, x):
        random.random(), np.random.random()
        return self.last(self.drop(torch.tanh(self.norm(self.first(x)))))


def test_a_model_is_left_as_it_was(data):
    model = Restless().double()
    model.norm.eval()
    model(data[0]).sum().backward()
    model.first.weight.grad = None
    before = copy.deepcopy(model.state_dict())
    gradients = [parameter.grad for parameter in model.parameters()]
    values = [None if each is None else each.clone() for each in gradients]
    states = random.getstate(), torch.get_rng_state(), np.random.get_state()[1].copy()
    watch = GradientNoise(model, functional.mse_loss, noise="add", std=0.1, n_mean=2)
    first = watch(*data, step=1)
    gradient_noise(model, functional.mse_loss, *data, noise="add", std=0.1, **SMALL)
    model.norm.train()
    watch(*data, step=2)
    assert (model.training, model.norm.training) == (True, True)
    after = model.state_dict()
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    for parameter, gradient, value in zip(model.parameters(), gradients, values, strict=True):
        assert parameter.grad is gradient
        assert gradient is None or torch.equal(gradient, value)
    assert random.getstate() == states[0]
    assert torch.equal(torch.get_rng_state(), states[1])
    assert np.array_equal(np.random.get_state()[1], states[2])
    model.norm.eval()
    again = watch(*data, step=1)
    assert again.equals(first)  # what it draws from global generators is keyed as well


class Labeled(nn.Module):
    """As models of language are called: by keyword, and what it returns holds the loss."""

    def __init__(self):
        super().__init__()
        self.embed, self.mix, self.head = nn.Embedding(11, 8), nn.Linear(8, 16), nn.Linear(16, 3)

    def forward(self, input_ids, labels=None):
        logits = self.head(torch.tanh(self.mix(self.embed(input_ids).mean(dim=1))))
        return SimpleNamespace(logits=logits, loss=functional.cross_entropy(logits, labels))


def test_inputs_by_keyword_and_a_loss_of_the_models_own():
    torch.manual_seed(0)
    model = Labeled().double()
    batch = {"input_ids": torch.randint(0, 11, (6, 5)), "labels": torch.tensor([0, 1, 2, 0, 1, 2])}
    own = gradient_noise(model, lambda found, y: found.loss, batch, batch["labels"], std=0.3, **SMALL)
    named = gradient_noise(model, "cross_entropy", batch, batch["labels"], std=0.3, **SMALL)
    assert own.equals(named)
    assert own.query("population == 'over_draws'")["name"].tolist() == ["embed.weight", "mix.weight", "head.weight"]
    assert own.query("population == 'forward'")["name"].tolist() == ["mix", "head"]


def test_layers_name_where_noise_enters(data):
    """Noise at the last layer alone: the first layer's gradient noise comes from it, and none is accumulated before."""
    model = plain(mlp())
    frame = gradient_noise(model, "mse", *data, noise="mult", std=0.5, layers=["2"], **SMALL)
    assert frame.query("population == 'forward'")["name"].tolist() == ["2"]
    watch = GradientNoise(model, "mse", noise="mult", std=0.5, layers="2", n_mean=2)
    assert (watch(*data, step=0)["std"] > 0).all()


def found_of(alpha, stderr, kurtosis, passed):
    """One layer of an MLP, made up: the clean gradient is lighter than one draw's noise."""
    drawn = {"n": 900.0, "alpha": 1.9, "alpha_stderr": 0.01, "alpha_each": alpha, "kurtosis": kurtosis}
    statistics = {
        "across_weights": {1: {"n": 60.0, "alpha": alpha, "alpha_stderr": stderr, "beta": 0.25, "kurtosis": 9.0}},
        "clean": {1: {"n": 60.0, "alpha": 1.95}},
        "over_draws": {1: drawn},
        "forward": {0: {"n": 24.0}},
    }
    control = Control("Gaussian", 1.1, 1.99, "", passed)
    return populations.Found(statistics, {"across_weights": {1: np.array([0.0, 1.0, 3.0])}}, [control], {})


def test_rows_say_what_the_populations_are_evidence_for():
    rows = frames.of_populations(found_of(1.5, 0.1, 3.0, True), ["w"], ["in"]).set_index("population")
    assert rows["verdict"].tolist() == [
        "heavier than Gaussian: the clean gradient is lighter", "", "heavier than Gaussian", "",
    ]  # fmt: skip
    assert rows["name"].tolist() == ["w", "w", "w", "in"]
    assert rows.loc["across_weights", "std"] == 1.0
    half = stats.t.ppf(0.975, populations.REDRAWN - 1) * 0.1
    assert rows.loc["across_weights", ["alpha_low", "alpha_high"]].tolist() == pytest.approx([1.5 - half, 1.5 + half])
    half = stats.t.ppf(0.975, jackknife.GROUPS - 1) * 0.01
    assert rows.loc["over_draws", "alpha_high"] == pytest.approx(1.9 + half)
    assert rows.loc[["clean", "forward"], ["alpha_low", "alpha_high"]].isna().all(axis=None)


def test_intervals_end_where_the_family_does_and_failed_controls_leave_no_verdict():
    rows = frames.of_populations(found_of(1.85, 0.2, 0.2, False), ["w"], ["in"]).set_index("population")
    assert rows.loc["across_weights", "alpha_high"] == 2.0
    assert rows.loc[["across_weights", "over_draws"], "verdict"].tolist() == [sentences.FAILED] * 2
    rows = frames.of_populations(found_of(1.95, 0.2, 0.2, True), ["w"], ["in"]).set_index("population")
    assert rows.loc[["across_weights", "over_draws"], "verdict"].tolist() == ["next to Gaussian"] * 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"noise": "none"}, "needs noise in the activations"),
        ({"std": -1.0}, "std must be"),
        ({"std": 0.1, "var": 0.1}, "give std or var"),
        ({"M": 0}, "M must be an integer >= 1"),
        ({"n_mean": 0}, "n_mean must be an integer >= 1"),
        ({"n_draws": 1}, "n_draws must be an integer >= 2"),
        ({"layers": "nowhere"}, "nowhere"),
        ({"seed": -1}, "seed"),
        ({"step": -1}, "step must be"),
        ({"criterion": "hinge"}, "loss must be one of"),
    ],
)
def test_wrong_arguments_are_named(data, arguments, message):
    arguments = {"criterion": "mse", **SMALL, **arguments}
    with pytest.raises(UsageError, match=message):
        gradient_noise(mlp(), arguments.pop("criterion"), *data, **arguments)


def test_rows_say_whether_the_weights_are_elliptical_or_independent():
    joint = {"over_draws": {1: Dependence(900, 4, 0.4, 0.005)}}
    rows = frames.of_populations(found_of(1.5, 0.1, 3.0, True)._replace(joint=joint), ["w"], ["in"])
    rows = rows.set_index("population")
    assert rows.loc["over_draws", ["elliptical_p", "independent_p"]].tolist() == [0.4, 0.005]
    assert rows.loc["over_draws", "joint"] == ELLIPTICAL
    assert rows.loc[["across_weights", "clean", "forward"], "joint"].tolist() == [""] * 3
    assert rows.loc[["across_weights", "forward"], ["elliptical_p", "independent_p"]].isna().all(axis=None)
