"""`gni fit-stable` from its arguments to its folder."""

import csv
import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from gnicli.stable import StableLaw

QUICK = ("n_bootstrap=3",)


def results(folder):
    return json.loads((Path(folder) / "results.json").read_text())


@pytest.fixture
def column(tmp_path):
    """A CSV file of asymmetric stable samples."""
    x = StableLaw(1.4, 0.6, 5.0, 2.0).rvs(3000, np.random.default_rng(4))
    path = tmp_path / "with, comma.csv"
    path.write_text("layer,noise\n" + "\n".join(f"layer{i % 2},{v!r}" for i, v in enumerate(x.tolist())))
    return path


@pytest.mark.usefixtures("pictures")
def test_a_file_gives_the_law_it_was_drawn_from(gni, outputs, column):
    """The path is no member, so it is samples=file samples.path=…; the truth lies within 4 standard errors."""
    said = gni("fit-stable", f"samples={column}", "samples.column=noise", "n_bootstrap=19")
    assert said.code == 0, said.err
    (folder,) = outputs.glob("fit-stable/*/*")
    assert said.last_line == str(folder)
    found = results(folder)
    for name, truth in {"alpha": 1.4, "beta": 0.6, "loc": 5.0, "scale": 2.0}.items():
        value = found[name]
        assert value.keys() == {"value", "stderr", "n", "unit", "ci95"}
        assert abs(value["value"] - truth) < 4 * value["stderr"]
        assert value["ci95"][0] < value["value"] < value["ci95"][1]
    assert found["beta"]["value"] > 0.3
    assert found["parameterization"] == {"value": "S1", "stderr": None, "n": 3000, "unit": ""}
    assert found["n"]["value"] == 3000
    assert found["log_likelihood"]["value"] > found["log_likelihood_normal"]["value"]
    assert found["ratio_p"]["value"] < 1e-50
    assert all(0.05 <= found[f"{name}_p"]["value"] <= 1 for name in ("ks", "ad", "drift"))
    told = "19 bootstrap samples cannot reject anything at 1%"
    assert told in said.err + said.out
    assert found["verdict"]["value"] == "untested"
    for name in ("density", "tails", "quantiles", "blocks"):
        assert {(folder / "figures" / f"{name}.{end}").exists() for end in ("png", "csv", "json")} == {True}
    report = (folder / "report.md").read_text()
    assert "## Laws compared" in report
    assert told in report
    assert "consistent" not in report


def test_the_parameterization_moves_the_location_only(gni, column, tmp_path):
    for which in ("S0", "S1"):
        words = (f"samples={column}", "samples.column=noise", f"parameterization={which}", "n_bootstrap=0")
        assert gni("fit-stable", *words, f"run.dir={tmp_path / which}").code == 0
    s0, s1 = results(tmp_path / "S0"), results(tmp_path / "S1")
    assert s0["alpha"] == s1["alpha"]
    law = StableLaw(*(s1[name]["value"] for name in ("alpha", "beta", "loc", "scale")), "S1").to("S0")
    assert s0["loc"]["value"] == pytest.approx(law.loc, rel=1e-9)
    assert s0["parameterization"]["value"] == "S0"


@pytest.mark.usefixtures("pictures")
def test_one_fit_per_group(gni, column, tmp_path):
    column.write_text(column.read_text() + "\nrare,1\nrare,2")
    words = (f"samples={column}", "samples.column=noise", "samples.group=layer", *QUICK)
    said = gni("fit-stable", *words, f"run.dir={tmp_path / 'run'}")
    assert said.code == 0, said.err
    found = results(tmp_path / "run")
    assert {name for name in found if name.startswith("alpha/")} == {"alpha/layer0", "alpha/layer1"}
    assert found["alpha/layer0"]["n"] == 1500
    assert "rare: 2 samples; at least 50 are needed" in said.err
    assert (tmp_path / "run" / "figures" / "groups.png").exists()
    assert (tmp_path / "run" / "figures" / "fit-layer1.png").exists()
    with np.load(tmp_path / "run" / "arrays.npz") as arrays:
        assert "block_sums/layer1" in arrays.files


@pytest.mark.parametrize("law", ["normal", "student", "laplace", "subweibull"])
def test_other_laws_in_front(gni, tmp_path, law):
    said = gni(
        "fit-stable", f"samples={law}", "samples.n=800", f"law={law}", "n_bootstrap=30", f"run.dir={tmp_path / 'run'}"
    )
    assert said.code == 0, said.err
    found = results(tmp_path / "run")
    truth = {
        "normal": {"mean": 0, "std": 1},
        "student": {"df": 3, "loc": 0, "scale": 1},
        "laplace": {"loc": 0, "scale": 1},
        "subweibull": {"r": 1, "scale": 1},
    }[law]
    for name, value in truth.items():
        assert abs(found[name]["value"] - value) < 5 * found[name]["stderr"], name
    assert "30 bootstrap samples cannot reject anything at 1%" in said.err + said.out


