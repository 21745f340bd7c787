"""Jobs handed to Slurm: what it is asked for, that no job is there twice, and what runs on a node."""

import dataclasses
import json
import signal
from pathlib import Path

import pytest
from on_cluster import logs_without_run
from quick import quick_experiment
from stand_in_slurm import Programs, Submitit

from gnicli.contracts.results import Results, Value
from gnicli.engine import extras, folders, signals
from gnicli.engine.jobs import inside, queue, standing
from gnicli.errors import FieldError, UsageError
from gnicli.experiments import train
from gnicli.launch.jobs import keys, slurm, slurm_task, unit, watching
from gnicli.launch.jobs.in_ray import RayConf
from gnicli.launch.jobs.slurm import SlurmConf

SWEEP = ("train", "M=1,2,13,4", "lr=0.25")
PENDING = "\n".join(f"1_{job}|PENDING|Priority" for job in range(4))


@pytest.fixture
def programs(tmp_path, monkeypatch):
    found = Programs(tmp_path, monkeypatch)
    found.program("sbatch")
    found.squeue("")
    return found


@pytest.fixture
def submitit(monkeypatch, programs):
    """Slurm's programs and submitit, both stand-ins; what a job does to its process is left out."""
    monkeypatch.setattr(inside, "redirect", lambda log, anew: None)
    monkeypatch.setattr(signals, "same_request_seconds", 0.0)
    monkeypatch.setattr(queue, "KEPT_SECONDS", 0.0)
    monkeypatch.setattr(watching, "TICK_SECONDS", 0.0)
    monkeypatch.setattr(watching, "READ_SECONDS", 0.0)
    monkeypatch.setattr(watching, "LOOK_SECONDS", 0.0)
    return Submitit(monkeypatch)


@pytest.fixture
def sweep(gni, programs, submitit, tmp_path):
    """A sweep of four jobs that wait in the queue."""
    folder = tmp_path / "s"
    assert gni("sweep", "submit", *SWEEP, f"run.dir={folder}").code == 0
    programs.squeue(PENDING)
    return folder


def status(folder):
    return json.loads((Path(folder) / "manifest.json").read_text())["status"]


def contents(folder):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path(folder).rglob("*") if path.is_file()}


# ---------------------------------------------------------------------------------------------- what Slurm is asked for


def test_what_submitit_is_told():
    assert slurm.parameters(SlurmConf(), "gni-train", 3) == {
        "name": "gni-train",
        "timeout_min": 60,
        "cpus_per_task": 3,
        "stderr_to_stdout": True,
        "slurm_array_parallelism": 256,
        "slurm_srun_args": ["--cpus-per-task=3"],
        "slurm_setup": ['export OMP_NUM_THREADS="${OMP_NUM_THREADS:-3}"'],
        "slurm_additional_parameters": {"requeue": True},
    }
    conf = SlurmConf(partition="a,b", account="me", qos="low", timeout_min=5, mem_gb=1.5, cpus_per_task=4,
                     gpus_per_node=1, array_parallelism=7, additional_parameters={"constraint": "a100"})  # fmt: skip
    told = slurm.parameters(conf, "n", 3)
    assert told["slurm_additional_parameters"] == {"requeue": True, "constraint": "a100"}
    assert (told["cpus_per_task"], told["slurm_srun_args"]) == (4, ["--cpus-per-task=4"])
    assert (told["mem_gb"], told["gpus_per_node"], told["timeout_min"]) == (1.5, 1, 5)
    assert [told[f"slurm_{name}"] for name in ("partition", "account", "qos")] == ["a,b", "me", "low"]
    assert told["slurm_array_parallelism"] == 7


