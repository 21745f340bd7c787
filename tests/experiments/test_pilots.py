"""The plan of an experiment: printed with its calculation where it holds, and not where keys were typed."""

import math
from pathlib import Path

import pytest

from gnicli.contracts.results import RunRecord
from gnicli.experiments.sweeps import pilots
from gnicli.experiments.sweeps import train as paper
from gnicli.experiments.sweeps.power import pairs_needed


def runs(n=10, **typed):
    return [
        RunRecord(0, Path("0"), {"experiment": "fig4", "arm": arm, "seed": str(seed), **typed}, "completed", {}, {})
        for arm in ("M1", "M16")
        for seed in range(n)
    ]


def test_a_plan_says_what_it_was_calculated_from():
    (said,) = pilots.declaration("fig4", "arm", runs())
    pilot = pilots.PILOTS[0]
    needed = pairs_needed(pilot.sd, math.log(1.05))
    assert f"standard deviation of {pilot.sd:g} in 8 pilot pairs" in said
    assert f"smallest effect of interest is 5 %: {needed} pairs for 80 % power at 5 %; this sweep has 10" in said
    (other,) = pilots.declaration("fig4", "arm", runs(noise="mult"))
    assert "effect of interest is 25 %" in other


@pytest.mark.parametrize("typed", [{"budget": "full"}, {"protocol": "paper"}])
def test_there_is_none_for_other_budgets_and_protocols(typed):
    assert pilots.declaration("fig4", "arm", runs(**typed)) == ()


def test_there_is_none_for_what_no_pilot_ran():
    """A plan of one data set says nothing about another, and where the experiment chose it neither."""
    (said,) = pilots.declaration("fig4", "arm", runs(noise="none"))
    assert said == "no plan holds for noise=none: pilot runs were made for noise=add; noise=mult"
    (said,) = pilots.declaration("fig7", "arm", runs(experiment="fig7"))
    assert said.startswith("no plan holds for dataset=svhn network=conv: pilot runs were made for dataset=digits")
    (said,) = pilots.declaration("fig7", "arm", runs(experiment="fig7", dataset="digits"))
    assert said.startswith("no plan holds for dataset=digits network=conv")
    (said,) = pilots.declaration("fig7", "arm", runs(experiment="fig7", dataset="digits", network="mlp"))
    assert said.startswith("planned: arm=explicit against arm=M1 ")


@pytest.mark.parametrize(
    "key", ["dataset.dir", "run.dir", "run.root", "run.pictures", "device", "threads", "logger", "logger.dir"]
)
def test_where_files_lie_and_how_a_run_is_computed_and_followed_ends_no_plan(key):
    typed = {"experiment": "fig7", "dataset": "digits", "network": "mlp", key: "x"}
    (said,) = pilots.declaration("fig7", "arm", runs(**typed))
    assert said.startswith("planned: ")


def test_typed_keys_end_a_plan():
    assert pilots.declaration("fig4", "arm", runs(steps="7", lr="1", device="cpu")) == (
        "no plan holds for this set-up, in which lr, steps were typed",
    )


def test_every_experiment_that_compares_has_a_plan():
    assert {pilot.experiment for pilot in pilots.PILOTS} == set(paper.FIGURES)
