"""The training loop: a gradient, a step, and at intervals a record of the losses without noise.

Everything random is keyed by the seed and the step, so the whole state is the weights, the optimizer's memory and the
record of the losses; a run that goes on from it gives the bytes of a run that was never stopped.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from gnicli.contracts.components import GradientFunction, Schedule, Stateful
from gnicli.contracts.observer import Observer, State, arrays_of, joined_arrays
from gnicli.gradients.stages import learned
from gnicli.training.batches import Batches
from gnicli.training.cadence import RECORDS
from gnicli.training.optimizer import optimizer_arrays, restore_optimizer, take_step

if TYPE_CHECKING:
    import torch

Evaluation = dict[str, float]
_PARAMETER = "parameter"  # the weights among the arrays of a state
_PATH = 100  # steps whose objective is kept, for the figure of a run that diverges


class Examples(NamedTuple):
    """Examples as tensors on the run's device: inputs (n, *shape), targets (n, k) or (n,)."""

    inputs: torch.Tensor
    targets: torch.Tensor


class Trained(NamedTuple):
    """How training ended. `history` has a row per record: step, then the values of `columns`.

    `diverged_at` is the first step (from 1) whose objective was not finite, or None. `objectives` has a row for each
    50th of the run: step, and the objective of that step's batch. `path` has such rows for the last 100 steps.
    """

    columns: tuple[str, ...]
    history: np.ndarray
    diverged_at: int | None
    objective: float
    objectives: np.ndarray
    path: np.ndarray


class Watch(Protocol):
    """Looks at the weights every `every` steps, before the first and after the last."""

    every: int

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Look at the weights after `step` steps, with the batch of the step to come."""
        ...


class Stopwatch(Protocol):
    """Measures the time of each step."""

    def begin(self) -> None:
        """A step begins."""
        ...

    def end(self, n_left: int) -> None:
        """A step has ended and `n_left` are to come."""
        ...


class Loop:
    """One training run: call it once.

    `gradient` returns the objective's value and its gradients; `evaluate` gives the clean losses by name;
    `schedule` multiplies `lr`; a record is made before the first step, every `eval_every` steps and after the last. The
    objective, which costs nothing, is recorded at each 50th of the run as well.
    `parts` keep more than weights: what they hold goes into the state. `before` is called with each step, and with
    the number of finished ones before each look at the weights. `pace` measures each step.
    """

    def __init__(
        self,
        module: torch.nn.Module,
        gradient: GradientFunction,
        optimizer: torch.optim.Optimizer,
        schedule: Schedule,
        examples: Examples,
        batches: Batches,
        evaluate: Callable[[], Evaluation],
        observer: Observer,
        *,
        lr: float,
        steps: int,
        eval_every: int,
        parts: Sequence[Stateful] = (),
        watch: Watch | None = None,
        before: Callable[[int], None] | None = None,
        pace: Stopwatch | None = None,
    ) -> None:
        self.module = module
        self.gradient = gradient
        self.optimizer = optimizer
        self.schedule = schedule
        self.examples = examples
        self.batches = batches
        self.evaluate = evaluate
        self.observer = observer
        self.lr = lr
        self.steps = steps
        self.eval_every = eval_every
        self.parts = parts
        self.watch = watch
        self.before = before
        self.pace = pace
        self.columns: tuple[str, ...] = ()
        self.history: list[list[float]] = []
        self.objectives: list[list[float]] = []
        self._path: deque[list[float]] = deque(maxlen=_PATH)
        self._parameters = learned(module)
        self._objective_every = max(1, steps // RECORDS)

    def __call__(self) -> Trained:
        """Train from the observer's state, or from the start, to the last step."""
        first = self._restore()
        objective = math.nan
        if first == 0:
            self._record(0, {})
            self._watch(0)
        for step in range(first, self.steps):
            done = step + 1
            if self.pace is not None:
                self.pace.begin()
            objective = self._step(step)
            if self.pace is not None:
                self.pace.end(self.steps - done)
            if not math.isfinite(objective):
                self.observer.metrics(done, {"objective": objective})
                return self._finished(done, objective)
            is_record = done % self.eval_every == 0 or done == self.steps
            self._path.append([float(done), objective])
            if done % self._objective_every == 0 or done == self.steps:
                self.objectives.append([float(done), objective])
                if not is_record:
                    self.observer.metrics(done, {"objective": objective})
            if is_record:
                self._record(done, {"objective": objective})
            self._watch(done)
            self.observer.step_done(done, self.steps, partial(self._state, done), objective=objective)
        return self._finished(None, objective)

    def _step(self, step: int) -> float:
        if self.before is not None:
            self.before(step)
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr * self.schedule.factor(step, self.steps)
        value, gradients = self.gradient(step, *self._batch(step))
        objective = float(value)
        if math.isfinite(objective):
            # Weights are left as they were when the loss broke down, for whoever wants to look.
            take_step(self.optimizer, self._parameters, gradients)
        return objective

    def _batch(self, step: int) -> Examples:
        indices = self.batches.indices(step)
        if indices is None:
            return self.examples
        return Examples(self.examples.inputs[indices], self.examples.targets[indices])

    def _watch(self, done: int) -> None:
        """Let the watcher look where it is due; what it sees are the batch and the draws of the step to come."""
        if self.watch is not None and (done % self.watch.every == 0 or done == self.steps):
            if self.before is not None:
                self.before(done)
            self.watch(done, *self._batch(done))

    def _record(self, step: int, extra: Evaluation) -> None:
        if self.before is not None:
            self.before(step)
        values = {**self.evaluate(), **extra}
        self.observer.metrics(step, values)
        clean = {name: value for name, value in values.items() if name not in extra}
        self.columns = tuple(clean)
        self.history.append([float(step), *clean.values()])

    def _finished(self, diverged_at: int | None, objective: float) -> Trained:
        return Trained(
            self.columns, np.array(self.history), diverged_at, objective, _rows(self.objectives), _rows(self._path)
        )

    def _state(self, step: int) -> State | None:
        parameters = {name: tensor.detach().cpu().numpy() for name, tensor in self.module.state_dict().items()}
        if not all(np.isfinite(array).all() for array in parameters.values()):
            return None
        kept = {"objectives": _rows(self.objectives), "path": _rows(self._path)}
        records = {"history": np.array(self.history), **kept}
        arrays = {**joined_arrays({_PARAMETER: parameters}), **optimizer_arrays(self.optimizer), **records}
        for part in self.parts:
            arrays |= part.state()
        return State(step, arrays, {"columns": list(self.columns)})

    def _restore(self) -> int:
        state = self.observer.restore()
        if state is None:
            return 0
        load_parameters(self.module, state)
        restore_optimizer(self.optimizer, state.arrays)
        self.history = state.arrays["history"].tolist()
        if "objectives" in state.arrays:  # not in the checkpoints of earlier versions
            self.objectives = state.arrays["objectives"].tolist()
        if "path" in state.arrays:
            self._path.extend(state.arrays["path"].tolist())
        self.columns = tuple(state.values["columns"])
        for part in self.parts:
            part.restore(state.arrays)
        return state.step


def _rows(pairs: Iterable[list[float]]) -> np.ndarray:
    return np.array(list(pairs)).reshape(-1, 2)


def load_parameters(module: torch.nn.Module, state: State) -> None:
    """Put the weights of a training checkpoint into `module`."""
    import torch

    weights = arrays_of(_PARAMETER, state.arrays)
    module.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in weights.items()})
