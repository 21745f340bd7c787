"""docs/paper-map.md: up to date, whole, and true of the files that it names."""

import importlib.util
import re
from pathlib import Path

import pytest
import yaml

from gnicli.cli import main
from gnicli.engine.reproduction import families

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "paper-map.md").read_text()
ENTRIES = yaml.safe_load((ROOT / "docs" / "paper-map.yaml").read_text())
# The paper's own numbering, from its text.
EQUATIONS = [f"equation ({part}.{n})" for part, last in ((2, 9), (3, 3), (4, 9)) for n in range(1, last + 1)]
STATEMENTS = [
    "Definition 3.1", "Definition 3.2", "Definition 3.3", "Lemma 3.1", "Theorem 3.1", "Theorem 3.2", "Remark 3.1",
    "Theorem 4.1", "Theorem 4.2", "Remark 4.1", "Appendix C", "Appendix F",
]  # fmt: skip
FIGURES = [f"Figure {name}" for name in (*range(1, 9), "A.1", "A.2", "A.3", "A.4")]


@pytest.fixture(scope="module")
def maker():
    """The module docs/make_paper_map.py, which lies in no package."""
    spec = importlib.util.spec_from_file_location("make_paper_map", ROOT / "docs" / "make_paper_map.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(maker):
    assert maker.text() == PAGE, "run make docs"


def test_every_figure_statement_and_equation_of_the_paper_has_one_row():
    items = re.findall(r"^\| ((?:Figure|Definition|Lemma|Theorem|Remark|Appendix|equation) [^|]+?) \|", PAGE, re.M)
    assert sorted(items) == sorted(EQUATIONS + STATEMENTS + FIGURES)


def test_every_claim_is_on_the_page():
    for family in families.read_all():
        for claim in family.claims:
            assert (f"`{claim.id}`" in PAGE) is not bool(claim.control), claim.id


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["item"])
def test_what_stands_beside_an_equation_is_there(entry, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path))
    for place in (*entry["code"], *entry["tests"]):
        assert (ROOT / place).exists(), place
    if entry["command"]:
        assert main([*entry["command"].split()[1:], "--cfg", "job"]) == 0, capsys.readouterr().err


def test_recorded_verdicts_are_shown(maker, tmp_path, monkeypatch):
    """Where the verdicts.csv of a run lies in docs/, the page has its verdicts, and those of no other claim."""
    family = families.read_all()[0]
    claim = next(claim for claim in family.claims if not claim.control)
    (tmp_path / "verdicts.csv").write_text(f"id,verdict\n{claim.id},contradicted\n")
    monkeypatch.setattr(maker, "VERDICTS", tmp_path / "verdicts.csv")
    assert f"`{claim.id}`: contradicted" in maker.text()
    assert maker.text().count("`: ") == sum(claim.id in found for found in re.findall(r"`([^`]+)`: ", maker.text()))
    monkeypatch.setattr(maker, "VERDICTS", tmp_path / "none.csv")
    assert "`: " not in maker.text()