@pytest.mark.parametrize(
    ("name", "bad", "good"),
    [
        ("partition", ("", "a b", "a\n#SBATCH --x", "a'b"), ("gpu", "gpu,cpu", "a.b-c_d")),
        ("account", ("",), ("me@there",)),
        ("qos", ("$(x)",), ("low+",)),
        ("timeout_min", (0, -1, 10**9), (1, 7 * 24 * 60)),
        ("mem_gb", (0.0, -1.0, float("nan"), 1e9), (0.1, 64.0)),
        ("cpus_per_task", (-1, 10**9), (0, 64)),
        ("gpus_per_node", (-1,), (0, 8)),
        ("array_parallelism", (0,), (1, 1000)),
        ("max_num_timeout", (-1,), (0, 5)),
        ("additional_parameters", ({"--x": 1}, {"X": 1}, {"a b": 1}, {"x": "a\nb"}, {"x": None}, {"x": [1]}),
         ({}, {"mail-type": "END", "exclusive": True, "nice": 10, "x_y": 1.5})),
    ],
)  # fmt: skip
def test_each_key_is_checked(name, bad, good):
    for value in good:
        slurm.check(SlurmConf(**{name: value}))
    for value in bad:
        with pytest.raises(FieldError, match=rf"^hydra\.launcher\.{name}"):
            slurm.check(SlurmConf(**{name: value}))


@pytest.mark.parametrize("conf", [SlurmConf, RayConf])
def test_the_page_lists_each_key_with_its_default_and_its_meaning(conf):
    page = (Path(__file__).parents[2] / "docs" / "cluster.md").read_text()
    for field in dataclasses.fields(conf)[1:]:
        default = field.default if field.default is not dataclasses.MISSING else field.default_factory()
        default = {None: "null", True: "true"}.get(default, default) if not isinstance(default, dict) else default
        assert f"| `hydra.launcher.{field.name}` | `{default}` | {field.metadata['help']} |" in page


def test_keys_typed_for_a_sweep_that_is_there():
    conf = keys.typed(SlurmConf, [
        "hydra.launcher.partition=gpu", "hydra.launcher.mem_gb=2", "+hydra.launcher.additional_parameters.nice=5",
        "hydra.launcher.additional_parameters={signal: USR2@300}",
    ])  # fmt: skip
    assert (conf.partition, conf.mem_gb) == ("gpu", 2.0)
    assert conf.additional_parameters == {"nice": 5, "signal": "USR2@300"}
    assert keys.typed(SlurmConf, []) == SlurmConf()
    for word, told in (
        ("M=4", "here only hydra.launcher.KEY=VALUE"),
        ("hydra.launcher.partion=gpu", "unknown key hydra.launcher.partion; did you mean partition?"),
        ("hydra.launcher.qos=a,b", "here only"),
        ("~hydra.launcher.qos", "here only"),
        ("hydra.launcher._target_=os.system", "unknown key"),
        ("hydra.launcher.mem_gb=much", "hydra.launcher.mem_gb=much: "),
        ("partition", "is not KEY=VALUE"),
    ):
        with pytest.raises(UsageError, match=r"^[^\n]*$") as caught:
            keys.typed(SlurmConf, [word])
        assert told in str(caught.value), caught.value


def test_a_sweep_is_handed_to_slurm_as_one_array(sweep, submitit):
    (executor,) = submitit.executors
    assert submitit.submitted == [[0, 1, 2, 3]]
    assert executor.made["cluster"] == "slurm"
    assert executor.made["folder"] == sweep / "logs" / "slurm"
    assert executor.made["slurm_max_num_timeout"] == 20
    assert executor.made["slurm_python"].endswith(" -P")
    assert executor.told == slurm.parameters(SlurmConf(), "gni-train", 1)
    assert executor.task.checkpoint(3) == (executor.task, 3)
    assert status(sweep) == "submitted"
    assert queue.ids_of(sweep) == {job: f"1_{job}" for job in range(4)}


def test_more_jobs_than_an_array_has_room_for(sweep, submitit, monkeypatch, programs, gni):
    monkeypatch.setattr(slurm, "ARRAY", 3)
    programs.squeue("")
    said = gni("sweep", "submit", str(sweep), "hydra.launcher.partition=gpu")
    assert "4 jobs submitted to Slurm as 2, 3; gni sweep status" in said.err
    assert submitit.submitted[1:] == [[0, 1, 2], [3]]
    assert submitit.executors[-1].told["slurm_partition"] == "gpu"
    assert queue.ids_of(sweep) == {0: "2_0", 1: "2_1", 2: "2_2", 3: "3_0"}