def test_laplace_is_found_not_to_be_stable(gni, tmp_path):
    said = gni("fit-stable", "samples=laplace", "samples.n=5000", "n_bootstrap=79", f"run.dir={tmp_path / 'run'}")
    assert said.code == 0, said.err
    found = results(tmp_path / "run")
    assert found["alpha"]["value"] < 1.7
    assert found["alpha_sum16"]["value"] > 1.85
    assert found["verdict"]["value"] == "another law is better"
    report = (tmp_path / "run" / "report.md").read_text()
    assert "law predicts the 5,000 samples better than a stable law: it is" in report
    assert "A stable law is not supported." in report
    assert (
        max(("stable", "normal", "student", "laplace"), key=lambda name: found[f"heldout_{name}"]["value"]) == "laplace"
    )


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("scale", [1e-250, 1e-20, 1e160, 1e290])
def test_no_scale_excludes_a_gaussian(gni, tmp_path, scale):
    x = np.random.default_rng(3).standard_normal(400)
    np.save(tmp_path / "x.npy", x * scale)
    said = gni("fit-stable", f"samples={tmp_path}/x.npy", "n_bootstrap=0", f"run.dir={tmp_path / 'run'}")
    assert said.code == 0, said.err
    found = results(tmp_path / "run")
    assert found["verdict"]["value"] == "Gaussian not rejected"
    assert found["log_likelihood_normal"]["value"] == pytest.approx(
        -400 * (0.5 + np.log(x.std()) + np.log(scale) + 0.5 * np.log(2 * np.pi)), rel=1e-9
    )
    with np.load(tmp_path / "run" / "arrays.npz") as arrays:
        width = np.diff(arrays["bins"])[0]
        assert 0.95 < (arrays["density"] * width).sum() <= 1.0


def test_long_labels_and_labels_that_differ_at_the_end_only(gni, tmp_path):
    """Names of files are cut, and told apart."""
    rng = np.random.default_rng(0)
    labels = ["x" * 300, "x" * 299 + "y", "é" * 200]
    rows = [f"{label},{value!r}" for label in labels for value in rng.standard_normal(60).tolist()]
    (tmp_path / "x.csv").write_text("name,v\n" + "\n".join(rows), encoding="utf-8")
    words = (f"samples={tmp_path}/x.csv", "samples.column=v", "samples.group=name", "n_bootstrap=0")
    said = gni("fit-stable", *words, f"run.dir={tmp_path / 'run'}")
    assert said.code == 0, said.err
    drawn = sorted(path.name for path in (tmp_path / "run" / "figures").glob("fit-*.csv"))
    assert len(drawn) == 3
    assert max(len(name.encode()) for name in drawn) < 130


def test_a_group_that_is_mostly_one_value_is_named_and_the_others_are_fitted(gni, tmp_path):
    rng = np.random.default_rng(0)
    rows = [f"good,{value!r}" for value in rng.standard_normal(100).tolist()]
    rows += ["dead,0"] * 70 + [f"dead,{value!r}" for value in rng.standard_normal(30).tolist()]
    (tmp_path / "x.csv").write_text("name,v\n" + "\n".join(rows))
    words = (f"samples={tmp_path}/x.csv", "samples.column=v", "n_bootstrap=0", f"run.dir={tmp_path / 'run'}")
    said = gni("fit-stable", *words, "samples.group=name")
    assert said.code == 0, said.err
    assert "alpha/good" in results(tmp_path / "run")
    assert "alpha/dead" not in results(tmp_path / "run")
    assert "dead: " in said.err
    assert "70 of 100" in said.err


def test_ties_are_told(gni, tmp_path):
    x = np.round(np.random.default_rng(0).standard_cauchy(500), 1)
    np.save(tmp_path / "x.npy", x)
    said = gni("fit-stable", f"samples={tmp_path}/x.npy", "n_bootstrap=0", f"run.dir={tmp_path / 'run'}")
    assert said.code == 0, said.err
    _, counts = np.unique(x, return_counts=True)
    assert f"{counts[counts > 1].sum()} of 500 values equal another one" in said.err + said.out


def test_a_gaussian_stays_one(gni, tmp_path):
    """Of Gaussian samples about six in ten are fitted best by alpha = 2 itself, where beta means nothing."""
    said = gni("fit-stable", "-m", "samples=normal", "samples.n=400", "seed=range(5)", *QUICK)
    assert said.code == 0, said.err
    found = [results(Path(said.last_line) / str(job)) for job in range(5)]
    at_two = [each for each in found if each["alpha"]["value"] == 2]
    assert len(at_two) >= 1
    for each in at_two:
        assert each["ratio_p"]["value"] == 1
        assert each["beta"]["stderr"] is None
        assert "ci95" not in each["beta"]
        assert "loc" in each
    assert min(each["ratio_p"]["value"] for each in found) > 0.005


def test_an_array_of_a_training_run(gni, outputs, tmp_path):
    options = ("steps=3", "network.width=16", "network.depth=2", "threads=1", f"run.dir={tmp_path / 'train'}")
    assert gni("train", *options).code == 0
    said = gni("fit-stable", "samples=run", f"samples.path={tmp_path / 'train'}", "samples.array=parameter/*", *QUICK)
    assert said.code == 0, said.err
    found = results(said.last_line)
    assert any(name.startswith("alpha/parameter/") for name in found)


