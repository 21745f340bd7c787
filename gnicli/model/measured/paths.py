"""Chains of one arm, step by step: their records, and the steps at which they diverge."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.contracts.observer import Observer, State
from gnicli.errors import ConflictError
from gnicli.model.measured.arms import Arm

RUNAWAY = 1e10  # times its loss at the start: a chain beyond that has diverged, though floats hold numbers up to 1e308
_SAVED_EVERY = 32  # steps between checkpoints that are offered


class Records(NamedTuple):
    """What is kept of a path: a row every `every` steps, increments of weights `traced`, weights at steps `kept`."""

    n_steps: int
    every: int
    traced: np.ndarray
    kept: tuple[int, ...] = ()

    @property
    def steps(self) -> np.ndarray:
        """The step after which each row was taken; the first is the start."""
        return np.arange(self.n_steps // self.every + 1) * self.every


class Path(NamedTuple):
    """The chains of one arm. All are NaN from a chain's divergence on.

    `loss` and `distance` (from the start) are (rows, n). `increments` (rows − 1, traced, n) are those of the last step
    before each row but the first. `weights` are (kept, d, n), `ends` (d, n). `diverged_by` (n,) is the step by which a
    chain diverged, else −1.
    """

    loss: np.ndarray
    distance: np.ndarray
    increments: np.ndarray
    weights: np.ndarray
    ends: np.ndarray
    diverged_by: np.ndarray


def traced(layers: np.ndarray, most: int) -> np.ndarray:
    """The weights whose increments are kept: at most `most` of each layer, evenly spaced."""
    found = []
    for k in range(1, int(layers.max()) + 1):
        places = np.flatnonzero(layers == k)
        found.append(places[np.unique(np.linspace(0, len(places) - 1, min(len(places), most)).astype(int))])
    return np.concatenate(found)


def follow(arm: Arm, judged: Potential, start: np.ndarray, records: Records, observer: Observer) -> Path:
    """Take the chains from `start` (d, n) through all steps, and record their losses by `judged`.

    A chain has diverged where a weight is no longer finite after a step, or `ran_away` at a row. The result does not
    depend on how often it was interrupted: `observer.restore` gives the state of a finished block of steps back.
    """
    d, n = start.shape
    rows = len(records.steps)
    path = Path(
        np.full((rows, n), np.nan),
        np.full((rows, n), np.nan),
        np.full((rows - 1, len(records.traced), n), np.nan),
        np.full((len(records.kept), d, n), np.nan),
        start.copy(),
        np.full(n, -1),
    )
    done, state = 0, observer.restore()
    if state is not None:
        done, path = _restored(state, path)
    else:
        path.loss[0], path.distance[0] = judged.value(start), 0.0
        _keep(path, records, 0)

    def make_state() -> State:
        return State(done, path._asdict())

    while done < records.n_steps:
        _step(arm, judged, start, records, path, done)
        done += 1
        if done % _SAVED_EVERY == 0 or done == records.n_steps:
            n_diverged = int((path.diverged_by >= 0).sum())
            observer.step_done(done, records.n_steps, make_state, n_diverged=n_diverged)
    return path


def ran_away(loss: np.ndarray, at_start: np.ndarray) -> np.ndarray:
    """Whether each loss (n,) is not finite, or above `RUNAWAY` times its chain's at the start (n,), if not 0."""
    most = np.where(at_start > 0, RUNAWAY * at_start, np.inf)
    lost: np.ndarray = ~np.isfinite(loss) | (loss > most)
    return lost


def _step(arm: Arm, judged: Potential, start: np.ndarray, records: Records, path: Path, done: int) -> None:
    """One step of all chains that have not diverged; `done` were taken before."""
    live = np.flatnonzero(path.diverged_by < 0)
    if not len(live):
        return
    before = path.ends[:, live]
    with np.errstate(over="ignore", invalid="ignore"):
        after = arm.step(done, before, live)
        fine = np.isfinite(after).all(axis=0)
        row = (done + 1) // records.every if (done + 1) % records.every == 0 else 0
        if row:
            loss = np.full(len(live), np.nan)
            if fine.any():
                loss[fine] = judged.value(after[:, fine])
            moved = after - start[:, live]
            distance = np.sqrt(np.einsum("dn,dn->n", moved, moved))
            fine &= ~ran_away(loss, path.loss[0, live]) & np.isfinite(distance)
    path.ends[:, live] = np.where(fine, after, np.nan)
    path.diverged_by[live[~fine]] = done + 1
    if row and fine.any():
        here = live[fine]
        path.loss[row, here] = loss[fine]
        path.distance[row, here] = distance[fine]
        path.increments[row - 1][:, here] = (after - before)[records.traced][:, fine]
    _keep(path, records, done + 1)


def _keep(path: Path, records: Records, step: int) -> None:
    if step in records.kept:
        path.weights[records.kept.index(step)] = path.ends


def _restored(state: State, path: Path) -> tuple[int, Path]:
    found = Path(**{name: np.array(state.arrays[name]) for name in Path._fields})
    if any(own.shape != other.shape for own, other in zip(path, found, strict=True)):
        raise ConflictError(
            f"the checkpoint holds chains of shape {found.ends.shape}, this run has {path.ends.shape}: start it afresh"
        )
    return state.step, found