# ------------------------------------------------------------------------------------------------- what is not possible


def refused(gni, outputs, *words):
    said = gni(*words)
    assert (said.out, len(said.err.splitlines()), outputs.exists()) == ("", 1, False), said
    return said.code, said.err


def test_without_the_extra_or_the_programs_nothing_is_written(gni, outputs, programs, monkeypatch):
    words = ("sweep", "submit", *SWEEP)
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda package: None)
    told = "gni: error: hydra/launcher=slurm needs the package submitit; run: pip install 'submitit>=1.5.3'\n"
    assert refused(gni, outputs, *words) == (6, told)
    assert refused(gni, outputs, "train", "-m", "M=1,2", "hydra/launcher=slurm") == (6, told)
    assert refused(gni, outputs, "train", "-m", "M=1,2", "hydra/launcher=ray") == (
        6, told.replace("submitit>=1.5.3", "ray>=2.40").replace("submitit", "ray").replace("slurm", "ray"),
    )  # fmt: skip
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda package: True)
    for name in ("squeue", "sbatch"):
        monkeypatch.setattr(slurm.shutil, "which", lambda program, name=name: None if program == name else program)
        code, told = refused(gni, outputs, *words)
        assert (code, f"needs {name}, which is not on PATH: type this on a login node" in told) == (6, True)


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("train", "M=1,2", "hydra/launcher=local"), 2, "gni sweep submit hands jobs to Slurm"),
        (("train", "M=1,2", "hydra.launcher.wait=true"), 2, "gni sweep submit hands jobs to Slurm"),
        (("train", "M=1,2", "hydra.launcher.timeout_min=0"), 2, "hydra.launcher.timeout_min must be an integer >= 1"),
        (("train", "M=1,2", "hydra.launcher.nodes=2"), 2, "unknown key hydra.launcher.nodes"),
        (("train", "N=1,2"), 2, "unknown key N"),
        (("nowhere",), 3, "nowhere is not a run folder"),
        (("nowhere", "--fialed"), 2, "unknown option --fialed"),
        ((), 2, "SWEEP"),
    ],
)  # fmt: skip
def test_wrong_words_are_refused_in_one_line(gni, outputs, submitit, words, code, told):
    found = refused(gni, outputs, "sweep", "submit", *words)
    assert (found[0], told in found[1]) == (code, True), found
    assert submitit.executors == []


def test_what_sbatch_refuses_leaves_nothing(gni, outputs, submitit, sweep, programs):
    submitit.refusal = RuntimeError("Command failed\nsbatch: error: first\nsbatch: error: Invalid partition\n")
    told = "gni: error: Slurm did not take the jobs: Invalid partition\n"
    assert refused(gni, outputs, "sweep", "submit", *SWEEP) == (6, told)
    programs.squeue("")
    before = {path: found for path, found in contents(sweep).items() if "slurm" not in path.name}
    assert gni("sweep", "submit", str(sweep)).code == 6
    assert {path: contents(sweep)[path] for path in before} == before
    submitit.refusal = RuntimeError("no word of it")
    assert refused(gni, outputs, "sweep", "submit", *SWEEP)[1].endswith("no word of it\n")


