"""Claims judged by runs: `gni judge` and `gnicli.judge`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gnicli.claims import history, judging, words
from gnicli.claims.claim import Claim, ClaimSet, claim_set
from gnicli.claims.judging import Judgement
from gnicli.engine.judging import claims_file, record, sources
from gnicli.engine.judging.verdicts import Verdicts
from gnicli.errors import UsageError

if TYPE_CHECKING:
    from gnicli.engine.judging.sources import Source


def judge(
    claims: str | os.PathLike[str] | Claim | Sequence[Claim],
    runs: Source | Sequence[Source],
    *,
    output: str | os.PathLike[str] | None = None,
) -> Verdicts:
    """Judge claims by runs: does what was declared hold, over seeds that are paired?

    `claims` is a file of claims (YAML), or claims made in Python (`gnicli.claims.claim.Claim`). `runs` are folders of
    runs or sweeps, CSV files or pandas frames with the columns run, seed, setting, metric and value (step and status
    where there are any), or what `load_run` and `load_runs` return. With `output` the report is written into that
    folder, beside a record of what was judged there before (docs/judge.md).

    Raises `UsageError` where a claim or a table is not what it must be.

    >>> import numpy as np, pandas
    >>> from gnicli.claims.claim import Claim
    >>> claim = Claim("adam", "Adam ends lower.", "loss", "below", 0.05, a="adam", b="sgd")
    >>> rng = np.random.default_rng(0)
    >>> rows = [(f"{name}{seed}", seed, name, "loss", level * rng.lognormal(0, 0.1))
    ...         for seed in range(10) for name, level in (("adam", 0.5), ("sgd", 1.0))]
    >>> found = judge(claim, pandas.DataFrame(rows, columns=["run", "seed", "setting", "metric", "value"]))
    >>> found["adam"].verdict
    'supported'
    """
    title, declared = _declared(claims)
    given = [runs] if isinstance(runs, str | os.PathLike) or not isinstance(runs, Sequence) else list(runs)
    found = sources.read(given)
    judgement = judging.judge(declared, found.runs)
    looks = record.read(Path(output)) if output is not None else []
    verdicts = told(title, judgement, looks, found.warnings)
    if output is not None:
        from gnicli.engine.judging import report

        report.write(Path(output), verdicts)
        record.write(Path(output), looks, history.look(verdicts.judgement))
    return verdicts


def told(title: str, judgement: Judgement, looks: Sequence[history.Look], warnings: Sequence[str]) -> Verdicts:
    """A judgement with all that is said of it; `looks` are the earlier ones, `warnings` those on its runs."""
    judgement, changes = history.with_marks(judgement, looks)
    notes = [note for name, members in judgement.families().items() for note in words.family_notes(name, members)]
    notes += [note for each in judgement.judged for note in words.notes(each)]
    return Verdicts(title, judgement, (*words.warnings(judgement), *warnings), changes, tuple(notes))


def _declared(claims: str | os.PathLike[str] | Claim | Sequence[Claim]) -> tuple[str, ClaimSet]:
    if isinstance(claims, str | os.PathLike):
        return claims_file.read(claims)
    rows = [claims] if isinstance(claims, Claim) else list(claims)
    if not all(isinstance(each, Claim) for each in rows):
        raise UsageError("expected a file of claims, or objects of gnicli.claims.claim.Claim")
    return "", claim_set(rows)
