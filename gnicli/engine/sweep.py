"""A sweep: a folder of runs `0`, `1`, …, summarized as a table of jobs, sweep.csv, and figures over seeds.

The job folders are the truth; nothing that the launcher says about its jobs is needed.
"""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli import files
from gnicli.contracts.results import Headline, Results, RunRecord, Table
from gnicli.engine import (
    checkout,
    differences,
    display,
    figures,
    folders,
    places,
    products,
    provenance,
    signals,
    sweep_csv,
    table_latex,
    table_text,
    tables,
)
from gnicli.engine.jobs import plan
from gnicli.engine.jobs.plan import Plan
from gnicli.engine.manifest import Manifest
from gnicli.engine.report import of_sweep, parts, writing
from gnicli.engine.summary import groups, means_by_label
from gnicli.engine.sweep_records import NOT_STARTED, collect, split_overrides
from gnicli.engine.sweep_summary import kinds_of_pictures, summary
from gnicli.engine.sweep_tables import (
    MOST_WARNINGS,
    jobs_table,
    last_sentences,
    legend,
    repeated_warnings,
    settings_table,
)
from gnicli.errors import ConflictError, GniError, Interrupted

Summarize = Callable[[Sequence[RunRecord]], Results]
_FAILURES = ("failed", "lost", "broken", NOT_STARTED)
_MOST_ROWS = 200  # of the jobs' table on the screen; report.md has all
_UNFINISHED = ("interrupted", "running")


class SweepOutcome(NamedTuple):
    """How a sweep ended: `exit_code` is 0, 1 (a job failed), 75 or 130 (interrupted)."""

    status: str
    folder: Path
    exit_code: int
    records: list[RunRecord]


class Sweep:
    """The sweep of one command in one folder; create it before the jobs start and call `finish` after the last."""

    def __init__(
        self, folder: Path, *, command: str, overrides: Sequence[str], argv: Sequence[str], n_jobs: int | None = None
    ) -> None:
        """Claim `folder`, with the errors of `folders.claim`. `n_jobs`, if known, shows jobs that never started."""
        claim = folders.claim(
            Path(folder),
            {
                "kind": "sweep",
                "command": command,
                "command_line": shlex.join(argv),
                "argv": list(argv),
                "overrides": list(overrides),
                "n_jobs": n_jobs,  # written at once, so that a killed sweep still shows the jobs that never began
                "git": checkout.git_state(),
                "code": provenance.source(),
                "versions": provenance.versions(),
                "error": "",
                "end": None,
            },
        )
        self._hold(claim, is_new=True)

    @classmethod
    def again(cls, folder: Path) -> Sweep:
        """The sweep in `folder`, which goes on; errors as of `folders.reclaim`. Nothing is written yet."""
        found = cls.__new__(cls)
        found._hold(folders.reclaim(Path(folder), "sweep"), is_new=False)
        with contextlib.suppress(ConflictError):  # none was written: no job has begun
            found.plan = plan.read(found.folder)
        return found

    def _hold(self, claim: folders.Claim, *, is_new: bool) -> None:
        self.folder = claim.folder
        self.is_new = is_new
        self.n_jobs = claim.manifest.get("n_jobs")
        self.plan: Plan | None = None
        self.said: set[str] = set()  # warnings of jobs that were shown
        self._claim = claim
        signals.last_words.append(self._abandoned)

    def record(self, planned: Plan) -> None:
        """Write down what the jobs are, before the first of them starts."""
        if planned != self.plan:
            plan.write(self.folder, planned)
        self.plan, self.n_jobs = planned, len(planned.words)
        changes = {} if self.is_new else folders.identify_again()
        self._claim.update(**changes | {"n_jobs": self.n_jobs})

    @property
    def command(self) -> str:
        """The command of the jobs."""
        return str(self._claim.manifest.get("command"))

    @property
    def argv(self) -> list[str]:
        """What was typed to begin the sweep."""
        return list(self._claim.manifest.get("argv") or ())

    def leave(self) -> None:
        """Let others take the folder, in which nothing was changed."""
        signals.last_words.remove(self._abandoned)
        self._claim.release()

    def hand_over(self) -> None:
        """Let others take the folder while jobs go on that nobody waits for; the last of them sums up the sweep."""
        signals.last_words.remove(self._abandoned)
        self._claim.update(status="submitted", error="", end=None)
        self._claim.release()

    def _abandoned(self) -> None:
        with contextlib.suppress(GniError, OSError):
            self._claim.update(status="interrupted", error="stopped inside a job", end=folders.stamp())

    def job_folder(self, job: int) -> Path:
        """Where job number `job` runs."""
        return self.folder / str(job)

    def discard(self) -> None:
        """Remove the sweep's folder, after a usage error before the first job."""
        signals.last_words.remove(self._abandoned)
        self._claim.discard()

    def finish(
        self,
        summarize: Summarize | None = None,
        *,
        interrupted: Interrupted | KeyboardInterrupt | None = None,
        headlines: Sequence[Headline] = (),
        shows: bool = True,
    ) -> SweepOutcome:
        """Write sweep.csv, figures, results and report from the job folders; print the settings, the jobs and the path.

        `summarize` is the experiment's own, in place of a figure of the losses over seeds. An error in it is raised
        after the tables are written and shown. `headlines` are the values that the tables have columns for.
        """
        signals.last_words.remove(self._abandoned)
        records = [self._planned(_ended(record)) for record in collect(self.folder, self.n_jobs)]
        files.replace(self.folder / "sweep.csv", tables.encode_csv(*sweep_csv.table(records)))
        status, code, message = _verdict(records, interrupted)
        printed = {
            parts.SETTINGS: settings_table(records, headlines),
            parts.JOBS: jobs_table(records, headlines),
        }
        paired = differences.table(differences.compared(groups(records)), headlines)
        if shows:
            _print(self.folder, printed, paired, records, self.said)
        try:
            self._summarize(summarize, records, printed, paired, {"status": status, "error": message})
        except BaseException as error:
            how = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
            self._claim.update(status=how, error=f"summary: {error}"[:200], end=folders.stamp())
            self._claim.release()
            raise
        self._claim.update(status=status, error=message, end=folders.stamp(), n_jobs=len(records))
        self._claim.release()
        if message and shows:
            more = (
                f". Go on with: {places.resume_command(self.folder)}" if status == "interrupted" and self.plan else ""
            )
            display.Display(live=False).note(message + more)
        if shows:
            table_text.print_path(self.folder)
        return SweepOutcome(status, self.folder, code, records)

    def _planned(self, record: RunRecord) -> RunRecord:
        """The record with the overrides that the job would have, if it has not started."""
        if record.status != NOT_STARTED or self.plan is None or record.job >= len(self.plan.words):
            return record
        return record._replace(overrides=split_overrides(self.plan.words[record.job]))

    def _summarize(
        self,
        summarize: Summarize | None,
        records: Sequence[RunRecord],
        printed: Mapping[str, Table],
        paired: Table,
        ending: Manifest,
    ) -> None:
        results = summarize(records) if summarize else summary(records)
        kinds = kinds_of_pictures(records)
        drawn = figures.write(self.folder / "figures", results.figures, kinds)
        products.write(self.folder, results.values or None, results.arrays)
        manifest = self._claim.manifest | ending
        in_table = means_by_label(groups(records))
        others = {name: value for name, value in results.values.items() if name not in in_table}
        about = results.about or of_sweep.about(manifest, records)
        warnings = (*results.warnings, *repeated_warnings(records)[:MOST_WARNINGS])
        told = results._replace(values=others, about=about, warnings=warnings, notes=(*results.notes, *legend(records)))
        if paired.rows and not results.tables:  # some experiments have pairs of their own
            told = told._replace(tables={differences.TITLE: paired})
        writing.write(self.folder, manifest, told, drawn, printed, kinds=kinds)
        if any((record.folder / table_latex.FOLDER).is_dir() for record in records):
            tables_of_jobs = {title: table for title, table in printed.items() if table.rows}
            table_latex.write(self.folder, {**results.tables, **tables_of_jobs})


