"""Verdicts as programs and notebooks take them: rows, a frame, CSV, JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gnicli.claims import words
from gnicli.claims.judging import Judged, Judgement
from gnicli.engine import tables

if TYPE_CHECKING:
    import pandas

_COLUMNS = (
    "sha256", "id", "family", "control", "passed", "sentence", "verdict", "marks", "reason", "effect", "low", "high",
    "level", "p", "n_declared", "n_pairs", "n_needed", "started", "finished", "diverged", "failed", "n_claims",
    "by_signs",
)  # fmt: skip
Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Verdicts:
    """Claims with their verdicts, by id or one after another; `print` shows them.

    `warnings` say what limits the verdicts, `changes` what is not as it was at an earlier look, and `notes` how the
    verdicts came about. `sha256` is that of the set of claims.
    """

    title: str
    judgement: Judgement
    warnings: tuple[str, ...]
    changes: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """The sum of all that is declared."""
        return self.judgement.sha256

    def __iter__(self) -> Iterator[Judged]:
        return iter(self.judgement.judged)

    def __len__(self) -> int:
        return len(self.judgement.judged)

    def __getitem__(self, id_: str) -> Judged:
        for each in self.judgement.judged:
            if each.claim.id == id_:
                return each
        raise KeyError(id_)

    def __str__(self) -> str:
        lines = [f"claims {self.sha256}"]
        for each in self:
            effect = f": {words.amount(each.claim, each.effect.value)}" if each.n_pairs else ""
            lines.append(f"{each.claim.id}: {words.verdict(each)}{effect}")
        return "\n".join([*lines, *self.changes, *self.warnings])

    def rows(self) -> list[dict[str, Cell]]:
        """A row of plain data for each claim: its verdict, effect with interval, adjusted p, and counts."""
        return [_row(self.sha256, each) for each in self]

    def table(self) -> pandas.DataFrame:
        """The same as a pandas frame."""
        import pandas

        return pandas.DataFrame(self.rows())

    def as_csv(self) -> bytes:
        """The same as a CSV file."""
        return tables.encode_csv(_COLUMNS, [list(row.values()) for row in self.rows()])

    def as_json(self) -> str:
        """The same as JSON, with each seed's effect, the parts of each claim, warnings, changes and notes."""
        claims = [
            {**row, "effects": _by_seed(each), "parts": _parts(each), "declared": each.claim.row()}
            for row, each in zip(self.rows(), self, strict=True)
        ]
        told = {"warnings": self.warnings, "changes": self.changes, "notes": self.notes}
        whole = {"title": self.title, "sha256": self.sha256, **told, "claims": claims}
        return json.dumps(_finite(whole), indent=2, ensure_ascii=False, allow_nan=False)


def _row(sha256: str, judged: Judged) -> dict[str, Cell]:
    claim, ends, effect = judged.claim, judged.measurement.ends.values(), judged.effect
    has_effect = judged.n_pairs > 0
    cells: list[Cell] = [
        sha256, claim.id, claim.family, claim.control or None, judged.passed, claim.sentence, judged.verdict,
        ", ".join(judged.marks) or None, judged.reason or None,
        *((effect.value, effect.low, effect.high, judged.level, judged.p) if has_effect else (None,) * 5),
        len(claim.seeds), judged.n_pairs, judged.needed,
        sum(each.started for each in ends), sum(each.finished for each in ends),
        sum(each.diverged for each in ends), sum(each.failed for each in ends),
        judged.n_claims, judged.by_signs,
    ]  # fmt: skip
    return dict(zip(_COLUMNS, cells, strict=True))


def _by_seed(judged: Judged) -> dict[str, float | list[float]]:
    """The reported effect of each seed; of one that is not known, the ends between which it lies."""
    shown = judged.measurement.shown
    pairs = zip(judged.measurement.seeds, shown.low.tolist(), shown.high.tolist(), strict=True)
    return {seed: low if low == high else [low, high] for seed, low, high in pairs}


def _parts(judged: Judged) -> list[dict[str, object]]:
    return [
        {"part": each.part.name, "verdict": each.verdict, "estimate": each.bounds.value, "low": each.bounds.low,
         "high": each.bounds.high, "p": each.p}
        for each in judged.parts
    ]  # fmt: skip


def _finite(value: object) -> object:
    """Plain data for JSON, which has neither NaN nor infinities: these become texts that `float()` reads."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {key: _finite(each) for key, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value