def test_files_that_are_not_here_are_named_before_the_jobs_wait(gni, outputs, submitit, monkeypatch, tmp_path):
    monkeypatch.setenv("GNI_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("GNI_OFFLINE", "1")
    words = ("sweep", "submit", "train", "dataset=digits,svhn,mnist", "seed=0,1")
    code, told = refused(gni, outputs, *words)
    assert (code, submitit.executors) == (3, [])
    assert "on a machine with network run: gni data fetch svhn" in told
    monkeypatch.delenv("GNI_OFFLINE")
    said = gni(*words)
    assert (said.code, submitit.submitted) == (0, [[0, 1, 2, 3, 4, 5]])
    lines = [line for line in said.err.splitlines() if "nodes without a network need it there" in line]
    assert [line.rpartition(": ")[2] for line in lines] == ["gni data fetch svhn", "gni data fetch mnist"]


def test_from_python_nobody_can_leave(gni, outputs, submitit):
    import gnicli

    with pytest.raises(UsageError, match="gni sweep submit"):
        gnicli.run("train", "M=1,2", "hydra/launcher=slurm", "hydra.launcher.wait=false")


# ------------------------------------------------------------------------------------------------------ nothing twice


def test_a_job_in_the_queue_is_not_submitted_again(sweep, submitit, gni, programs):
    before = contents(sweep)
    said = gni("sweep", "submit", str(sweep))
    assert (said.code, "jobs 0, 1, 2, 3 are in Slurm's queue already" in said.err) == (5, True)
    assert contents(sweep) == before
    programs.squeue("1_1|RUNNING|None\n1_2|CANCELLED|None\n1_3|PENDING|Priority\n")
    said = gni("sweep", "submit", str(sweep))
    assert (said.code, submitit.submitted[1:]) == (0, [[0, 2]])
    assert "2 jobs submitted to Slurm as 2; 2 are there already" in said.err
    programs.squeue("", 1, "slurm_load_jobs error: Unable to contact slurm controller")
    said = gni("sweep", "submit", str(sweep))
    assert (said.code, "squeue does not answer" in said.err) == (6, True)


def test_jobs_in_the_queue_are_not_run_here(sweep, gni, programs, jobs_here):
    before = contents(sweep)
    said = gni("sweep", "resume", str(sweep))
    assert (said.code, len(said.err.splitlines())) == (5, 1)
    assert "jobs 0, 1, 2, 3 are in Slurm's queue; wait for the end (gni sweep status), or run scancel 1" in said.err
    assert (contents(sweep), jobs_here) == (before, [])
    programs.squeue("1_0|CANCELLED|None\n")
    assert gni("sweep", "resume", str(sweep)).code == 1
    assert jobs_here == [0, 1, 2, 3]
    assert status(sweep) == "failed"  # M = 13


def test_the_status_tells_what_slurm_knows(sweep, submitit, gni, programs):
    (executor,) = submitit.executors
    assert executor.run("1_0", 0) == 0
    programs.squeue("1_0|COMPLETED|None\n1_1|RUNNING|None\n1_3|PENDING|Priority\n")
    said = gni("sweep", "status", str(sweep))
    lines = [line.split() for line in said.out.splitlines()]
    assert ["0", "M=1", "completed"] in lines
    for line in ("not started  Slurm's job 1_1: RUNNING", "not started  Slurm's job 1_3: PENDING (Priority)"):
        assert line.split() in [words[2:] for words in lines]
    found = json.loads(gni("sweep", "status", str(sweep), "--json").out)
    assert found["jobs"][3]["in_queue"] == "Slurm's job 1_3: PENDING (Priority)"
    assert found["jobs"][3]["log"] == str(sweep / "logs" / "slurm" / "1_3_0_log.out")
    programs.squeue("", 1, "down")
    assert "squeue does not answer, so that only folders were read" in gni("sweep", "status", str(sweep)).out


def test_the_status_names_the_log_of_a_job_that_slurm_ended_before_its_run_began(sweep, submitit, gni, programs):
    """Job 1 printed to Slurm's file, job 2 to its own, job 3 to neither; job 0 has a folder, which says more."""
    submitit.executors[0].run("1_0", 0)
    elsewhere(sweep / "0")
    (sweep / "logs" / "0.slurm").write_text('["node7", 123, "1_0"]')
    queue.log_of(sweep, "1_1").write_text("srun: error\n")
    queue.log_of(sweep, "1_2").write_text("")
    (sweep / "logs" / "2.log").write_text("gni: error: x\n")
    left = ("what it printed: logs/slurm/1_1_0_log.out", "what it printed: logs/2.log", "it left no log")
    for state in sorted(queue.OVER):
        programs.squeue("".join(f"1_{job}|{state}|why\n" for job in range(4) if state))
        known = f": {state} (why)" if state else " is over"
        found = standing.read(sweep)
        assert [row[2:] for row in found.table().rows] == [
            ("lost", f"its process is gone; Slurm's job 1_0{known}"),
            ("not started", f"ended before its run began; {left[0]}; Slurm's job 1_1{known}"),
            ("not started", f"ended before its run began; {left[1]}; Slurm's job 1_2{known}"),
            ("not started", f"ended before its run began; {left[2]}; Slurm's job 1_3{known}"),
        ]
        assert [job.log.exists() for job in found.jobs[1:]] == [True, True, False]
    assert left[0] in gni("sweep", "status", str(sweep)).out


def test_no_end_is_told_of_a_job_that_slurm_may_still_run(sweep, programs):
    queue.log_of(sweep, "1_1").write_text("srun: error\n")
    for state in ("PENDING", "RUNNING", "REQUEUED", "COMPLETING", "silent"):
        programs.squeue(f"1_1|{state}|None\n", 1 if state == "silent" else 0, "down")
        job = standing.read(sweep).jobs[1]
        assert (job.status, job.message) == ("not started", "")
        assert job.what_is_known() == ("" if state == "silent" else f"Slurm's job 1_1: {state}")


def test_a_failed_test_with_a_real_slurm_shows_what_jobs_without_a_run_printed(sweep, submitit, programs, tmp_path):
    submitit.executors[0].run("1_0", 0)
    queue.log_of(sweep, "1_0").write_text("of a job that has a run")
    queue.log_of(sweep, "1_2").write_bytes(b"srun: \xff error\nno memory\n")
    programs.squeue("1_1|PENDING|Priority\n1_2|FAILED|NonZeroExitCode\n")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "jobs.json").write_text("{")
    first, *lines = logs_without_run(tmp_path).splitlines()
    assert first.startswith(f"{tmp_path / 'damaged'}: ")
    assert lines == [
        f"{sweep}, job 1: Slurm's job 1_1: PENDING (Priority)",
        f"{sweep}, job 2: ended before its run began; what it printed: logs/slurm/1_2_0_log.out; "
        "Slurm's job 1_2: FAILED (NonZeroExitCode)",
        "srun: \ufffd error",
        "no memory",
        f"{sweep}, job 3: ended before its run began; it left no log; Slurm's job 1_3 is over",
    ]
    assert logs_without_run(tmp_path / "damaged") == ""


