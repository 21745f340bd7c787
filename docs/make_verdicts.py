"""Make docs/verdicts.md, what a run of `gni reproduce` found of each claim, and docs/real-images.md.

`python docs/make_verdicts.py` renews the pages from their tables (docs/verdicts.csv, docs/real-images.csv) and from
facts about the runs. `python docs/make_verdicts.py FOLDER` takes table, facts and pictures of the first page from the
folder of a run. `python docs/make_verdicts.py --images FOLDER` takes table and facts of the second from five sweeps.
"""

import csv
import json
import re
import shutil
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from gnicli.claims import words
from gnicli.claims.claim import Claim
from gnicli.claims.verdict import VERDICTS
from gnicli.contracts.number_text import with_error
from gnicli.engine.judging import claims_file, judge
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
    rows = _rows(TABLE)
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


def _rows(table: Path) -> dict[str, Row]:
    with table.open(encoding="utf-8", newline="") as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


def _family(family: families.Family, rows: dict[str, Row]) -> Iterator[str]:
    yield f"## {family.title}\n"
    yield from _claims(family.claims, rows)
    wrong = [claim.id for claim in family.claims if claim.control and rows[claim.id]["passed"] != "True"]
    if any("declared anew" in rows[claim.id]["marks"] for claim in family.claims):
        yield "\nThese rows were declared anew after an earlier look, with other seeds."
    yield f"\nControls: {'not right: ' + ', '.join(wrong) if wrong else 'right'}.\n"
    if family.name in PICTURES:
        yield f"![Effects by seed of {family.name}](figures/verdicts-{family.name}.svg)\n"


def _claims(claims: Iterable[Claim], rows: dict[str, Row]) -> Iterator[str]:
    yield "| claim | verdict | effect | wanted | seeds |"
    yield "| --- | --- | --- | --- | --- |"
    yield from (_row(claim, rows[claim.id]) for claim in claims if not claim.control)


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


# ------------------------------------------------------------------------------------------------------- real images

IMAGES, IMAGES_TABLE, IMAGES_RUN = DOCS / "real-images.yaml", DOCS / "real-images.csv", DOCS / "real-images-run.json"
IMAGES_PAGE = DOCS / "real-images.md"
_CIFAR10 = "dataset=cifar10 dataset.dir=FOLDER 'dataset.sha256={archive: …}'"
_SEEDS = "'seed=range(100,112)'"
SWEEPS = {  # by family; the folder of each has the name of its family
    "fig5_mnist": f"gni train experiment=fig5_mnist {_SEEDS}",
    "fig7_mnist": f"gni train experiment=fig7 dataset=mnist network=mlp {_SEEDS}",
    "fig7_cifar10": f"gni train experiment=fig7 {_CIFAR10} network=mlp {_SEEDS}",
    "fig8_mnist": f"gni train experiment=fig8 dataset=mnist M=1,4,16 {_SEEDS}",
    "fig8_cifar10": f"gni train experiment=fig8 {_CIFAR10} M=1,4,16 {_SEEDS}",
}
_SHOWN = {
    "train_loss": "train loss", "train_learned": "learned of the training images", "test_loss": "test loss",
    "test_learned": "learned of the test images", "test_accuracy": "test accuracy",
}  # fmt: skip

_IMAGES_HEAD = """# Figures 5, 7 and 8 on real images

This page is for those who ask whether what the quick budget shows on digits holds for images of the paper. It has the
verdicts of five sweeps of `budget=quick`, on MNIST and on a part of CIFAR-10. `make docs` makes it from their table;
nothing is written by hand.

- The claims ([real-images.yaml](real-images.yaml)) were written after pilot runs of other seeds, before these sweeps.
  `gni judge docs/real-images.yaml FOLDER…` judges them again ([judge.md](judge.md) says what a verdict means).
- Every sweep has the seeds 100 … 111, twice as many as the pilots, seeds 0 … 7, ask for
  ([experiments.md](experiments.md)).
- MNIST is the published one. Of CIFAR-10 there were the first 4,000 images of data_batch_1, 3,200 to train with and 800
  to test with: so its commands have their folder and their sum.
- Figure 5 trains with 500 images and tests with 10,000. Figures 7 and 8 train with 256 and test with 360.
- Runs: {jobs:,} jobs on {date}, two cores of a shared server with other work beside them; gni {gni} ({code}), torch
  {torch}, Python {python}.

"Learned" is the share of the classes' entropy, 1 − loss/(loss of the best constant). A negative one says that the loss
is above that of the constant: the network is sure of wrong answers. A number is a mean over seeds ± its standard error.
"""


def images_taken(folder: Path) -> None:
    """Copy what the page of real images is made of from a folder that holds the five sweeps."""
    found = judge.judge(IMAGES, [folder / name for name in SWEEPS])
    IMAGES_TABLE.write_bytes(found.as_csv())
    sweeps = {}
    for name in SWEEPS:
        manifest, values = (
            json.loads((folder / name / f"{file}.json").read_text()) for file in ("manifest", "results")
        )
        began, ended = (datetime.fromisoformat(manifest[each]) for each in ("start", "end"))
        settings: dict[str, dict[str, list[float]]] = {}
        for key, value in values.items():
            whole = re.fullmatch(r"(\w+) \[(.*)\]", key)
            if whole and whole[1] in _SHOWN:
                settings.setdefault(whole[2], {})[whole[1]] = [value["value"], value["stderr"]]
        facts = {"jobs": manifest["n_jobs"], "seconds": (ended - began).total_seconds(), "date": manifest["start"][:10]}
        sweeps[name] = facts | {"code": manifest["code"], "versions": manifest["versions"], "settings": settings}
    IMAGES_RUN.write_text(json.dumps(sweeps, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def images_text() -> str:
    """The whole page of real images."""
    rows, sweeps = _rows(IMAGES_TABLE), json.loads(IMAGES_RUN.read_text(encoding="utf-8"))
    declared = claims_file.read(IMAGES).claims.claims
    codes, dates = ({sweep[key] for sweep in sweeps.values()} for key in ("code", "date"))
    versions = next(iter(sweeps.values()))["versions"]
    lines = [
        _IMAGES_HEAD.format(
            jobs=sum(sweep["jobs"] for sweep in sweeps.values()), date=" and ".join(sorted(dates)),
            code=f"code {codes.pop()}" if len(codes) == 1 else f"{len(codes)} versions of the code",
            **{name: versions[name] for name in ("gni", "torch", "python")},
        )
    ]  # fmt: skip
    for family, command in SWEEPS.items():
        members = [claim for claim in declared if claim.family == family]
        controls = [claim for claim in members if claim.control]
        wrong = [claim.id for claim in controls if rows[claim.id]["passed"] != "True"]
        sweep = sweeps[family]
        lines += [f"## {family}\n", f"`{command}`: {sweep['jobs']} jobs in {sweep['seconds'] / 60:.1f} minutes.\n"]
        lines += [*_claims(members, rows), f"\nControls: {'not right: ' + ', '.join(wrong) if wrong else 'right'}.\n"]
        lines += [f"| setting | {' | '.join(_SHOWN.values())} |", "| --- " * (len(_SHOWN) + 1) + "|"]
        for setting, values in sweep["settings"].items():
            lines.append(f"| {setting} | {' | '.join(with_error(*values[name]) for name in _SHOWN)} |")
        lines.append("")
    return "\n".join(lines)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--images", folder]:
            images_taken(Path(folder))
        case [folder]:
            taken(Path(folder))
    PAGE.write_text(text(), encoding="utf-8")
    IMAGES_PAGE.write_text(images_text(), encoding="utf-8")
