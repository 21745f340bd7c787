"""Make docs/verdicts.md: what a run of `gni reproduce` found of each claim.

`python docs/make_verdicts.py` renews the page from docs/verdicts.csv and docs/verdicts-run.json. `python
docs/make_verdicts.py FOLDER` takes these first, and the pictures, from the folder of a run.
"""

import csv
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from gnicli.claims import words
from gnicli.claims.claim import Claim
from gnicli.claims.verdict import VERDICTS
from gnicli.engine.reproduction import families

DOCS = Path(__file__).parent
TABLE, RUN, PAGE = DOCS / "verdicts.csv", DOCS / "verdicts-run.json", DOCS / "verdicts.md"
PICTURES = ("fig4", "theorem31", "exit_times")  # of the report, as examples
Row = dict[str, str]

_HEAD = """# What came out

This page is for those who ask what of the paper holds. It has the verdicts of one run of `gni reproduce all
budget={budget}` ([reproduce.md](reproduce.md) says what is declared, [judge.md](judge.md) what a verdict means).
`make docs` makes it from that run's `verdicts.csv`; nothing is written by hand.

- Runs: {jobs:,} jobs from {began} to {ended} UTC, {hours:.1f} hours of a core, gni {gni} ({code}), torch {torch},
  Python {python}.
- Claims: {told}.
- Controls: {right} of {controls} came out right.
- Set of claims and commands: sha256 `{sha256}`.
- Rows that were declared anew after an earlier look: [reproduce.md](reproduce.md#what-came-out) names them.

The effect is what the sentence is about, with the interval that the verdict uses: it is wide enough for all claims of
its family. On logarithmic scales it is a relative difference. "wanted" is what the interval must show. The budget is
small, so a verdict is about the small set-ups that the files of the claims declare, and about no others.
"""


def taken(folder: Path) -> None:
    """Copy what the page is made of from the folder of a run of `gni reproduce`."""
    shutil.copyfile(folder / "verdicts.csv", TABLE)
    sweeps = {runs.name for family in families.read_all() for runs in family.runs["quick"]}
    places = [path for name in sorted(sweeps) for path in folder.glob(f"runs/{name}/[0-9]*/manifest.json")]
    runs = [json.loads(path.read_text()) for path in places]
    newest = max(runs, key=lambda run: str(run["end"]))
    facts = {
        "budget": "quick", "jobs": len(runs), "core_hours": round(sum(run["wall_seconds"] for run in runs) / 3600, 2),
        "began": min(run["start"] for run in runs)[:16], "ended": str(newest["end"])[:16],
        "codes": sorted({str(run["code"]) for run in runs}),
        "versions": {name: newest["versions"].get(name, "") for name in ("gni", "torch", "python")},
    }  # fmt: skip
    RUN.write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    for name in PICTURES:
        picture = folder / "figures" / f"{name}.svg"
        shutil.copyfile(picture, DOCS / "figures" / f"verdicts-{name}.svg")


def text() -> str:
    """The whole page."""
    with TABLE.open(encoding="utf-8", newline="") as stream:
        rows = {row["id"]: row for row in csv.DictReader(stream)}
    facts = json.loads(RUN.read_text(encoding="utf-8"))
    claims = [row for row in rows.values() if not row["control"]]
    controls = [row for row in rows.values() if row["control"]]
    found = [row["verdict"] for row in claims]
    codes = facts["codes"]
    head = _HEAD.format(
        budget=facts["budget"], jobs=facts["jobs"], hours=facts["core_hours"], **facts["versions"],
        began=facts["began"].replace("T", " "), ended=facts["ended"].replace("T", " "),
        code=f"code {codes[0]}" if len(codes) == 1 else f"{len(codes)} versions of the code",
        told=", ".join(f"{found.count(each)} {each}" for each in VERDICTS if each in found) + f", of {len(found)}",
        right=sum(row["passed"] == "True" for row in controls), controls=len(controls), sha256=claims[0]["sha256"],
    )  # fmt: skip
    return "\n".join([head, *(line for family in families.read_all() for line in _family(family, rows))])


def _family(family: families.Family, rows: dict[str, Row]) -> Iterator[str]:
    yield f"## {family.title}\n"
    yield "| claim | verdict | effect | wanted | seeds |"
    yield "| --- | --- | --- | --- | --- |"
    for claim in family.claims:
        if not claim.control:
            yield _row(claim, rows[claim.id])
    wrong = [claim.id for claim in family.claims if claim.control and rows[claim.id]["passed"] != "True"]
    if any("declared anew" in rows[claim.id]["marks"] for claim in family.claims):
        yield "\nThese rows were declared anew after an earlier look, with other seeds."
    yield f"\nControls: {'not right: ' + ', '.join(wrong) if wrong else 'right'}.\n"
    if family.name in PICTURES:
        yield f"![Effects by seed of {family.name}](figures/verdicts-{family.name}.svg)\n"


def _row(claim: Claim, row: Row) -> str:
    verdict = f"**{row['verdict']}**"
    if row["n_needed"]:
        verdict += f" (about {int(row['n_needed']):,} seeds needed)"
    effect = "–"
    if row["effect"]:
        amounts = [words.amount(claim, float(row[end])) for end in ("effect", "low", "high")]
        effect = "{} [{}, {}]".format(*amounts)
    cells = [claim.sentence, verdict, effect, words.wanted(claim), row["n_pairs"]]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    if sys.argv[1:]:
        taken(Path(sys.argv[1]))
    PAGE.write_text(text(), encoding="utf-8")