def test_standard_input(gni, monkeypatch):
    class Piped:
        buffer = io.BytesIO("\n".join(map(str, range(200))).encode())
        isatty = staticmethod(lambda: False)

    monkeypatch.setattr(sys, "stdin", Piped)
    said = gni("fit-stable", "samples=-", "n_bootstrap=0")
    assert said.code == 0, said.err
    assert results(said.last_line)["n"]["value"] == 200


def test_equal_runs_have_equal_bytes(gni, tmp_path):
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        assert gni("fit-stable", "samples.n=500", f"seed={seed}", *QUICK, f"run.dir={tmp_path / name}").code == 0
    for file in ("results.json", "arrays.npz"):
        a, b, c = ((tmp_path / name / file).read_bytes() for name in "abc")
        assert a == b
        assert a != c


def test_a_sweep_over_files_and_over_laws(gni, outputs, tmp_path):
    rng = np.random.default_rng(0)
    for name in ("one.npy", "it's two.npy"):
        np.save(tmp_path / name, rng.standard_cauchy(300))
    said = gni("fit-stable", "-m", f"samples={tmp_path}/one.npy,{tmp_path}/it's two.npy", "n_bootstrap=0")
    assert said.code == 0, said.err
    with (Path(said.last_line) / "sweep.csv").open() as stream:
        jobs = list(csv.DictReader(stream))
    assert [job["status"] for job in jobs] == ["completed"] * 2
    assert float(jobs[0]["alpha"]) != float(jobs[1]["alpha"])


def test_figure_3(gni):
    said = gni("fit-stable", "experiment=fig3", "seed=0", "samples.n=150", "holdout=0", "n_bootstrap=9")
    assert said.code == 0, said.err
    folder = Path(said.last_line)
    with (folder / "sweep.csv").open() as stream:
        jobs = list(csv.DictReader(stream))
    assert [job["samples.r"] for job in jobs] == ["0.8", "1", "2"]
    alphas = [float(job["alpha"]) for job in jobs]
    assert alphas == sorted(alphas, reverse=True)  # heavier tails, smaller alpha
    with (folder / "figures" / "densities.csv").open() as stream:
        panels = {row["panel"] for row in csv.DictReader(stream)}
    assert (folder / "figures" / "tails.csv").exists()
    assert panels == {"samples.r=0.8", "samples.r=1", "samples.r=2"}


@pytest.mark.parametrize(
    ("content", "words", "code", "message"),
    [
        ("", (), 3, "is empty"),
        ("x\n", (), 3, "has a header (x) and no rows"),
        ("x\n1\nnan\n", (), 3, "1 of 2 values are not finite (first: line 3); samples.drop_nonfinite=true"),
        ("x\n1\nabc\n", (), 3, "line 3: 'abc' is not a number"),
        ("x,y\n1,2\n", (), 2, "columns x,y: choose one with samples.column="),
        (
            "x\n1,5\n",
            (),
            3,
            "line 2 has 2 fields, the header has 1; is ',' the decimal mark? use samples.decimal=comma",
        ),
        ("x\n" + "1.0\n" * 500, (), 4, "all 500 values equal 1.0: scale is zero, nothing to fit"),
        ("x\n" + "\n".join(map(str, range(12))), (), 4, "12 samples; at least 50 are needed"),
        ("x\n1\n", ("samples.max_n=3",), 2, "samples.max_n must be an integer >= 50, got 3"),
        ("x\n1\n", ("samples.colum=3",), 2, "unknown key samples.colum; did you mean samples.column?"),
        ("x\n1\n", ("law=levy",), 2, "law must be one of stable, normal"),
        ("x\n1\n", ("fixed={gamma:1}",), 2, "fixed must be one of alpha, beta, loc, scale, got 'gamma'"),
    ],
)
def test_bad_input_is_one_line(gni, tmp_path, content, words, code, message):
    (tmp_path / "x.csv").write_text(content)
    said = gni("fit-stable", f"samples={tmp_path}/x.csv", *words)
    assert said.code == code, said.err
    assert message in said.err
    assert [line for line in said.err.splitlines() if "error" in line] == said.err.strip().splitlines()[-1:]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("samples=nothing",), "unknown source of samples 'nothing' for samples: choose from file"),
        (("samples=a.csv,stable", "-m"), "paths and choices (stable) cannot be swept together"),
        (("samples=stable", "samples.alpha=2.5"), "samples.alpha must be >= 0.1 and <= 2, got 2.5"),
        (("fixed.alpha=2",), "unknown key fixed.alpha; fixed is one key: parameters of the stable law that are held"),
    ],
)
def test_bad_choices_leave_no_folder(gni, outputs, words, message):
    said = gni("fit-stable", *words)
    assert said.code == 2
    assert message in said.err
    assert not outputs.exists()
