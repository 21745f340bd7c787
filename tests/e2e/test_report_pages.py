"""The reports of small runs of every command: whole pages, which open with what was run."""

import re

import pytest
import report_pages

import gnicli

RUNS = {
    "train": ("train", "dataset=sinusoids", "dataset.n_train=10", "noise=mult", "M=2", "steps=2", "network.depth=1",
              "network.width=4", "lr=0.01", "optimizer.name=sgd", "optimizer.momentum=0.9"),
    "gradient-noise": ("gradient-noise", "dataset=sinusoids", "dataset.n_train=10", "noise=add", "network.depth=1",
                       "network.width=4", "measure=averages", "measure.chain=false", "measure.sizes=[1,2]",
                       "measure.n_draws=100"),
    "fit-stable": ("fit-stable", "samples=student", "samples.n=200", "n_bootstrap=0"),
    "simulate-sde": ("simulate-sde", "potential=double_well", "n_steps=60", "n_chains=8", "burn_in=10", "n_bins=200",
                     "exit_steps=0"),
    "kde-stationary": ("kde-stationary", "potential=quadratic", "n_steps=60", "n_chains=8", "burn_in=10",
                       "n_bins=2000", "points=51"),
}  # fmt: skip
# What each report opens with, and what it says of its data, network, noise, rate and budget.
SAID = {
    "train": (
        "Training of a multilayer perceptron on sinusoids with multiplicative Gaussian noise",
        "sinusoids: 10 training and 10 test examples of 1 input, standardized, 1 regressed value",
        "multilayer perceptron, 1 hidden layer of 4 units (relu), initialization he; 13 parameters",
        "multiplicative Gaussian noise, h̃ = h · ε with ε ~ N(1, std²); std 0.5",
        "stochastic gradient descent with momentum 0.9",
        "0.01, constant",
        "2 steps of the whole training data",
    ),
    "gradient-noise": (
        "Gradient noise of a multilayer perceptron on sinusoids with additive Gaussian noise",
        "additive Gaussian noise, h̃ = h + ε with ε ~ N(0, std²); std 0.1",
        "of 10 examples",
        "tail of the mean gradient over a batch (Theorem 3.2): sizes (1, 2), n draws 100",
    ),
    "fit-stable": (
        "Fit of a stable law to draws from a Student t law",
        "draws from a Student t law: df 3, loc 0, scale 1; 200 values",
        "20 % of the samples, to score predictions",
    ),
    "simulate-sde": (
        "Chains in a double well potential with Lévy noise (alpha = 1.5, beta = 0.5, ε = 1)",
        "f(w): w⁴/4 − w²/2, minima at ±1",
        "−∇f, equation (4.3)",
        "Strang splitting, steps of 0.01",
        "8 chains of 60 steps; the first 10 are not recorded, after them every 5th step",
    ),
    "kde-stationary": (
        "Stationary density in a quadratic potential with Lévy noise (alpha = 1.5, beta = 0.5, ε = 1)",
        "kernel estimate (binned), Improved Sheather-Jones bandwidth, 51 points",
    ),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """One run of each command, and a sweep."""
    place = tmp_path_factory.mktemp("reports")
    found = {name: gnicli.run(*words, f"run.dir={place / name}").folder for name, words in RUNS.items()}
    gnicli.run(*RUNS["kde-stationary"], "alpha=1.5,2", "beta=0", f"run.dir={place / 'sweep'}")
    return found | {"sweep": place / "sweep"}


def read(folder):
    return (folder / "report.md").read_text(), (folder / "report.html").read_text()


@pytest.mark.parametrize("name", [*RUNS, "sweep"])
def test_a_page_is_whole_and_says_what_the_text_says(folders, name):
    text, content = read(folders[name])
    page = report_pages.check(content)
    titles = re.findall("^## (.*)$", text, re.M)
    # of a few steps of a few chains a warning is due: they have not mixed
    warned = ["Warnings"] if name in ("simulate-sde", "kde-stationary") else []
    assert titles[: 2 + len(warned)] == ["What was run", *warned, "Result"]
    assert titles[-2:] == ["Provenance", "To run it again"]
    assert re.findall(r"<h2 [^>]*>(.*?)</h2>", content) == titles
    n_figures = len(list((folders[name] / "figures").glob("*.png")))
    assert len(page.all("img")) == len(page.all("figure")) == text.count("\n![") == n_figures > 0
    assert len(page.all("table")) == len(re.findall(r"^\| ?-", text, re.M))
    assert str(folders[name]) in page.texts[-1]  # the command, with run.dir


@pytest.mark.parametrize("name", RUNS)
def test_a_report_opens_with_what_was_run(folders, name):
    title, *conditions = SAID[name]
    text, content = read(folders[name])
    assert text.startswith(f"# {title}\n\ngni {name}: completed.\n\n## What was run\n")
    opening = text[: text.index("## Result")]
    assert ("| data |" in opening) == (name in ("train", "gradient-noise", "fit-stable"))
    for condition in conditions:
        assert f"| {condition} |" in opening
        assert condition in report_pages.check(content).texts


def test_a_sweep_has_its_settings_first_and_its_jobs_after(folders):
    text, _ = read(folders["sweep"])
    assert text.startswith("# Sweep: gni kde-stationary\n\nSweep of gni kde-stationary: completed.\n")
    assert all(f"| {condition} |" in text for condition in SAID["kde-stationary"][1:])
    assert "| noise | 2 values: α-stable Lévy noise: alpha = 1.5, beta = 0, ε = 1; Brownian motion: ε = 1 |" in text
    assert "2 of 2 runs completed; they differ in alpha (1.5, 2)." in text
    assert text.index("## What was run") < text.index("## Result") < text.index("## Jobs")


def test_what_strangers_name_is_text(tmp_path):
    """A column of a file is the one name that a stranger can choose freely."""
    evil = "<script>alert(1)</script>"
    path = tmp_path / "samples.csv"
    path.write_text(f"{evil}\n" + "".join(f"{k * k % 101 - 50}\n" for k in range(1, 200)))
    words = ("fit-stable", f"samples={path}", "n_bootstrap=0", f"run.dir={tmp_path / 'run'}")
    page = report_pages.check(read(gnicli.run(*words, **{"samples.column": evil}).folder)[1])
    assert f"samples.csv, {evil}: 199 values" in page.texts
