"""What a sweep is about, put together from what the manifests of its runs say of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gnicli.contracts.results import About, RunRecord
from gnicli.engine import folders
from gnicli.engine.manifest import AboutNote, Manifest
from gnicli.engine.summary import varying

_MOST_SHOWN = 6  # values of a condition in which the runs differ
_WITH_CONDITIONS = ("completed", "diverged")


def about(manifest: Manifest, records: Sequence[RunRecord]) -> About:
    """Title, conditions and, as the conclusion, how many runs came to an end and in which keys they differ.

    A condition that is not the same in all runs has its values one after another.
    """
    notes = [_note(record) for record in records if record.status in _WITH_CONDITIONS]
    titles = list(dict.fromkeys(note["title"] for note in notes if note.get("title")))
    title = titles[0] if len(titles) == 1 else f"gni {manifest.get('command', '')}"
    names = dict.fromkeys(name for note in notes for name in note.get("conditions", {}))
    conditions = {name: _joined([note.get("conditions", {}).get(name, "") for note in notes]) for name in names}
    return About(f"Sweep: {title}", conditions, _conclusion(records))


def _note(record: RunRecord) -> AboutNote:
    return folders.read_run(record.folder).manifest.get("about") or {}


def _joined(values: Sequence[str]) -> str:
    """The values that differ, in their order."""
    found = list(dict.fromkeys(value or "none" for value in values))
    if len(found) == 1:
        return found[0]
    listed = "; ".join(found[:_MOST_SHOWN])
    return f"{len(found)} values: {listed}{'; …' if len(found) > _MOST_SHOWN else ''}"


def _conclusion(records: Sequence[RunRecord]) -> str:
    n_complete = sum(record.status == "completed" for record in records)
    said = f"{n_complete:,} of {len(records):,} runs completed"
    keys = _differing(records)
    return f"{said}; they differ in {' and '.join(keys)}." if keys else f"{said}."


def _differing(records: Sequence[RunRecord]) -> list[str]:
    found: dict[str, Mapping[str, None]] = {
        key: dict.fromkeys(record.overrides[key] for record in records if key in record.overrides)
        for key in varying(records)
    }
    return [
        f"{key} ({', '.join(list(values)[:_MOST_SHOWN])}{', …' if len(values) > _MOST_SHOWN else ''})"
        for key, values in found.items()
    ]
