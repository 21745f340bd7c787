"""The verdicts on the claims of the paper by the runs that are there, and the report on them."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from gnicli import files
from gnicli.claims import history, judging
from gnicli.claims.claim import ClaimSet
from gnicli.claims.history import Look
from gnicli.claims.judging import Judged, Judgement
from gnicli.claims.measured import MeasuredRun
from gnicli.claims.verdict import VERDICTS
from gnicli.engine.judging import judge, record, report, sources
from gnicli.engine.judging.verdicts import Verdicts
from gnicli.engine.reproduction import families as declared
from gnicli.engine.reproduction import page
from gnicli.engine.reproduction.families import Family
from gnicli.engine.reproduction.standing import RUNS
from gnicli.errors import UsageError

TITLE = "Claims of the paper"


def verdicts_on(families: Sequence[Family], budget: str, root: Path, *, keeps: bool = True) -> Verdicts:
    """Judge every family by its own runs in the folder `root`. With `keeps` the report is written there.

    Raises as `gnicli.judge` does.
    """
    claims = declared.whole(families)
    by_id: dict[str, Judged] = {}
    warnings: dict[str, None] = {}
    for family in families:
        found = _runs(root, family, budget)
        warnings |= dict.fromkeys(found.warnings)
        own = judging.judge(ClaimSet(family.claims, claims.sha256), found.runs)
        by_id |= {each.claim.id: each for each in own.judged}
    judgement = Judgement(claims.sha256, tuple(by_id[claim.id] for claim in claims.claims))
    looks = record.read(root)
    verdicts = judge.told(f"{TITLE}, {budget} budget", judgement, looks, tuple(warnings))
    if keeps:
        with files.explained(root, "create"):
            root.mkdir(parents=True, exist_ok=True)
        report.write_with(root, verdicts, page.maker(families, budget, root), page.PICTURES)
        record.write(root, looks, history.look(verdicts.judgement))
    return verdicts


def _runs(root: Path, family: Family, budget: str) -> sources.Found:
    """The runs of a family: those of its own sweeps alone."""
    places = [root / RUNS / runs.name for runs in family.runs[budget]]
    runs: list[MeasuredRun] = []
    warnings: list[str] = []
    for place in places:
        if place.is_dir():
            with contextlib.suppress(UsageError):  # a sweep that was stopped before its first job has no run
                found = sources.read([place])
                runs += found.runs
                warnings += found.warnings
    return sources.Found(tuple(runs), tuple(warnings))


def counted_before(look: Look) -> dict[str, str]:
    """For each family how many claims had which verdict at a look, in words; controls are not counted."""
    found: dict[str, list[str]] = {}
    for seen in look["claims"].values():
        if not seen["row"].get("control"):
            found.setdefault(str(seen["row"].get("family")), []).append(seen["verdict"])
    return {
        name: ", ".join(f"{own.count(verdict)} {verdict}" for verdict in VERDICTS if verdict in own)
        for name, own in found.items()
    }
