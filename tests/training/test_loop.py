"""The loop on a small regression: what it computes, that it resumes bit for bit, and how it ends."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gnicli.contracts.observer import SilentObserver, State
from gnicli.seeding import torch_stream
from gnicli.training.batches import Batches
from gnicli.training.loop import Examples, Loop
from gnicli.training.optimizer import build_optimizer
from gnicli.training.pictures import divergence_figure

N, STEPS = 23, 31


class KeepingObserver(SilentObserver):
    """Keeps a deep copy of every state the loop offers."""

    def __init__(self, state: State | None = None) -> None:
        super().__init__(state)
        self.states: dict[int, State | None] = {}

    def step_done(self, step, total, make_state, **shown):
        state = make_state()
        self.states[step] = state and State(
            state.step, {k: np.array(v) for k, v in state.arrays.items()}, dict(state.values)
        )


class Halving:
    name = "halving"

    def factor(self, step: int, total: int) -> float:
        return 1.0 if step < total // 2 else 0.5


def options(**changes):
    base = {"name": "sgd", "momentum": 0.0, "nesterov": False, "beta1": 0.9, "beta2": 0.999, "weight_decay": 0.0}
    return SimpleNamespace(**{**base, **changes})


def run(observer, optimizer=None, lr=0.05, batch_size=5, noise=0.3, eval_every=4):
    """Least squares with gradient noise keyed by the step; returns the weights and how training ended."""
    generator = torch_stream(3, "init")
    module = torch.nn.Linear(4, 1, dtype=torch.float64)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(generator=generator)
    inputs = torch.randn(N, 4, generator=generator, dtype=torch.float64)
    targets = torch.randn(N, 1, generator=generator, dtype=torch.float64)

    def gradient(step, batch, wanted):
        draws = noise * torch.randn(batch.shape, generator=torch_stream(3, "noise", step), dtype=torch.float64)
        loss = ((module(batch + draws) - wanted) ** 2).mean()
        return loss.detach(), torch.autograd.grad(loss, list(module.parameters()))

    def evaluate():
        with torch.no_grad():
            return {"train_loss": float(((module(inputs) - targets) ** 2).mean())}

    trained = Loop(
        module,
        gradient,
        build_optimizer(optimizer or options(), module.parameters(), lr),
        Halving(),
        Examples(inputs, targets),
        Batches(N, batch_size, seed=3),
        evaluate,
        observer,
        lr=lr,
        steps=STEPS,
        eval_every=eval_every,
    )()
    return torch.cat([p.detach().reshape(-1) for p in module.parameters()]).numpy(), trained


OPTIMIZERS = [
    options(),
    options(momentum=0.9, nesterov=True, weight_decay=0.01),
    options(name="adam", weight_decay=0.01),
]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=["sgd", "nesterov", "adam"])
@pytest.mark.parametrize("stop", [1, 4, 17, 30])
def test_a_run_that_goes_on_from_any_state_equals_one_that_never_stopped(optimizer, stop):
    whole = KeepingObserver()
    weights, trained = run(whole, optimizer)
    rest = KeepingObserver(whole.states[stop])
    resumed_weights, resumed = run(rest, optimizer)
    assert resumed_weights.tobytes() == weights.tobytes()
    assert resumed.history.tobytes() == trained.history.tobytes()
    assert resumed.path.tobytes() == trained.path.tobytes()
    assert trained.path[:, 0].tolist() == list(range(1, STEPS + 1))
    assert resumed.columns == trained.columns
    assert rest.rows == [row for row in whole.rows if row[0] > stop]


def test_plain_sgd_is_the_written_recursion():
    observer = KeepingObserver()
    weights, _ = run(observer, noise=0.0, batch_size=None)
    generator = torch_stream(3, "init")
    w = torch.randn(1, 4, generator=generator, dtype=torch.float64).numpy().reshape(-1)
    b = float(torch.randn(1, generator=generator, dtype=torch.float64))
    x = torch.randn(N, 4, generator=generator, dtype=torch.float64).numpy()
    y = torch.randn(N, 1, generator=generator, dtype=torch.float64).numpy().reshape(-1)
    for step in range(STEPS):
        lr = 0.05 if step < STEPS // 2 else 0.025
        error = x @ w + b - y
        w, b = w - lr * 2 / N * x.T @ error, b - lr * 2 / N * error.sum()
    np.testing.assert_allclose(weights, [*w, b], rtol=1e-12)


def test_records_are_made_at_the_start_at_the_cadence_and_at_the_end():
    observer = KeepingObserver()
    _, trained = run(observer, eval_every=10)
    assert trained.history[:, 0].tolist() == [0, 10, 20, 30, 31]
    assert [row[0] for row in observer.rows if row[1] == "train_loss"] == [0, 10, 20, 30, 31]
    assert trained.diverged_at is None


def test_divergence_is_reported_with_its_step_and_no_infinite_state_is_offered():
    observer = KeepingObserver()
    _, trained = run(observer, lr=1e60, batch_size=None)
    assert trained.diverged_at is not None
    assert trained.diverged_at < STEPS
    assert not np.isfinite(trained.objective)
    assert observer.rows[-1][:2] == (trained.diverged_at, "objective")
    assert trained.path[:, 0].tolist() == list(range(1, trained.diverged_at))
    assert np.isfinite(trained.path).all()
    (curve,) = divergence_figure(trained).panels[0].curves
    assert curve.x.tolist() == list(range(1 - trained.diverged_at, 0))
    assert max(observer.states) == trained.diverged_at - 1
    for state in observer.states.values():
        assert state is None or all(np.isfinite(state.arrays[k]).all() for k in state.arrays if "parameter" in k)


@pytest.mark.parametrize(("n", "size"), [(10, 3), (12, 4), (7, 7), (5, 1)])
def test_an_epoch_shows_every_example_once_in_an_order_of_its_own(n, size):
    batches = Batches(n, size, seed=1)
    epochs = [
        np.concatenate([batches.indices(e * batches.per_epoch + k) for k in range(batches.per_epoch)]) for e in (0, 1)
    ]
    assert all(sorted(epoch) == list(range(n)) for epoch in epochs)
    assert n < 6 or not np.array_equal(*epochs)
    # Asked out of order, as a resumed run does, the batches are the same.
    again = Batches(n, size, seed=1).indices(batches.per_epoch + batches.per_epoch - 1)
    np.testing.assert_array_equal(again, epochs[1][(batches.per_epoch - 1) * size :])


def test_a_full_batch_is_no_shuffle():
    assert Batches(9, None, seed=1).indices(5) is None
