"""How the runs of the claims stand: which sweeps are whole, and what is left of the others. Nothing is written."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli.contracts.results import Table
from gnicli.engine import content, folders
from gnicli.engine.jobs import progress
from gnicli.engine.reproduction.families import Family, Runs

RUNS = "runs"


class Standing(NamedTuple):
    """The jobs of a sweep: so many have finished (completed or diverged) and so many have failed of all of them.

    `seconds` is what a job takes: the median of those that have finished here, or what the family's file says.
    """

    runs: Runs
    folder: Path
    n_finished: int
    n_failed: int
    seconds: float
    is_measured: bool

    def n_left(self, *, with_failed: bool = False) -> int:
        """The jobs that are to be run; failed ones where they are run again."""
        return self.runs.n_jobs - self.n_finished - (0 if with_failed else self.n_failed)

    @property
    def state(self) -> str:
        """The standing in a word or two."""
        if not self.n_finished and not self.n_failed:
            return "not begun"
        told = f"{self.n_finished} of {self.runs.n_jobs}"
        failed = f", {self.n_failed} failed" if self.n_failed else ""
        return f"{told}{failed}" if self.n_left(with_failed=True) else "complete"


def read(root: Path, runs: Runs) -> Standing:
    """The standing of a sweep in the folder `root` of all runs of a budget."""
    folder = root / RUNS / runs.name
    finished, failed, seconds = 0, 0, []
    for job in range(runs.n_jobs if folder.is_dir() else 0):
        place = folder / str(job)
        if not (place / content.MANIFEST).exists():
            continue
        info = folders.read_run(place)
        finished += info.status in folders.FINISHED
        failed += info.status in ("failed", "broken")
        took = info.manifest.get("wall_seconds")
        if info.status in folders.FINISHED and isinstance(took, int | float):
            seconds.append(float(took))
    return Standing(
        runs, folder, finished, failed, statistics.median(seconds) if seconds else runs.seconds, bool(seconds)
    )


def read_all(root: Path, families: Sequence[Family], budget: str) -> dict[str, Standing]:
    """The standing of every sweep of some families, by its name; what several of them need is there once."""
    wanted = {runs.name: runs for family in families for runs in family.runs[budget]}
    return {name: read(root, runs) for name, runs in wanted.items()}


def left_seconds(standings: Sequence[Standing], n_cores: int, *, with_failed: bool = False) -> float:
    """About how long the jobs that are left take, so many at once."""
    return sum(each.n_left(with_failed=with_failed) * each.seconds for each in standings) / n_cores


def families_table(
    families: Sequence[Family], standings: dict[str, Standing], budget: str, n_cores: int, verdicts: dict[str, str]
) -> Table:
    """One row for each family: its claims, jobs, how many are left, about how long they take, and its verdicts."""
    rows = []
    for family in families:
        own = [standings[runs.name] for runs in family.runs[budget]]
        n_claims = sum(not claim.control for claim in family.claims)
        rows.append(
            (
                family.name,
                family.title,
                f"{n_claims} + {len(family.claims) - n_claims}",
                str(sum(each.runs.n_jobs for each in own)),
                str(sum(each.n_left() for each in own)),
                progress.duration(left_seconds(own, n_cores)),
                verdicts.get(family.name, "–"),
            )
        )
    return Table(("family", "subject", "claims + controls", "jobs", "left", "takes about", "verdicts"), tuple(rows))


def runs_table(standings: Sequence[Standing]) -> Table:
    """One row for each sweep: its jobs, its state, what a job takes, and the folder."""
    rows = tuple(
        (
            each.runs.name,
            str(each.runs.n_jobs),
            each.state,
            f"{each.seconds:.1f}" if each.is_measured else f"about {each.seconds:g}",
            each.runs.typed,
        )
        for each in standings
    )
    return Table(("runs", "jobs", "state", "seconds a job", "command"), rows)
