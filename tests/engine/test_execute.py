"""A run from its config to its folder: every end it can come to, and that resuming leaves no trace in the results."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import fake_experiment as fake
import numpy as np
import pytest
from omegaconf import OmegaConf

from gnicli import files
from gnicli.contracts import Results, State, Value
from gnicli.engine import execute as engine
from gnicli.engine import folders
from gnicli.errors import ConflictError, DataError, GniError, Interrupted, NumericalError, ResourceError, UsageError

PROGRAM = Path(__file__).with_name("fake_experiment.py")
SAME = ("metrics.csv", "results.json", "arrays.npz", "checkpoint.safetensors")
FIGURES = ("figures/walk.png", "figures/walk.pdf", "figures/walk.csv")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """An undisturbed run."""
    return fake.start(tmp_path_factory.mktemp("whole") / "run").folder


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def assert_same(folder, whole, names=SAME):
    for name in names:
        assert (folder / name).read_bytes() == (whole / name).read_bytes(), name


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """A run with a figure."""
    return fake.start(tmp_path_factory.mktemp("drawn") / "run", figures=True).folder


def train_loss(folder):
    """The headline value as a person reads it: two digits of its error."""
    value = json.loads((folder / "results.json").read_text())["train_loss"]
    assert 0.1 < value["stderr"] < 1
    return f"{value['value']:.2f} ± {value['stderr']:.2f}"


def test_a_complete_run_folder(drawn):
    whole = drawn
    content = manifest(whole)
    assert content["status"] == "completed"
    assert content["command_line"] == "gni count"
    assert content["seed"] == 3
    assert content["pid"] == os.getpid()
    assert content["end"] >= content["start"]
    assert content["arrays"]["walk"] == {
        "shape": [3, 2],
        "dtype": "float64",
        "meaning": "position: walker × coordinate",
    }
    assert set(content["versions"]) == {"python", "gni", "torch", "numpy", "scipy", "hydra-core", "omegaconf"}
    assert 0 < content["engine_seconds"] < content["wall_seconds"]
    assert OmegaConf.load(whole / ".hydra" / "config.yaml") == fake.config(figures=True)
    assert {path.name for path in (whole / "figures").iterdir()} == {"walk.png", "walk.pdf", "walk.csv"}
    report = (whole / "report.md").read_text()
    assert f"| train_loss | {train_loss(whole)} | 4 |" in report
    assert "![Walk](figures/walk.png)" in report
    assert "- one note" in report
    assert not list(whole.rglob("*.tmp"))


def test_equal_runs_have_equal_bytes(tmp_path, drawn):
    assert_same(fake.start(tmp_path / "again", figures=True).folder, drawn, (*SAME, *FIGURES))


def test_what_is_printed(tmp_path, capsys):
    fake.start(tmp_path / "run")
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert lines[-1] == str(tmp_path / "run")
    assert any("train_loss" in line and train_loss(tmp_path / "run") in line for line in lines)
    assert "step 60/60" in err
    assert "one note" in err


@pytest.mark.parametrize("error", [RuntimeError("no\nmore"), NumericalError("no spread"), DataError("torn")])
def test_a_failure_is_recorded_and_raised(tmp_path, error):
    def experiment(cfg, observer):
        observer.metrics(1, {"loss": 1.0})
        raise error

    with pytest.raises(type(error)):
        fake.start(tmp_path / "run", run=experiment)
    content = manifest(tmp_path / "run")
    assert content["status"] == "failed"
    assert content["error"] == ("RuntimeError: no" if isinstance(error, RuntimeError) else str(error))
    assert "Traceback" in (tmp_path / "run" / "run.log").read_text()
    assert (tmp_path / "run" / "metrics.csv").read_text() == "step,name,value\n1,loss,1.0\n"


def test_a_failure_in_a_sweep_is_returned_and_told_at_once(tmp_path, capsys):
    outcome = fake.start(tmp_path / "4", in_sweep=True, fail_at=20)
    assert outcome[:4] == ("failed", tmp_path / "4", 1, "RuntimeError: broken at step 20")
    out, err = capsys.readouterr()
    assert out == ""
    assert f"job 4 failed: RuntimeError: broken at step 20  ({tmp_path / '4'})" in err


def usage_error(cfg, observer):
    raise UsageError("noise.std must be >= 0, got -1")


def test_a_usage_error_leaves_nothing_behind(tmp_path):
    (tmp_path / "kept").mkdir()
    for folder in (tmp_path / "a" / "b" / "c", tmp_path / "kept"):
        with pytest.raises(UsageError, match="got -1"):
            fake.start(folder, run=usage_error)
    assert list(tmp_path.rglob("*")) == [tmp_path / "kept"]


def test_a_usage_error_in_a_sweep_is_kept_as_a_failed_job(tmp_path):
    outcome = fake.start(tmp_path / "0", run=usage_error, in_sweep=True)
    assert (outcome.status, outcome.exit_code) == ("failed", 2)
    assert folders.status_of(tmp_path / "0") == "failed"


def test_a_usage_error_after_something_was_produced_is_a_failure(tmp_path):
    def late(cfg, observer):
        observer.metrics(1, {"loss": 1.0})
        raise UsageError("too late")

    with pytest.raises(UsageError):
        fake.start(tmp_path / "run", run=late)
    assert folders.status_of(tmp_path / "run") == "failed"


def test_a_diverged_run_is_a_finished_result(tmp_path, capsys):
    outcome = fake.start(tmp_path / "run", diverge_at=40)
    assert (outcome.status, outcome.exit_code, outcome.message) == ("diverged", 4, "diverged at step 40")
    assert np.isnan(folders.read_run(outcome.folder).values["train_loss"].value)
    assert capsys.readouterr().out.splitlines()[-1] == str(outcome.folder)


def test_a_state_that_is_not_fit_is_never_kept(tmp_path):
    def experiment(cfg, observer):
        for step in range(1, 11):
            observer.step_done(step, 10, lambda step=step: State(step, {}) if step < 5 else None)
        return Results({}, status="diverged")

    fake.start(tmp_path / "run", run=experiment)
    fake.start(tmp_path / "every", run=experiment, cfg=fake.config(run={"checkpoint_steps": 1}))
    from gnicli.engine import checkpoint

    assert checkpoint.read_state(tmp_path / "run") is None
    assert checkpoint.read_state(tmp_path / "every").step == 4


def test_an_exit_from_a_library_is_recorded_and_not_swallowed(tmp_path):
    with pytest.raises(SystemExit):
        fake.start(tmp_path / "run", run=lambda *_: sys.exit(3))
    assert manifest(tmp_path / "run")["status"] == "failed"
    assert manifest(tmp_path / "run")["error"] == "SystemExit: 3"


def test_what_hydra_resolved_is_saved(tmp_path):
    cfg = OmegaConf.merge(fake.config(), {"half": "${lr}", "where": "${oc.env:PLACE}"})
    os.environ["PLACE"] = "here"
    outcome = engine.execute(
        fake.count,
        cfg,
        tmp_path / "run",
        command="count",
        overrides=["lr=0.5", "+where=x"],
        argv=["gni", "count", "a b"],
        hydra_config=OmegaConf.create({"job": {"name": "count"}}),
    )
    del os.environ["PLACE"]
    saved = OmegaConf.load(outcome.folder / ".hydra" / "config.yaml")
    assert (saved.half, saved.where) == (0.1, "here")  # to be resumed without the environment of the first start
    assert OmegaConf.load(outcome.folder / ".hydra" / "overrides.yaml") == ["lr=0.5", "+where=x"]
    assert OmegaConf.load(outcome.folder / ".hydra" / "hydra.yaml").hydra.job.name == "count"
    assert manifest(outcome.folder)["command_line"] == "gni count 'a b'"


# --------------------------------------------------------------------------------------------------------- interruption


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"])
def test_a_signal_saves_and_the_rest_is_as_if_nothing_had_been(tmp_path, whole, name, capsys):
    number = getattr(signal, name)

    def before(*_):
        raise AssertionError("not handled")

    was = signal.signal(number, before)
    at = 23  # between two checkpoints of every 7 steps

    def experiment(cfg, observer):
        make = observer.step_done

        def step_done(step, *rest, **shown):
            if step == at:
                signal.raise_signal(number)
            make(step, *rest, **shown)

        observer.step_done = step_done
        return fake.count(cfg, observer)

    folder = tmp_path / "run"
    with pytest.raises(Interrupted, match=f"saved at step {at}; resume: gni resume {folder}") as caught:
        fake.start(folder, run=experiment)
    assert caught.value.exit_code == (130 if name == "SIGINT" else 75)
    assert signal.signal(number, was) == before
    assert manifest(folder)["status"] == "interrupted"
    steps = []
    outcome = fake.start(
        folder,
        run=lambda cfg, observer: (steps.append(observer.restore().step), fake.count(cfg, observer))[1],
        resume=True,
    )
    assert steps == [at]
    assert outcome.status == "completed"
    assert manifest(folder)["resumed_from"] == [at]
    assert_same(folder, whole)


def test_an_interrupted_job_of_a_sweep_is_returned(tmp_path):
    def experiment(cfg, observer):
        signal.raise_signal(signal.SIGTERM)
        return fake.count(cfg, observer)

    outcome = fake.start(tmp_path / "0", run=experiment, in_sweep=True)
    assert (outcome.status, outcome.exit_code) == ("interrupted", 75)


def test_a_signal_that_comes_too_late_lets_the_job_finish_and_stops_the_sweep(tmp_path):
    def experiment(cfg, observer):
        results = fake.count(cfg, observer)
        signal.raise_signal(signal.SIGINT)
        return results

    outcome = fake.start(tmp_path / "0", run=experiment, in_sweep=True)
    assert (outcome.status, outcome.exit_code) == ("completed", 130)


def test_a_second_ctrl_c_does_not_wait(tmp_path):
    def experiment(cfg, observer):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("went on")

    with pytest.raises(Interrupted, match="stopped before the first checkpoint") as caught:
        fake.start(tmp_path / "run", run=experiment)
    assert caught.value.exit_code == 130


def test_outside_the_main_thread_it_runs_without_handlers(tmp_path):
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(fake.start(tmp_path / "run")))
    thread.start()
    thread.join()
    assert outcomes[0].status == "completed"


def run_until_killed(folder, seconds, *arguments):
    """Kill the run so many seconds after its next checkpoint, so that there is headway; returns how it ended."""
    path = folder / "checkpoint.safetensors"
    before = path.stat().st_mtime_ns if path.exists() else 0
    process = subprocess.Popen(
        [sys.executable, str(PROGRAM), str(folder), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while process.poll() is None and (path.stat().st_mtime_ns if path.exists() else 0) == before:
        time.sleep(0.002)
    time.sleep(seconds)
    process.kill()
    return process.wait()


def test_kill_at_random_moments_then_resume_gives_the_same_bytes(tmp_path):
    rng = random.Random(5)
    folder = tmp_path / "run"
    undisturbed = fake.start(tmp_path / "undisturbed", pause=0.01).folder
    ends = [run_until_killed(folder, rng.uniform(0, 0.1), "pause=0.01")]
    while folders.status_of(folder) != "completed":
        assert folders.status_of(folder) == "lost"
        assert len(ends) < 12
        ends.append(run_until_killed(folder, rng.uniform(0, 0.1), "pause=0.01", "--resume"))
    assert ends.count(-signal.SIGKILL) >= 3
    assert_same(folder, undisturbed)


# --------------------------------------------------------------------------------------------------------------- resume


def interrupted_run(folder, **changes):
    def experiment(cfg, observer):
        return fake.count(OmegaConf.merge(cfg, {"fail_at": 40}), observer)

    with pytest.raises(RuntimeError):
        fake.start(folder, run=experiment, **changes)


def test_resuming_another_config_names_the_key_and_leaves_the_run_alone(tmp_path, whole):
    interrupted_run(tmp_path / "run")
    before = manifest(tmp_path / "run")
    with pytest.raises(ConflictError, match=r"differs in lr \(0\.1 vs 0\.2\)"):
        fake.start(tmp_path / "run", resume=True, lr=0.2)
    assert manifest(tmp_path / "run") == before
    fake.start(tmp_path / "run", resume=True, cfg=fake.config(run={"checkpoint_steps": 1}))
    assert_same(tmp_path / "run", whole)


def test_a_damaged_checkpoint_costs_seven_steps_and_no_digit(tmp_path, whole, capsys):
    interrupted_run(tmp_path / "run")
    path = tmp_path / "run" / "checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-3])
    fake.start(tmp_path / "run", resume=True)
    assert manifest(tmp_path / "run")["resumed_from"] == [28]
    assert "falling back to the previous, step 28" in capsys.readouterr().err
    assert_same(tmp_path / "run", whole)


def test_a_run_without_checkpoint_starts_over(tmp_path, whole):
    interrupted_run(tmp_path / "run")
    for path in (tmp_path / "run").glob("checkpoint*"):
        path.unlink()
    fake.start(tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", whole)


def test_a_full_disk_ends_the_run_with_the_last_good_state(tmp_path, whole, monkeypatch):
    import errno

    real = files.replace

    def full(path, write, **named):
        if path.name == "checkpoint.safetensors" and (tmp_path / "run" / "checkpoint.prev").exists():
            with files.explained(path):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, write, **named)

    monkeypatch.setattr(files, "replace", full)
    with pytest.raises(ResourceError, match=r"no space on .* \(need .* MB, .* free\); last good: step 14") as caught:
        fake.start(tmp_path / "run")
    assert caught.value.exit_code == 6
    assert manifest(tmp_path / "run")["status"] == "failed"
    monkeypatch.undo()
    fake.start(tmp_path / "run", resume=True)
    assert_same(tmp_path / "run", whole)


def test_a_file_size_limit_stands_for_a_full_disk(tmp_path):
    code = f"""
