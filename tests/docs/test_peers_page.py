"""docs/peers.md: figures of gni's stable law and of other packages, made from the record and never by hand."""

import csv
import importlib.util
import json
import re
import statistics
from pathlib import Path

import numpy as np
import pytest

from gnicli.stable import StableLaw

ROOT = Path(__file__).parents[2]


def module(path):
    """A module that lies in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@pytest.fixture
def maker():
    return module(ROOT / "docs" / "make_peers.py")


@pytest.fixture
def record():
    return json.loads((ROOT / "docs" / "peers.json").read_text(encoding="utf-8"))


def wrong_rows():
    with (ROOT / "docs" / "peers-tables.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_page_is_up_to_date(maker):
    assert maker.text() == (ROOT / "docs" / "peers.md").read_text(), "run make docs"


def test_every_part_says_with_what_it_was_measured(record):
    assert {*record} <= {"accuracy", "tables", "speed", "fits"}
    for part in record.values():
        assert {*part["about"]} == {"date", "seed", "versions", "cores", "cpu"}
        assert {"gni", "NumPy", "Python"} < {*part["about"]["versions"]}


def test_a_peer_that_is_ahead_is_told(maker, record, tmp_path, monkeypatch):
    """Of the record as it is, and of one in which a peer has become faster at something."""

    def told(text):
        return re.findall(r"^- \*\*(\S+) is faster\*\*: (.*), in", text, re.M)

    def ahead():
        for part, words in (("speed", "{}"), ("fits", "a fit of {:,}")):
            for task, of in record.get(part, {"found": {}})["found"].items():
                medians = {}
                for name, each in of.items():
                    if isinstance(each, list) and any(each):
                        seconds = [fit["seconds"] if part == "fits" else fit for fit in each if fit is not None]
                        medians[name] = statistics.median(seconds)
                for name, seconds in medians.items():
                    if seconds < medians["gni"]:
                        yield name, words.format(int(task) if part == "fits" else task)

    assert told(maker.text()) == list(ahead())
    task = "100,000 draws"
    record["speed"]["found"][task]["PyLevy"] = [1e-9]
    changed = tmp_path / "peers.json"
    changed.write_text(json.dumps(record))
    monkeypatch.setattr(maker, "RECORD", changed)
    assert ("PyLevy", task) in told(maker.text())


def test_a_part_that_was_not_measured_is_told(maker, record, tmp_path, monkeypatch):
    record.pop("fits", None)
    changed = tmp_path / "peers.json"
    changed.write_text(json.dumps(record))
    monkeypatch.setattr(maker, "RECORD", changed)
    assert "## Fits\n\nNot measured in this record.\n" in maker.text()


def test_rows_called_wrong_are_so_by_the_quadrature():
    """The tables' rows that gni contradicts: the integral in mpmath is worked out again for some, gni for all."""
    quadrature = module(ROOT / "benchmarks" / "stable_quadrature.py")
    rows = [row for row in wrong_rows() if row["is_wrong"] == "True"]
    assert len(rows) > 600
    for k, row in enumerate(rows):
        alpha, beta, x, exact = float(row["alpha"]), float(row["beta"]), row["x"], float(row["exact"])
        law = StableLaw(alpha, beta, parameterization="S0")
        low = float(row["printed"]) < 0.5
        ours = law.pdf(float(x)) if row["table"] == "densities" else (law.cdf if low else law.sf)(float(x))
        assert ours == pytest.approx(exact, rel=1e-8)
        assert abs(float(row["smaller_tail_printed"]) / exact - 1.0) > 5e-5
        if k % 150 == 0:
            density, below, above = quadrature.density_and_tails(alpha, beta, x)
            again = density if row["table"] == "densities" else below if low else above
            assert again == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("seed", range(6))
def test_the_quadrature_is_another_road_to_the_law(seed):
    quadrature = module(ROOT / "benchmarks" / "stable_quadrature.py")
    rng = np.random.default_rng(seed)
    alpha, beta = float(np.round(rng.uniform(0.3, 1.95), 2)), float(np.round(rng.uniform(-1.0, 1.0), 2))
    if seed == 0:
        alpha, beta = 1.0, -0.4
    x = f"{rng.uniform(-6.0, 6.0):.3f}"
    law = StableLaw(alpha, beta, parameterization="S0")
    found = quadrature.density_and_tails(alpha, beta, x)
    assert found == pytest.approx((law.pdf(float(x)), law.cdf(float(x)), law.sf(float(x))), rel=1e-9)
