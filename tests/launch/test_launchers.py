"""Which launcher a sweep has, how many of its jobs run at once, and that this changes no number of threads."""

import os

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl

from gnicli.engine import machine
from gnicli.engine.caller import COMMAND_LINE, Caller
from gnicli.engine.jobs import processes
from gnicli.engine.jobs.due import Due
from gnicli.engine.jobs.plan import Plan
from gnicli.errors import UsageError
from gnicli.launch import foreign_configs, run_hydra, session, sweeps
from gnicli.launch.jobs import local
from gnicli.launch.jobs.in_ray import RayConf
from gnicli.launch.jobs.launchers import LocalConf
from gnicli.launch.jobs.local import Pace
from gnicli.launch.jobs.slurm import SlurmConf


def plan(*words, command="train", hydra=(), **options):
    return Plan(command, [list(words)], list(hydra), options)


@pytest.mark.parametrize("conf", [LocalConf, SlurmConf, RayConf])
def test_every_launcher_of_gni_is_trusted_beside_files_from_strangers(conf):
    assert conf._target_ in foreign_configs.TRUSTED


@pytest.mark.parametrize(
    ("pace", "n_cores", "n_gpus", "expected"),
    [
        (Pace(), 8, 0, 8),
        (Pace(threads=4), 8, 0, 2),
        (Pace(threads=3), 8, 0, 2),
        (Pace(threads=16), 8, 0, 1),
        (Pace(5, threads=16), 8, 0, 5),
        (Pace(device="auto"), 8, 2, 1),
        (Pace(device="cuda:1"), 8, 2, 1),
        (Pace(3, device="cuda"), 8, 2, 3),
        (Pace(device="cpu"), 8, 2, 8),
        (Pace(device="auto"), 8, 0, 8),
    ],
)
def test_jobs_at_once(monkeypatch, pace, n_cores, n_gpus, expected):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert pace.at_once(n_cores, n_gpus) == expected


@pytest.mark.parametrize(
    ("named", "threads"), [(None, 1), ("4", 4), ("", 1), ("0", 1), ("many", 1), ("4,2", 1), ("٤", 1), ("9" * 30, 1)]
)
def test_the_threads_of_a_job_are_those_of_the_environment_or_one(monkeypatch, named, threads):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    if named is not None:
        monkeypatch.setenv("OMP_NUM_THREADS", named)
    assert machine.threads_of_a_job() == threads
    assert machine.of_a_job({"device": "auto", "threads": None}) == {"threads": threads}
    assert machine.of_a_job({"device": None, "threads": None}) == machine.of_a_job({}) == {}
    assert Pace().at_once(8, 0) == 8 // threads


def test_paces_out_of_range_are_refused():
    Pace(0, 0.0).check("n", "t")
    for pace in (Pace(-1), Pace(timeout_s=-0.1), Pace(timeout_s=float("nan")), Pace(timeout_s=float("inf"))):
        with pytest.raises(UsageError, match="must be"):
            pace.check("n", "t")


def test_the_pace_of_a_sweep_is_known_from_its_words():
    assert local.pace_of(plan("M=2", "threads=3", "device=cpu"), 2, 1.5) == Pace(2, 1.5, 3, "cpu")
    assert local.pace_of(plan("M=2"), 0, 0.0) == Pace(device="auto")
    assert local.pace_of(plan(command="fit-stable"), 0, 0.0) == Pace()


def test_a_sweep_that_goes_on_keeps_the_pace_that_was_typed_unless_another_is():
    begun = plan("M=2")._replace(hydra=["hydra.launcher.n_jobs=3", "+hydra.launcher.timeout_s=2.5"])
    assert local.pace_of(begun, 0, 0.0) == Pace(3, 2.5, device="auto")
    assert local.pace_of(begun, 1, 9.0) == Pace(1, 9.0, device="auto")
    assert local.pace_of(begun._replace(hydra=["hydra.launcher.n_jobs=-1", "x=3"]), 0, 0.0).n_jobs == -1
    assert local.pace_of(begun._replace(hydra=["hydra.launcher.n_jobs=many"]), 0, 0.0).n_jobs == 0


