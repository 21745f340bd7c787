"""Keys that do nothing in the choice made are refused, by a table each of whose rules has a case."""

import json
from pathlib import Path

import pytest
from idle_cases import CASES, NAMES, TRAIN, merged

from gnicli.engine import content, folders
from gnicli.experiments import idle
from gnicli.launch import hydra_tasks
from gnicli.launch.jobs import launchers


@pytest.mark.parametrize(("words", "changed", "idle_by", "active_by"), CASES, ids=NAMES)
def test_a_key_without_effect_is_refused_and_told_what_to_type(gni, words, changed, idle_by, active_by):
    said = gni(*merged(words, (*idle_by, changed)))
    assert said.code == 2, said
    key = changed.partition("=")[0]
    assert f"{key} has no effect here: " in said.err
    assert "; use " in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_in_a_sweep_it_is_a_warning_and_a_typed_default_is_no_fault(gni):
    said = gni("train", "-m", "objective=clean,noisy", "M=3", *TRAIN[1:])
    assert said.code == 0, said.err
    folder = Path(said.last_line)
    reports = [(folder / str(job) / "report.md").read_text() for job in (0, 1)]
    assert [
        "M has no effect here: objective=clean takes no noise; use objective=noisy" in report for report in reports
    ] == [True, False]
    assert said.err.count("M has no effect here: ") + said.out.count("M has no effect here: ") == 1
    assert gni(*TRAIN, "objective=clean", "M=1").code == 0


SENTENCE = "M has no effect here: "


@pytest.mark.parametrize(
    "launcher",
    [("hydra/launcher=basic",), ("hydra/launcher=local",), ("hydra/launcher=local", "hydra.sweeper.max_batch_size=1")],
    ids=" ".join,
)
def test_every_launcher_says_a_warning_once_and_at_the_end_how_many_jobs_have_it(gni, jobs_here, launcher):
    said = gni("train", "-m", "objective=clean", "M=3", "seed=0,1,2", *TRAIN[1:], *launcher)
    assert said.code == 0, said.err
    assert len(jobs_here) == (0 if "basic" in launcher[0] else 3)
    first, last = [line for line in said.err.splitlines() if SENTENCE in line]
    assert first.startswith(("job 0: " if len(launcher) > 1 else "job 0 seed=0: ") + SENTENCE)
    assert last.startswith(SENTENCE)
    assert last.endswith("(all 3 jobs)")


def test_a_job_that_goes_on_keeps_its_warning(gni):
    """Its results were those of the bare run, without what the typed words deserve."""
    said = gni("train", "-m", "objective=clean", "M=3", "seed=0,1", *TRAIN[1:], "hydra/launcher=basic")
    job = Path(said.last_line) / "1"
    before = folders.read_manifest(job)
    (job / content.MANIFEST).write_text(json.dumps({**before, "status": "interrupted", "warnings": []}))
    assert gni("resume", str(job)).code == 0
    after = folders.read_manifest(job)
    assert (after["status"], after["warnings"]) == ("completed", before["warnings"])
    assert SENTENCE in (job / "report.md").read_text()


@pytest.mark.parametrize(("objective", "which"), [("clean", "all 2 jobs"), ("noisy,clean", "job 1")])
def test_jobs_of_processes_that_know_of_no_sweep_leave_it_to_the_end(gni, monkeypatch, objective, which):
    """As the jobs of Hydra's joblib launcher do: nothing that one of them says is known to another."""
    recording = launchers._recording

    def unknown(launcher, session):
        found = recording(launcher, session)
        launch = found.launch

        def alone(*given, **named):
            hydra_tasks.begin(None)
            try:
                return launch(*given, **named)
            finally:
                hydra_tasks.begin(session)

        found.launch = alone
        return found

    monkeypatch.setattr(launchers, "_recording", unknown)
    seeds = "seed=0" if "," in objective else "seed=0,1"
    said = gni("train", "-m", f"objective={objective}", "M=3", seeds, *TRAIN[1:])
    assert said.code == 0, said.err
    (line,) = [line for line in said.err.splitlines() if SENTENCE in line]
    assert line.startswith(SENTENCE)
    assert line.endswith(f"({which})")


@pytest.mark.slow
def test_an_idle_key_is_told_in_each_job_of_a_sweep_that_a_file_asks_for_and_refused_in_a_single_run(gni):
    words = ("gradient-noise", "measure.n_draws=100", "measure.n_samples=100", "measure.orders=[2,4]")
    sentence = (
        "measure.n_draws has no effect here: a one-neuron network is measured by importance sampling; "
        "use measure.n_samples"
    )
    swept = gni(*words, "experiment=remark31", "noise=add", "measure.n_layers=1")
    assert swept.code == 0, swept.err
    jobs = sorted(Path(swept.last_line).glob("[0-9]*/report.md"))
    assert len(jobs) == 2
    assert (swept.err + swept.out).count(sentence) == 2
    assert all(sentence in report.read_text() for report in jobs)
    single = gni(*words, "measure=exponents")
    assert single.code == 2
    assert single.err.strip() == f"gni: error: {sentence}"


def test_every_rule_has_a_case():
    """Each key of each rule is refused in some case by that very rule, or covers keys that are (`network.`)."""
    assert set(idle.TABLE) == {"train", "gradient-noise", "simulate-sde", "kde-stationary", "fit-stable"}
    shown = {(case[0][0], case[1].partition("=")[0]) for case in CASES}
    missing = {
        (command, name)
        for command, rules in idle.TABLE.items()
        for rule in rules
        for name in rule.keys
        if not any(command == one and idle._covers(name, key) for one, key in shown)
    }
    as_well = {"loss", "source", "optimizer.nesterov"}  # under the same rule as a key that is shown
    shared = {"kde-stationary": "potential.", "gradient-noise": ("network.", "dataset.")}  # rules of another command
    assert {(c, n) for c, n in missing if n not in as_well and not n.startswith(shared.get(c, "/"))} == set()
