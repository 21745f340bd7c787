"""judged.json: what was judged at each look, kept beside the report."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from gnicli import files
from gnicli.claims.history import Look
from gnicli.engine import records
from gnicli.errors import DataError

FILE = "judged.json"
_FORMAT = 1
_MOST_LOOKS = 200


def read(folder: Path) -> list[Look]:
    """The earlier looks that a folder records; none where nothing was judged there. Raises `DataError`."""
    path = folder / FILE
    try:
        content = records.read_json(path)
    except (FileNotFoundError, NotADirectoryError):
        return []
    try:
        return _checked(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"{path} is damaged: it is no record of what was judged; move it away to begin anew") from error


def _checked(content: object) -> list[Look]:
    """The looks of a record; whatever does not fit raises."""
    if not isinstance(content, dict) or content["format"] != _FORMAT or not isinstance(content["looks"], list):
        raise ValueError("another format")
    looks: list[Look] = []
    for entry in content["looks"]:
        claims = {}
        for name, seen in entry["claims"].items():
            runs = {
                str(setting): {str(seed): [str(state), repr(float(value))] for seed, (state, value) in by_seed.items()}
                for setting, by_seed in seen["runs"].items()
            }
            claims[str(name)] = {"row": dict(seen["row"]), "verdict": str(seen["verdict"]), "runs": runs}
        looks.append({"sha256": str(entry["sha256"]), "claims": claims})  # type: ignore[typeddict-item]
    return looks


def write(folder: Path, looks: Sequence[Look], new: Look) -> None:
    """Add a look to those of the folder; one that is like the last one adds nothing."""
    kept = [*looks, new] if not looks or looks[-1] != new else list(looks)
    if len(kept) > _MOST_LOOKS:  # the first look is what seeds are compared with
        kept = [kept[0], *kept[-_MOST_LOOKS + 1 :]]
    content = json.dumps({"format": _FORMAT, "looks": kept}, indent=1, ensure_ascii=False) + "\n"
    files.replace(folder / FILE, content.encode(errors="backslashreplace"))
