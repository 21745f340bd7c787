"""docs/verdicts.md and docs/real-images.md: what recorded runs found, made from their tables and never by hand."""

import csv
import importlib.util
import json
import re
import shlex
from pathlib import Path

import pytest

from gnicli.claims.verdict import VERDICTS
from gnicli.engine.judging import claims_file
from gnicli.engine.reproduction import families
from gnicli.experiments.sweeps.pilots import PILOTS

ROOT = Path(__file__).parents[2]


@pytest.fixture
def maker():
    """The module docs/make_verdicts.py, which lies in no package."""
    spec = importlib.util.spec_from_file_location("make_verdicts", ROOT / "docs" / "make_verdicts.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows():
    with (ROOT / "docs" / "verdicts.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_page_is_up_to_date(maker):
    assert maker.text() == (ROOT / "docs" / "verdicts.md").read_text(), "run make docs"


def test_the_table_is_of_the_claims_that_are_declared():
    declared = families.read_all()
    assert {row["sha256"] for row in rows()} == {families.whole(declared).sha256}, "gni reproduce --judge-only"
    assert [row["id"] for row in rows()] == [claim.id for family in declared for claim in family.claims]


def test_every_claim_has_a_verdict_and_three_quarters_are_decided():
    found = [row["verdict"] for row in rows() if not row["control"]]
    assert {*found} <= {*VERDICTS} - {"not run"}
    assert sum(each != "inconclusive" for each in found) >= 0.75 * len(found)


def test_the_page_counts_what_the_table_has(maker):
    found = [row["verdict"] for row in rows() if not row["control"]]
    page = maker.text()
    for verdict in {*found}:
        assert f"{found.count(verdict)} {verdict}" in page
        assert len(re.findall(rf"^\|.*\*\*{verdict}\*\*", page, re.M)) == found.count(verdict)
    for row in rows():
        assert (row["sentence"].replace("|", r"\|") in page) or row["control"]


def test_a_control_that_fails_is_told(maker, tmp_path, monkeypatch):
    family = next(family for family in families.read_all() if any(claim.control for claim in family.claims))
    control = next(claim.id for claim in family.claims if claim.control)
    text = (ROOT / "docs" / "verdicts.csv").read_text().splitlines()
    (line,) = (number for number, row in enumerate(text) if f",{control}," in row)
    n_right = sum(row["passed"] == "True" for row in rows())
    text[line] = text[line].replace(",True,", ",False,", 1)
    (tmp_path / "verdicts.csv").write_text("\n".join(text) + "\n")
    assert f"not right: {control}" not in maker.text()
    monkeypatch.setattr(maker, "TABLE", tmp_path / "verdicts.csv")
    assert f"Controls: not right: {control}." in maker.text()
    assert f"{n_right - 1} of {n_right} came out right" in maker.text()


def test_the_numbers_elsewhere_are_those_of_the_run():
    """README and docs/reproduce.md quote the run."""
    facts = json.loads((ROOT / "docs" / "verdicts-run.json").read_text())
    found = [row["verdict"] for row in rows() if not row["control"]]
    for page in (ROOT / "README.md", ROOT / "docs" / "reproduce.md"):
        text = re.sub(r"\s+", " ", page.read_text())
        assert f"{len(found)} claims" in text, page
        assert f"{found.count('supported')} are supported" in text, page
        assert f"{found.count('contradicted')} contradicted" in text, page
    assert f"{facts['jobs']} jobs" in (ROOT / "docs" / "reproduce.md").read_text()


# -------------------------------------------------------------------------------------------------------- real images


def images():
    with (ROOT / "docs" / "real-images.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_page_of_real_images_is_up_to_date(maker):
    assert maker.images_text() == (ROOT / "docs" / "real-images.md").read_text(), "run make docs"


def test_the_table_of_real_images_is_of_the_claims_that_are_declared(maker):
    """With seeds that no pilot had, and those of the sweeps."""
    declared = claims_file.read(maker.IMAGES).claims
    assert {row["sha256"] for row in images()} == {declared.sha256}
    assert [row["id"] for row in images()] == [claim.id for claim in declared.claims]
    assert {claim.family for claim in declared.claims} == set(maker.SWEEPS)
    assert {claim.seeds for claim in declared.claims} == {tuple(str(seed) for seed in range(100, 112))}
    assert {int(row["n_pairs"]) for row in images()} == {12}


def test_every_sweep_of_real_images_has_a_plan(maker):
    """The pilot runs were of the settings that the page names."""
    planned = [{"experiment": pilot.experiment, **pilot.settings} for pilot in PILOTS]
    for command in maker.SWEEPS.values():
        typed = dict(word.split("=", 1) for word in shlex.split(command)[2:] if not word.startswith("dataset."))
        if typed["experiment"] == "fig5_mnist":
            typed["dataset"] = "mnist"
        assert typed.pop("seed") == "range(100,112)"
        typed.pop("M", "")
        assert typed in planned
