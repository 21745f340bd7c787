"""The families of claims that come with gni: one YAML file each, beside the claims the commands that make their runs.

A file has what `gni judge` reads (title, defaults, claims) and, beside it, `paper` (the figures and statements that it
is about), `runs` (commands with the words of each budget), `deviations` (what is done otherwise than in the paper, and
why), and `code` and `tests` (where the subject is computed and where that is tested).
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from gnicli import claims
from gnicli.claims import declared
from gnicli.claims.claim import Claim, ClaimSet, claim_set, digest
from gnicli.engine import yaml_files
from gnicli.engine.judging import claims_file
from gnicli.errors import DataError, UsageError

BUDGETS = ("quick", "full")
_PARTS = ("paper", "runs", "deviations", "code", "tests")
_OF_RUNS = ("command", *BUDGETS, "seconds")
_RANGE = re.compile(r"range\(([0-9]+),([0-9]+)\)")
FOLDER = Path(os.fspath(claims.__path__[0])) / "paper"


class Runs(NamedTuple):
    """A sweep: a command of gni, its words with those of a budget, seeds included, and the measured cost of a job.

    `seconds` is the processor time of one job on one core, as the file has it.
    """

    command: str
    words: tuple[str, ...]
    seconds: float

    @property
    def name(self) -> str:
        """The name of its folder, which no sweep of other words has."""
        said = json.dumps([self.command, *self.words]).encode()
        return f"{self.command}-{hashlib.sha256(said).hexdigest()[:8]}"

    @property
    def n_jobs(self) -> int:
        """The number of jobs: the product of the numbers of values of the words, of which a `[…]` is one."""
        return math.prod(_n_values(word.partition("=")[2]) for word in self.words)

    @property
    def typed(self) -> str:
        """The command line that makes the runs, in a folder of its own choice."""
        return shlex.join(["gni", self.command, *self.words])


def _n_values(value: str) -> int:
    if found := _RANGE.fullmatch(value):
        return int(found[2]) - int(found[1])
    return 1 if value.startswith(("[", "{")) else len(value.split(","))


class Family(NamedTuple):
    """The claims of one file. `name` is the file's, `paper` says which figures and statements they are about."""

    name: str
    title: str
    paper: tuple[str, ...]
    claims: tuple[Claim, ...]
    runs: Mapping[str, tuple[Runs, ...]]
    deviations: tuple[str, ...]
    code: tuple[str, ...]
    tests: tuple[str, ...]


def read_all(folder: Path = FOLDER) -> list[Family]:
    """The families of a folder, in the order of their names with numbers as numbers.

    Raises `DataError` where a file is no family: these files come with gni, so it is no mistake of the user.
    """
    paths = sorted(folder.glob("*.yaml"), key=lambda path: _order(path.stem))
    try:
        found = [read(path) for path in paths]
        whole(found)
    except UsageError as error:
        raise DataError(f"{error}; this file comes with gni: install it again") from error
    return found


def _order(name: str) -> list[tuple[int, str]]:
    """A key by which fig10 stands behind fig9."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"([0-9]+)", name)]


def read(path: Path) -> Family:
    """The family in a file. Raises `UsageError`, in one line with file and line, for whatever is none."""
    try:
        document = yaml_files.read(path)
    except yaml_files.Malformed as error:
        raise UsageError(str(error)) from error
    found = claims_file.declared(document, _PARTS, path.stem)
    others = {claim.family for claim in found.claims.claims} - {path.stem}
    if others:
        raise UsageError(f"{claims_file.at(document, 'claims')}: family {min(others)!r} in the file of {path.stem!r}")
    texts = {part: _texts(document, part) for part in _PARTS if part != "runs"}
    seeds = sorted({seed for claim in found.claims.claims for seed in claim.seeds}, key=declared.seed_order)
    return Family(
        path.stem,
        found.title,
        texts["paper"],
        found.claims.claims,
        {budget: tuple(_runs(document, budget, seeds)) for budget in BUDGETS},
        texts["deviations"],
        texts["code"],
        texts["tests"],
    )


def _texts(document: yaml_files.Document, part: str) -> tuple[str, ...]:
    given = document.content.get(part)
    if part == "deviations" and given == []:
        return ()
    if not isinstance(given, list) or not given or not all(isinstance(each, str) and each.strip() for each in given):
        raise UsageError(f"{claims_file.at(document, part)}: {part}: expected a list of texts, got {given!r}")
    return tuple(" ".join(each.split()) for each in given)


def _runs(document: yaml_files.Document, budget: str, seeds: Sequence[str]) -> list[Runs]:
    where = claims_file.at(document, "runs")
    given = document.content.get("runs")
    if not isinstance(given, list) or not given:
        raise UsageError(f"{where}: runs: expected a list of commands, got {given!r}")
    found = []
    for each in given:
        if not isinstance(each, Mapping) or sorted(map(str, each)) != sorted(_OF_RUNS):
            raise UsageError(f"{where}: runs: expected the keys {', '.join(_OF_RUNS)}, got {each!r}")
        seconds = each["seconds"]
        if not isinstance(seconds, Mapping) or not all(_is_positive(seconds.get(name)) for name in BUDGETS):
            raise UsageError(f"{where}: runs: seconds: expected {{quick: 3, full: 60}}, got {seconds!r}")
        command, *words = [*shlex.split(str(each["command"])), *shlex.split(str(each[budget] or ""))]
        keys = [word.partition("=")[0] for word in words]
        if "seed" in keys or len(set(keys)) < len(keys):
            raise UsageError(f"{where}: runs: each key once, and no seed, which the claims name; got {each!r}")
        found.append(Runs(command, (*words, _seed_word(seeds)), float(seconds[budget])))
    return found


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _seed_word(seeds: Sequence[str]) -> str:
    """The word that sweeps over seeds, as a range where they are one.

    >>> _seed_word(["3", "4", "5"]), _seed_word(["3", "5"])
    ('seed=range(3,6)', 'seed=3,5')
    """
    numbers = [int(seed) for seed in seeds]
    if len(numbers) > 1 and numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"seed=range({numbers[0]},{numbers[-1] + 1})"
    return f"seed={','.join(seeds)}"


def whole(families: Sequence[Family]) -> ClaimSet:
    """All claims as one set. Its sha256 covers the rows and the commands that make their runs.

    Raises `UsageError` where two claims have one id.
    """
    declared_ = claim_set([claim for family in families for claim in family.claims])
    commands = {
        f"{family.name} {budget}": [runs.typed for runs in each]
        for family in families
        for budget, each in family.runs.items()
    }
    return ClaimSet(declared_.claims, digest({"claims": declared_.sha256, "runs": commands}))