def elsewhere(folder, pid=123):
    """Let a run be one that another machine runs."""
    path = folder / "manifest.json"
    changes = {"status": "running", "host": "node7", "pid": pid}
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def test_a_process_that_another_node_lost_is_run_again(sweep, submitit, gni, programs, jobs_here):
    for job in range(4):
        submitit.executors[0].run(f"1_{job}", job)
    elsewhere(sweep / "1")
    programs.squeue("1_1|RUNNING|None\n")
    assert "running" in gni("sweep", "status", str(sweep)).out
    programs.squeue("1_1|OUT_OF_MEMORY|None\n")
    assert "running" in gni("sweep", "status", str(sweep)).out  # nobody has marked it as Slurm's
    (sweep / "logs" / "1.slurm").write_text('["node7", 123, "1_1"]')
    told = gni("sweep", "status", str(sweep)).out
    assert "lost" in told
    assert "its process is gone; Slurm's job 1_1: OUT_OF_MEMORY" in told
    assert gni("sweep", "resume", str(sweep)).code == 1
    assert jobs_here == [1]


# -------------------------------------------------------------------------------------------------- what runs on a node


def test_the_last_job_sums_up_and_slurm_learns_who_failed(sweep, submitit, monkeypatch):
    (executor,) = submitit.executors
    assert [executor.run(f"1_{job}", job) for job in (3, 2, 1)] == [0, 1, 0]
    assert (status(sweep), (sweep / "sweep.csv").exists()) == ("submitted", False)
    assert executor.run("1_0", 0) == 0
    assert (status(sweep), (sweep / "sweep.csv").read_text().count("completed")) == ("failed", 3)
    before = contents(sweep / "0")
    assert executor.run("1_0", 0) == 0  # a job that is requeued after its end does nothing
    assert contents(sweep / "0") == before


