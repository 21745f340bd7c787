"""The summary of a paper's experiment on made-up runs: pairs by seed, diverged runs counted and kept out of means."""

import json
from pathlib import Path

import numpy as np
import pytest

from gnicli.contracts.results import RunRecord, Value
from gnicli.engine import figure_data, figures
from gnicli.experiments.sweeps import train as paper
from gnicli.launch import components

LOSSES = {"M1": (1.0, 3.0, 5.0), "M16": (0.9, 2.7, 4.8), "stable": (1.5, np.inf, 6.0)}


def records(experiment="fig4"):
    found = []
    for arm, losses in LOSSES.items():
        for seed, loss in enumerate(losses):
            steps = np.array([0, 10, 20])
            overrides = {"experiment": experiment, "arm": arm, "seed": str(seed)}
            status = "completed" if np.isfinite(loss) else "diverged"
            metrics = {"train_loss": (steps, np.array([10.0, 7.0, loss]))}
            job = len(found)
            values = {"train_loss": Value(loss)}
            found.append(RunRecord(job, Path(str(job)), overrides, status, values, metrics))
    return found


@pytest.mark.parametrize("diverging", [(), ("stable",), ("M16",), ("M16", "stable")])
def test_an_arm_has_one_color_whichever_arms_diverge(diverging, tmp_path):
    made = records()
    for place, record in enumerate(made):
        if record.overrides["arm"] in diverging:
            steps, losses = record.metrics["train_loss"]
            metrics = {"train_loss": (steps[:2], losses[:2])}
            made[place] = record._replace(status="diverged", values={}, metrics=metrics)
    written = figures.write(tmp_path, paper.summarize(made).figures, ())
    assert written
    orders = {figure_data.read(tmp_path / f"{stem}.json").order[:3] for stem in written}
    assert orders == {("arm=M1", "arm=M16", "arm=stable")}


def test_effects_are_log_losses_paired_by_seed_and_diverged_runs_are_counted():
    found = paper.summarize(records())
    effect = found.values["log train_loss above arm=M1 [arm=M16]"]
    gaps = np.log(LOSSES["M16"]) - np.log(LOSSES["M1"])
    assert effect.value == pytest.approx(gaps.mean())
    assert effect.stderr == pytest.approx(gaps.std(ddof=1) / np.sqrt(3))
    assert found.values["p of train_loss above arm=M1 [arm=M16]"].value == 0.25  # 2 of 8 flips, all pairs being lower
    assert found.values["train_loss against arm=M1 [arm=M16]"].value == "undecided (sign flips p = 0.25)"
    assert "log train_loss above arm=M1 [arm=stable]" not in found.values
    assert found.values["train_loss against arm=M1 [arm=stable]"].value == (
        "worse (1 of 3 diverged); undecided by signs, p = 0.25"
    )
    assert found.values["completed [arm=stable]"] == Value(2.0, None, 3, "run")
    assert found.values["diverged [arm=stable]"] == Value(1.0, None, 3, "run")
    assert found.values["diverged [arm=M1]"].value == 0
    first, second = found.figures["train_loss"].panels
    labels = [curve.label for curve in first.curves]
    assert "arm=stable (3 seeds, 1 diverged)" in labels
    gap, none = second.curves  # none of the arm that lost a run
    assert (none.label, none.x.tolist(), none.y.tolist()) == ("no difference", [10, 20], [0, 0])
    assert "M16" in gap.label
    assert gap.x.tolist() == [10, 20]
    np.testing.assert_allclose(gap.y, [0, gaps.mean()])
    assert found.notes[0].startswith(
        "fig4 with protocol=learnable budget=quick: 20 steps, 3 seeds for each arm; the paper"
    )
    assert "with 3 pairs p is 0.25 at least, so 5 % is out of reach: take 6 pairs" in found.notes[2]
    (table,) = found.tables.values()
    assert [row[:5] for row in table.rows] == [("arm=M16", "3", "3", "0", "3"), ("arm=stable", "3", "2", "1", "3")]


def test_an_ordinary_sweep_is_summarized_as_before():
    plain = [record._replace(overrides={"arm": record.overrides["arm"]}) for record in records()]
    assert not any("above" in name for name in paper.summarize(plain).values)


def test_every_experiment_has_a_figure_and_a_file():
    assert {path.stem for path in (components.conf_folder() / "experiment").glob("*.yaml")} >= set(paper.FIGURES)


def test_a_quick_sweep_of_an_experiment_ends_in_a_figure(capfd, monkeypatch, tmp_path):
    from gnicli.cli import main

    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path))
    assert main(["train", "experiment=fig4", "arm=M1,recorded", "seed=0,1", "steps=2", "network.width=60"]) == 0
    (folder,) = tmp_path.glob("train/*/*")
    report = (folder / "report.md").read_text()
    assert "fig4 with protocol=learnable budget=quick: 2 steps, 2 seeds for each arm" in report
    assert (folder / "figures" / "train_loss.csv").exists()
    values = json.loads((folder / "results.json").read_text())
    assert values["train_loss against arm=M1 [arm=recorded]"]["value"].startswith("no comparison: nothing was learned")
    assert "log train_loss above arm=M1 [arm=recorded]" not in values
    assert "| arm=recorded | 2 | 2 | 0 | 2 |" in report


@pytest.mark.parametrize("word", ["protocol=learnable", "budget=full", "arm=M1"])
def test_without_an_experiment_its_settings_are_usage_errors(capfd, monkeypatch, tmp_path, word):
    from gnicli.cli import main

    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / "outputs"))
    assert main(["train", word]) == 2
    assert word.partition("=")[0] in capfd.readouterr().err
    assert not (tmp_path / "outputs").exists()


def test_the_order_is_protocol_then_budget_then_the_command_line(capfd):
    import yaml

    from gnicli.cli import main

    def shown(*words):
        capfd.readouterr()
        assert main(["train", "experiment=fig4", "--cfg", "job", *words]) == 0
        return yaml.safe_load(capfd.readouterr().out)

    assert (shown()["network"]["init"], shown()["steps"]) == ("he", 3000)
    other = shown("protocol=paper", "budget=full", "lr=0.5")
    assert (other["network"]["init"], other["steps"], other["lr"]) == ("default", 60000, 0.5)