import resource, signal, sys
sys.path.insert(0, {str(PROGRAM.parent)!r})
import fake_experiment as fake, numpy as np
from gnicli.contracts import Results, State
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def grow(cfg, observer):
    for step in range(1, 10):
        observer.step_done(step, 9, lambda: State(step, {{"a": np.zeros(2000 * step)}}))
    return Results({{}})
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
fake.start({str(tmp_path / "run")!r}, run=grow, cfg=fake.config(run={{"checkpoint_steps": 1}}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "cannot save checkpoint: file too large" in done.stderr
    assert "last good: step 6" in done.stderr
    assert folders.status_of(tmp_path / "run") == "failed"
    from gnicli.engine import checkpoint

    assert checkpoint.read_state(tmp_path / "run").step == 6


# -------------------------------------------------------------------------------------------------------------- machine


def test_the_device_reaches_the_experiment_but_the_config_is_kept_as_given(tmp_path):
    import torch

    seen = {}

    def experiment(cfg, observer):
        seen.update(device=cfg.device, threads=torch.get_num_threads())
        return Results({"x": Value(1.0)})

    before = torch.get_num_threads()
    cfg = fake.config(device="auto", threads=1)
    OmegaConf.set_struct(cfg, True)
    OmegaConf.set_readonly(cfg, True)
    outcome = fake.start(tmp_path / "run", run=experiment, cfg=cfg)
    resolved = "cuda" if torch.cuda.is_available() else "cpu"
    assert seen == {"device": resolved, "threads": 1}
    assert torch.get_num_threads() == before
    assert OmegaConf.load(outcome.folder / ".hydra" / "config.yaml").device == "auto"
    assert (manifest(outcome.folder)["device"], manifest(outcome.folder)["threads"]) == (resolved, 1)


def test_cuda_where_there_is_none(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        ResourceError, match=r"CUDA not available \(torch .*\); use device=cpu or device=auto"
    ) as caught:
        fake.start(tmp_path / "run", device="cuda")
    assert caught.value.exit_code == 6
    assert not (tmp_path / "run").exists()


def test_a_resumed_run_takes_the_saved_thread_count(tmp_path):
    import torch

    with pytest.raises(GniError):
        fake.start(tmp_path / "run", run=failing, device="cpu", threads=1)
    cfg = fake.config(device="cpu", threads=None)
    threads = []
    fake.start(
        tmp_path / "run", run=lambda *_: threads.append(torch.get_num_threads()) or Results({}), cfg=cfg, resume=True
    )
    assert threads == [1]


def test_a_run_goes_on_where_it_began(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(GniError):
        fake.start(tmp_path / "run", run=failing, device="auto")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    devices = []
    for resume, folder in ((True, "run"), (False, "new")):
        fake.start(
            tmp_path / folder, lambda cfg, _: devices.append(cfg.device) or Results({}), resume=resume, device="auto"
        )
    assert devices == ["cpu", "cuda"]


def failing(cfg, observer):
    raise DataError("no")


def test_importing_the_engine_stays_light():
    code = (
        "import sys, gnicli.engine.execute, gnicli.engine.sweep, gnicli.engine.figures, gnicli.engine.report;"
        "heavy = {'torch', 'matplotlib', 'pandas', 'scipy', 'rich', 'jinja2', 'omegaconf', 'safetensors', 'filelock'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_first_line_of_an_error():
    assert engine.first_line(KeyError()) == "KeyError"
    assert engine.first_line(ValueError("\n a\nb")) == "ValueError:  a"
    assert engine.first_line(DataError("torn")) == "torn"