def test_a_diverged_run_is_a_result_for_slurm(sweep, submitit, monkeypatch):
    diverged = Results({"train_loss": Value(float("nan"))}, status="diverged", message="diverged")
    monkeypatch.setattr(train, "run", lambda cfg, observer: diverged)
    assert submitit.executors[0].run("1_0", 0) == 0
    assert status(sweep / "0") == "diverged"


def test_failed_jobs_go_back_into_the_queue_where_they_are_named(sweep, submitit, gni, programs, monkeypatch):
    for job in range(4):
        submitit.executors[0].run(f"1_{job}", job)
    programs.squeue("")
    said = gni("sweep", "submit", str(sweep))
    assert (said.code, "job 2 failed: --failed runs them again" in said.err) == (5, True)
    assert gni("sweep", "submit", str(sweep), "--failed").code == 0
    assert (submitit.submitted[1:], status(sweep), status(sweep / "2")) == ([[2]], "submitted", "interrupted")
    assert "it failed: ZeroDivisionError" in folders.read_run(sweep / "2").error
    monkeypatch.setattr(train, "run", lambda cfg, observer: Results({"train_loss": Value(1.0)}))
    assert submitit.executors[-1].run("2_0", 2) == 0
    assert (status(sweep), status(sweep / "2")) == ("completed", "completed")
    assert "all complete" in gni("sweep", "submit", str(sweep)).err


def test_a_sweep_that_nobody_summed_up_is_summed_up_by_who_looks_for_work(sweep, submitit, gni, programs, monkeypatch):
    monkeypatch.setattr(slurm_task, "sum_up", lambda sweep: None)
    for job in range(4):
        submitit.executors[0].run(f"1_{job}", job)
    programs.squeue("")
    assert status(sweep) == "submitted"
    assert gni("sweep", "submit", str(sweep)).code == 1
    assert (status(sweep), submitit.submitted[1:]) == ("failed", [])


def test_an_error_of_the_summary_is_none_of_the_job(sweep, submitit, monkeypatch, capsys):
    def broken(records):
        raise ZeroDivisionError("in the summary")

    monkeypatch.setattr(train, "summarize", broken)
    codes = [submitit.executors[0].run(f"1_{job}", job) for job in range(4)]
    assert codes == [0, 0, 1, 0]
    assert "gni: the sweep could not be summed up: ZeroDivisionError: in the summary" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("said", "requeues"),
    [("1_0|RUNNING|None", True), ("1_0|RUNNING|None\n1_1|CANCELLED|None", True), ("1_0|COMPLETING|None", False),
     ("1_0|PENDING|BeginTime", False), ("1_0|CANCELLED by 0|None\n1_1|RUNNING|None", False)],
)  # fmt: skip
def test_a_stopped_job_requeues_itself_unless_slurm_has_done_so_or_it_was_canceled(
    sweep, submitit, programs, monkeypatch, said, requeues
):
    def stopped(cfg, observer):
        signal.raise_signal(signal.SIGTERM)

    class Requeued(BaseException):
        pass

    def handler(*_):
        raise Requeued

    monkeypatch.setattr(train, "run", stopped)
    programs.squeue(said)
    former = signal.signal(signal.SIGUSR2, handler)  # submitit's, which requeues
    try:
        if requeues:
            with pytest.raises(Requeued):
                submitit.executors[0].run("1_0", 0)
        else:
            assert submitit.executors[0].run("1_0", 0) == 75
    finally:
        signal.signal(signal.SIGUSR2, former)
    assert status(sweep / "0") == "interrupted"
    assert programs.calls[-1].endswith("--jobs=1")
    monkeypatch.setattr(train, "run", quick_experiment)
    assert submitit.executors[0].run("1_0", 0) == 0
    assert status(sweep / "0") == "completed"


def test_a_job_that_ended_in_spite_of_a_signal_is_not_requeued(sweep, submitit, monkeypatch):
    whole = unit.run_job
    monkeypatch.setattr(unit, "run_job", lambda *words: whole(*words) or 75)
    assert submitit.executors[0].run("1_0", 0) == 0
    assert status(sweep / "0") == "completed"


