"""`jobs.json` of a sweep: the words of every job. It is written before the first job starts.

A sweep whose process was killed is completed from this file and the folders of its jobs, whatever made the words.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli import files
from gnicli.engine import records
from gnicli.engine.content import JOBS
from gnicli.errors import ConflictError, ResourceError

FORMAT = 1
OPTIONS = ("config_dir", "config_name", "config_path")


class Search(NamedTuple):
    """What a search is: the words with its ranges and those of all its jobs, and its keys as texts."""

    space: list[str]
    keys: dict[str, str]


class OneJob(NamedTuple):
    """What one job of a sweep is: a command, its overrides, those of Hydra's own keys, and the flags of `OPTIONS`."""

    command: str
    words: list[str]
    hydra: list[str]
    options: dict[str, str]


class Plan(NamedTuple):
    """What the jobs of a sweep are.

    `words` holds the overrides of each job, `hydra` those of Hydra's own keys, which all jobs have, and `options` the
    values of the flags in `OPTIONS` that were given. `files` is a digest of the values in the files that these add.
    A sweep that is a `search` has jobs as far as they are proposed.
    """

    command: str
    words: list[list[str]]
    hydra: list[str]
    options: dict[str, str]
    files: str = ""
    search: Search | None = None

    def of(self, job: int) -> OneJob:
        """What job number `job` is."""
        return OneJob(self.command, self.words[job], self.hydra, self.options)

    def extended(self, first: int, words: Sequence[Sequence[str]]) -> Plan:
        """The plan with the jobs from number `first` on; `ConflictError` where one of them has other words there."""
        for number, (mine, theirs) in enumerate(zip(self.words[first:], words, strict=False), first):
            if mine != list(theirs):
                raise ConflictError(
                    f"job {number} of this sweep is {' '.join(mine)!r}, and not {' '.join(theirs)!r}; "
                    "choose another run.dir"
                )
        return self._replace(words=[*self.words, *(list(job) for job in words[max(0, len(self.words) - first) :])])


def write(folder: Path, plan: Plan) -> None:
    """Write the plan of the sweep in `folder`, as a whole or not at all; errors as `files.replace`."""
    # A line for each job: what people look for with grep.
    jobs = ",\n  ".join(json.dumps(words, ensure_ascii=False) for words in plan.words)
    head = {"format": FORMAT, "command": plan.command, "hydra": plan.hydra, "options": plan.options}
    if plan.files:
        head["files"] = plan.files
    if plan.search is not None:
        head["search"] = plan.search._asdict()
    text = json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n}") + f',\n  "jobs": [\n  {jobs}\n  ]\n}}\n'
    files.replace(folder / JOBS, text.encode(errors="backslashreplace"))


def read(folder: Path) -> Plan:
    """The plan of the sweep in `folder`, every value checked.

    Raises `ConflictError` where there is none, `DataError` where it is damaged, `ResourceError` where a newer gni
    wrote it.
    """
    path = Path(folder) / JOBS
    try:
        found = records.read_json(path)
    except FileNotFoundError as error:
        raise ConflictError(
            f"{folder} is a sweep without {JOBS}: it was stopped before its first job, or an older gni made it; "
            "run it anew"
        ) from error
    if not isinstance(found, dict):
        raise records.damaged(path, "it is no table")
    version = found.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise ResourceError(f"{path}: format {version}, this gni reads <= {FORMAT}: upgrade gni")
    command, words, hydra, options = (found.get(key) for key in ("command", "jobs", "hydra", "options"))
    if not isinstance(command, str):
        raise records.damaged(path, "it names no command")
    if not isinstance(words, list) or not all(map(records.is_texts, words)):
        raise records.damaged(path, "its jobs are no lists of words")
    if not records.is_texts(hydra):
        raise records.damaged(path, "its words for Hydra are no list")
    if not isinstance(options, dict) or not records.is_texts(list(options.values())) or {*options} - {*OPTIONS}:
        raise records.damaged(path, "its options are no table of flags")
    stamp = found.get("files", "")
    if not isinstance(stamp, str):
        raise records.damaged(path, "the digest of its files is no text")
    return Plan(command, words, hydra, options, stamp, _search(path, found.get("search")))


def _search(path: Path, found: object) -> Search | None:
    if found is None:
        return None
    space, keys = (found.get("space"), found.get("keys")) if isinstance(found, dict) else (None, None)
    if not records.is_texts(space) or not isinstance(keys, dict) or not records.is_texts([*keys.values()]):
        raise records.damaged(path, "its search is no table of words and keys")
    return Search(space, keys)


def given(options: Mapping[str, object]) -> dict[str, str]:
    """The flags of `OPTIONS` that have a value."""
    return {name: str(options[name]) for name in OPTIONS if options.get(name)}