def _print(
    folder: Path, printed: Mapping[str, Table], paired: Table, records: Sequence[RunRecord], said: set[str]
) -> None:
    """Print the settings, their differences, and the jobs where they say more.

    They do where a setting has several, or one was not completed. Of very many those are printed that are not.
    """
    screen = display.Display(live=False)
    settings, jobs = printed[parts.SETTINGS], printed[parts.JOBS]
    if settings.rows:
        table_text.print_table(settings)
    if paired.rows:
        table_text.print_table(paired, differences.TITLE)
    if len(jobs.rows) > len(settings.rows) or any(record.status != "completed" for record in records):
        rows = jobs.rows
        if len(rows) > _MOST_ROWS:
            rows = tuple(row for row, record in zip(rows, records, strict=True) if record.status != "completed")
            rows = rows[:_MOST_ROWS]
        if rows:
            table_text.print_table(jobs._replace(rows=rows))
        if len(rows) < len(jobs.rows):
            told = f"jobs that are not completed: {len(rows)} shown" if rows else "all are completed"
            screen.note(f"{len(jobs.rows):,} jobs, {told}; gni sweep status {places.shell_word(folder)} lists all")
    for sentence in last_sentences(records, said):
        screen.note(sentence)


def _verdict(records: Sequence[RunRecord], interrupted: BaseException | None) -> tuple[str, int, str]:
    count = {status: sum(record.status == status for record in records) for status in {r.status for r in records}}
    told = ", ".join(f"{n} {status}" for status, n in sorted(count.items()))
    if interrupted is not None or any(count.get(status) for status in _UNFINISHED):
        by_default = 130 if isinstance(interrupted, KeyboardInterrupt) else Interrupted.exit_code
        code = getattr(interrupted, "exit_code", by_default)
        return "interrupted", code, f"sweep interrupted: {told or 'no job started'}"
    n_failed = sum(count.get(status, 0) for status in _FAILURES)
    if n_failed:
        return "failed", 1, f"{n_failed} of {len(records)} jobs failed: {told}"
    return "completed", 0, ""


def _ended(record: RunRecord) -> RunRecord:
    """A job as its sweep's process sees it at the end: it is lost where this process ran it and no end is recorded."""
    if record.status != "running":
        return record
    manifest = folders.read_run(record.folder).manifest
    if (manifest.get("host"), manifest.get("pid")) != (provenance.host(), os.getpid()):
        return record
    return record._replace(status="lost", message="its end could not be recorded")