# -------------------------------------------------------------------------------------------------------------- waiting


def test_who_waits_sees_the_jobs_end_and_sums_up(gni, submitit, programs, tmp_path):
    submitit.runs = None
    said = gni("train", "-m", *SWEEP[1:], "hydra/launcher=slurm", f"run.dir={tmp_path / 's'}")
    assert (said.code, status(tmp_path / "s"), said.last_line) == (1, "failed", str(tmp_path / "s"))
    assert "4 jobs submitted to Slurm as 1" in said.err
    assert "job 2 M=13 failed: ZeroDivisionError" in said.err
    assert (tmp_path / "s" / "sweep.csv").read_text().count("completed") == 3


def test_who_waits_writes_down_what_the_files_of_the_sweep_were(gni, submitit, tmp_path):
    submitit.runs = None
    mine = tmp_path / "mine" / "experiment"
    mine.mkdir(parents=True)
    (mine / "mine.yaml").write_text("# @package _global_\nlr: 0.25\n")
    words = ("-m", "M=1,2", "experiment=mine", "hydra/launcher=slurm", "--config-dir", str(tmp_path / "mine"))
    assert gni("train", *words, f"run.dir={tmp_path / 's'}").code == 0
    waited = json.loads((tmp_path / "s" / "jobs.json").read_text())["files"]
    assert gni("train", *words, "hydra.launcher.wait=false", f"run.dir={tmp_path / 't'}").code == 0
    assert json.loads((tmp_path / "t" / "jobs.json").read_text())["files"] == waited != ""


def test_who_stops_waiting_leaves_the_jobs_to_slurm(gni, submitit, monkeypatch, tmp_path):
    def interrupted(*_):
        raise signals.StopNow(130)

    monkeypatch.setattr(watching, "wait", interrupted)
    said = gni("train", "-m", *SWEEP[1:], "hydra/launcher=slurm", f"run.dir={tmp_path / 's'}")
    assert (said.code, status(tmp_path / "s"), said.last_line) == (130, "submitted", str(tmp_path / "s"))
    assert "no longer waiting: the jobs go on in Slurm" in said.err
    assert [submitit.executors[0].run(f"1_{job}", job) for job in range(4)] == [0, 0, 1, 0]
    assert status(tmp_path / "s") == "failed"


def test_a_job_that_slurm_ended_is_recorded_as_failed(gni, submitit, monkeypatch, programs, tmp_path):
    """One was killed on another node; two never began, of which squeue says so twice before it is believed."""
    sweep, ask = tmp_path / "s", queue.look
    running = "1_0|RUNNING|None\n"
    answers = iter(["", running, f"{running}1_1|PENDING|None\n", f"{running}1_1|FAILED|x\n1_2|RUNNING|None\n",
                    f"{running}1_1|FAILED|x\n1_2|TIMEOUT|None\n", "1_0|FAILED|x\n", "1_0|FAILED|x\n"])  # fmt: skip
    told = []

    def look(folder):
        told.append(next(answers))
        programs.squeue(told[-1])
        return ask(folder)

    monkeypatch.setattr(queue, "look", look)
    submitit.runs = (0,)
    submitit.afterwards = lambda: elsewhere(sweep / "0")
    said = gni("train", "-m", "M=1,2,3", "hydra/launcher=slurm", f"run.dir={sweep}")
    assert (said.code, status(sweep), status(sweep / "0")) == (1, "failed", "failed")
    assert folders.read_run(sweep / "0").error == "Slurm's job 1_0: FAILED (x); what it printed: " + str(
        queue.log_of(sweep, "1_0")
    )
    assert f"job 1 M=2 failed: Slurm's job 1_1: FAILED (x); what it printed: {queue.log_of(sweep, '1_1')}" in said.err
    assert f"job 2 M=3 failed: Slurm's job 1_2 is over; what it printed: {queue.log_of(sweep, '1_2')}" in said.err
    assert len(told) == 7
