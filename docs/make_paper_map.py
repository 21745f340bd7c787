"""Make docs/paper-map.md: each figure, statement and equation of the paper, with its code, command, test and claims.

`python docs/make_paper_map.py [FILE]`. The verdicts are those of docs/verdicts.csv where it is there: the verdicts.csv
of a run of `gni reproduce`, copied.
"""

import csv
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from gnicli.engine.reproduction import families

ROOT = Path(__file__).parents[1]
VERDICTS = ROOT / "docs" / "verdicts.csv"
_HEAD = """# Where the paper is

This page is for readers of the paper (Camuto et al., *Asymmetric Heavy Tails and Implicit Bias in Gaussian Noise
Injections*, ICML 2021): for each figure, statement and equation, the command that shows it, the code, the tests, and
the claims that are judged. It is made from the files of the claims by `make docs`. What is claimed, and how it is
judged, is in [reproduce.md](reproduce.md).
"""


def order(item: str) -> tuple[int, list[tuple[int, str]]]:
    """A key that puts figures first, then statements, then equations, each by number."""
    kinds = ("Figure", "Lemma", "Theorem", "Remark", "Definition", "Exit", "Appendix", "equation")
    first = re.split(r"\W", item)[0]
    kind = kinds.index(first) if first in kinds else len(kinds)
    return kind, [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", item)]


def verdicts() -> dict[str, str]:
    """The verdict of each claim at the run that is shown; empty where none is."""
    if not VERDICTS.exists():
        return {}
    with VERDICTS.open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row["verdict"] for row in csv.DictReader(stream)}


def rows() -> list[tuple[str, list[str]]]:
    """The items in order, each with its cells."""
    found: dict[str, list[families.Family]] = {}
    for family in families.read_all():
        for item in family.paper:
            found.setdefault(item, []).append(family)
    judged = verdicts()
    made = [(item, _of_families(own, judged)) for item, own in found.items()]
    for entry in yaml.safe_load((ROOT / "docs" / "paper-map.yaml").read_text(encoding="utf-8")):
        if entry["item"] in found:  # claims were added since: they say more
            continue
        command = f"`{entry['command']}`" if entry["command"] else "–"
        made.append((entry["item"], [entry["says"], command, _places(entry["code"]), _places(entry["tests"]), "–"]))
    return sorted(made, key=lambda row: order(row[0]))


def _of_families(own: list[families.Family], judged: dict[str, str]) -> list[str]:
    claims = [claim.id for family in own for claim in family.claims if not claim.control]
    told = [f"`{name}`{f': {judged[name]}' if name in judged else ''}" for name in claims]
    return [
        "; ".join(family.title.partition(": ")[2] or family.title for family in own),
        "<br>".join(f"`gni reproduce {family.name}`" for family in own),
        _places(place for family in own for place in family.code),
        _places(place for family in own for place in family.tests),
        "<br>".join(told),
    ]


def _places(places: Iterable[str]) -> str:
    return "<br>".join(f"`{place}`" for place in dict.fromkeys(places)) or "–"


def text() -> str:
    """The whole page."""
    head = ["in the paper", "subject", "command", "code", "tests", "claims"]
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    lines += [f"| {item} | {' | '.join(cells)} |" for item, cells in rows()]
    n = sum(not claim.control for family in families.read_all() for claim in family.claims)
    said = "with the verdicts of docs/verdicts.csv" if verdicts() else "and no verdict: none is recorded in docs/"
    return f"{_HEAD}\nThere are {n} claims, {said}.\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "docs" / "paper-map.md").write_text(text(), encoding="utf-8")