def test_the_launcher_is_local_where_processes_may_be_started(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    (tmp_path / "file").touch()
    assert run_hydra.default_launcher(["M=1"], COMMAND_LINE) == "local"
    assert run_hydra.default_launcher([f"samples.path='{tmp_path}/file'"], COMMAND_LINE) == "local"
    assert run_hydra.default_launcher([f"samples.path={tmp_path}/nothing"], COMMAND_LINE) == "local"
    assert run_hydra.default_launcher(["M=1"], Caller(owns_process=False)) == "basic"
    for path in ("-", "'-'", f"'{tmp_path}/file','{pipe}'"):
        assert run_hydra.default_launcher([f"samples.path={path}"], COMMAND_LINE) == "basic"


def test_every_choice_and_kind_of_value_is_composed_before_a_sweep_and_not_every_job():
    jobs = [[f"noise={noise}", f"M={m}", f"seed={seed}"]
            for noise in ("add", "mult") for m in ("1", "2", "0.5", "x") for seed in range(100)]  # fmt: skip
    assert [words[:2] for words in sweeps.exemplary(jobs)] == [
        ["noise=add", "M=1"], ["noise=add", "M=0.5"], ["noise=add", "M=x"], ["noise=mult", "M=1"],
    ]  # fmt: skip
    assert len(sweeps.exemplary([[f"experiment=e{k}"] for k in range(1000)])) == 50
    assert sweeps.exemplary([]) == []


def test_what_cannot_be_composed_is_refused_before_a_sweep_begins(gni, jobs_here, outputs):
    """The last value of the last key, which the first job does not have."""
    said = gni("train", "-m", "seed=range(30)", "M=1,x", "hydra/launcher=local")
    assert (said.code, jobs_here, outputs.exists()) == (2, [], False)
    assert "M" in said.err


def test_a_sweep_of_a_thousand_jobs_begins_after_few_compositions(gni, monkeypatch, jobs_here, tmp_path):
    composed = []
    compose = ConfigLoaderImpl.load_sweep_config

    def counted(self, *, master_config, sweep_overrides):
        composed.append(sweep_overrides)
        return compose(self, master_config=master_config, sweep_overrides=sweep_overrides)

    def stopped(jobs, *_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(ConfigLoaderImpl, "load_sweep_config", counted)
    monkeypatch.setattr(processes, "run", stopped)
    said = gni("train", "-m", "seed=range(500)", "noise=add,mult", "hydra/launcher=local", f"run.dir={tmp_path / 's'}")
    assert said.code == 130
    assert [words[:2] for words in composed] == [["seed=0", "noise=add"], ["seed=0", "noise=mult"]]
    assert "1,000 jobs, jobs that are not completed: 200 shown; gni sweep status" in said.err
    assert said.out.count("not started") == 200


def test_more_than_ten_thousand_jobs_are_asked_for(gni, outputs):
    said = gni("train", "-m", "seed=range(10001)")
    assert (said.code, outputs.exists()) == (2, False)
    assert "this sweep has 10,001 jobs; give --yes to run more than 10,000" in said.err


def test_the_command_of_a_job_alone(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert local.alone(plan("M=2", "run.dir=there", "x='a b'"), 0) == "gni train M=2 'x='\"'\"'a b'\"'\"'' threads=1"
    assert local.alone(plan("threads=3"), 0) == "gni train threads=3"
    assert local.alone(plan(command="fit-stable"), 0) == "gni fit-stable"
    added = plan("experiment=mine", hydra=["hydra.verbose=true"], config_dir="my folder")
    told = "gni train experiment=mine hydra.mode=RUN threads=1 hydra.verbose=true --config-dir 'my folder'"
    assert local.alone(added, 0) == told.replace("--config-dir", "./--config-dir") or local.alone(added, 0) == told


def test_what_is_announced(monkeypatch):
    monkeypatch.setattr(local, "n_cores", lambda: 8)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    four = Plan("train", [[f"seed={seed}"] for seed in range(4)], [], {})
    every = Due([0, 1, 2, 3], [], [])
    assert local._announced(four, every, 8, Pace(device="auto")) == "4 jobs, 4 at once, 1 thread each"
    told = "4 jobs, 4 at once, 1 thread each; threads=2 would use all 8 cores"
    assert local._announced(four, every, 8, Pace(device="cpu")) == told
    assert local._announced(four, every, 2, Pace(2, device="cpu")) == "4 jobs, 2 at once, 1 thread each"
    left = Due([3], [], [1])
    told = "1 job, 1 at once; 2 of 4 complete already; job 1 failed before (--retry-failed or --failed runs them again)"
    assert local._announced(four._replace(command="fit-stable"), left, 8, Pace()) == told


def test_words_of_hydra_that_jobs_need():
    typed = ["M=1", "hydra/launcher=local", "hydra.launcher.n_jobs=2", "hydra.searchpath=[x]", "hydra.mode=MULTIRUN",
             "hydra.sweep.dir=a", "+hydra.verbose=true"]  # fmt: skip
    assert session._own_words(typed) == ["hydra.searchpath=[x]", "+hydra.verbose=true"]
