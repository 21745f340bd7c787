"""Compositions that a sweep makes ahead of its jobs: one for all jobs that make the same choices."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence

from gnicli.engine.jobs.plan import Plan
from gnicli.launch import commands, compositions, hydra_session, hydra_versions, sweeps
from gnicli.launch.compositions import Begun
from gnicli.launch.hydra_state import hydra_state
from gnicli.launch.jobs import configured

_FEWEST = 3  # jobs that have choices in common; for fewer it is as fast to compose each where it runs


class Ahead:
    """What the jobs of a plan have in common with others of it before single values are set.

    It is made when the first of these jobs starts. Where jobs read files of the user's, which may change, there is
    nothing.
    """

    def __init__(self, plan: Plan, jobs: Sequence[int]) -> None:
        self._plan = plan
        usable = jobs if configured.reads_own_files_alone(plan) else ()
        self._left = Counter(_choices(plan, job) for job in usable)
        self._made: dict[frozenset[tuple[str, str]], Begun | None] = {}

    def of(self, job: int) -> Begun | None:
        """What the composition of a job may go on from; None where it is to be made whole."""
        choices = _choices(self._plan, job)
        if self._left[choices] < _FEWEST:
            return None
        if choices not in self._made:
            self._made[choices] = _begun(self._plan, job)
        return self._made[choices]


def _choices(plan: Plan, job: int) -> frozenset[tuple[str, str]]:
    """The words of a job without the values of numbers."""
    return frozenset(map(sweeps.kind, plan.words[job]))


def _begun(plan: Plan, job: int) -> Begun | None:
    """The composition of a job after its first step; None for words that cannot be composed, as the job will say."""
    from hydra import compose

    commands.register()
    words = configured.arguments_of(plan.of(job), False).overrides
    with (
        hydra_state(plan.command),
        hydra_versions.initialized(),
        compositions.recorded() as found,
        contextlib.suppress(Exception),
    ):
        compose(commands.config_name(plan.command), hydra_session.of_job(words), return_hydra_config=True)
    return found[0] if found else None
