"""A sweep goes on from its folder: only what is left is run, and what cannot be is refused without writing anything."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from quick import quick_experiment

from gnicli.cli import main
from gnicli.contracts.observer import State
from gnicli.contracts.results import Results, Value
from gnicli.engine import provenance
from gnicli.engine.jobs import plan as plans
from gnicli.experiments import train


def manifest(folder):
    return json.loads((Path(folder) / "manifest.json").read_text())


def change(folder, **values):
    path = Path(folder) / "manifest.json"
    path.write_text(json.dumps(manifest(folder) | values))


def contents(folder):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in Path(folder).rglob("*") if path.is_file()}


@pytest.fixture(autouse=True)
def _processes_are_not_the_matter_here(jobs_here):
    pass


SWEEP = ("train", "-m", "M=1,2,13,4", "lr=0.25")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A sweep of four jobs: 0 and 1 complete, 2 with a bug (M = 13), 3 complete."""
    folder = tmp_path_factory.mktemp("made") / "s"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "run", quick_experiment)
        patch.setattr("gnicli.launch.run_hydra.default_launcher", lambda *_: "basic")
        patch.setattr("gnicli.engine.machine.choose", lambda config, manifest: ("cpu", None))
        patch.setattr("gnicli.engine.figures.write", lambda folder, figures, *_: dict(figures))
        assert main([*SWEEP, f"run.dir={folder}"]) == 1
    return folder


@pytest.fixture
def sweep(made, tmp_path):
    """That sweep in a folder of its own; a sweep can be moved."""
    return shutil.copytree(made, tmp_path / "s")


def test_the_words_of_every_job_are_written_whatever_launches_them(gni, tmp_path):
    for launcher in ("local", "basic"):
        folder = tmp_path / launcher
        words = ["M=1,2", "seed=3", f"hydra/launcher={launcher}", "hydra.job.name=mine", f"run.dir={folder}"]
        assert gni("train", "-m", *words).code == 0
        plan = plans.read(folder)
        assert [job[:2] for job in plan.words] == [[f"M={m}", "seed=3"] for m in (1, 2)]
        assert (plan.command, plan.hydra, plan.options) == ("train", ["hydra.job.name=mine"], {})
        assert [manifest(folder / str(job))["overrides"] for job in range(2)] == plan.words
        assert manifest(folder)["n_jobs"] == 2


def test_local_and_basic_leave_the_same_jobs(gni, tmp_path):
    """A job in its own process composes what a job of Hydra does, also of an experiment that says it is a sweep."""
    same = (".hydra/config.yaml", ".hydra/overrides.yaml", "results.json", "metrics.csv")
    words = ["experiment=fig4", "arm=M1,stable", "seed=0", "steps=3"]
    for launcher in ("local", "basic"):
        said = gni("train", *words, f"hydra/launcher={launcher}", f"hydra.sweep.dir={tmp_path / 'outputs' / launcher}")
        assert said.code == 0, said.err
    plan = plans.read(tmp_path / "outputs" / "local")
    assert len(plan.words) == 2
    assert plan == plans.read(tmp_path / "outputs" / "basic")
    for job in range(len(plan.words)):
        ours, theirs = (tmp_path / "outputs" / launcher / str(job) for launcher in ("local", "basic"))
        for name in same:
            assert (ours / name).read_bytes() == (theirs / name).read_bytes(), (job, name)
        assert manifest(ours)["fingerprint"] == manifest(theirs)["fingerprint"]
        assert set(manifest(ours)) == set(manifest(theirs))


def test_an_added_folder_reaches_the_jobs(gni, tmp_path):
    (tmp_path / "mine" / "experiment").mkdir(parents=True)
    (tmp_path / "mine" / "experiment" / "lesson.yaml").write_text("# @package _global_\nlr: 0.5\n")
    words = ["-cd", str(tmp_path / "mine"), "experiment=lesson", "M=1,2", "hydra/launcher=local"]
    folder = Path(gni("train", "-m", *words).last_line)
    values = [json.loads((folder / str(job) / "results.json").read_text())["train_loss"]["value"] for job in (0, 1)]
    assert values == [0.5, 1.0]


def test_jobs_are_due_again_where_a_value_in_an_added_file_is_another_one(gni, jobs_here, tmp_path):
    """Words and code are the same; a comment and a file that no job reads the value of are not the jobs' matter."""
    mine = tmp_path / "mine" / "experiment"
    mine.mkdir(parents=True)
    for name, lr in (("one", 0.5), ("two", 0.25)):
        (mine / f"{name}.yaml").write_text(f"# @package _global_\nlr: {lr}\n")
    sweep = tmp_path / "s"
    words = ["train", "-m", "-cd", str(mine.parent), "experiment=one,two", "M=1,2", "hydra/launcher=local"]
    again = [["sweep", "resume", str(sweep)], [*words, f"run.dir={sweep}"]]

    def losses():
        return [json.loads((sweep / str(k) / "results.json").read_text())["train_loss"]["value"] for k in range(4)]

    assert gni(*again[1]).code == 0
    assert losses() == [0.5, 1.0, 0.25, 0.5]
    (mine / "one.yaml").write_text("# @package _global_\n\n# A comment.\nlr: 5.0e-1\n")
    (mine / "three.yaml").write_text("# @package _global_\nlr: 9\n")
    jobs_here.clear()
    assert gni(*again[0]).code == 5
    assert gni(*again[1]).code == 0
    assert jobs_here == []
    for lr, typed in ((0.75, again[0]), (1.0, again[1])):
        (mine / "one.yaml").write_text(f"# @package _global_\nlr: {lr}\n")
        jobs_here.clear()
        said = gni(*typed)
        assert (said.code, jobs_here) == (0, [0, 1])
        assert "2 ran with other values of your files and begin anew" in said.err
        assert losses() == [lr, 2 * lr, 0.25, 0.5]
    before = contents(sweep)
    (mine / "one.yaml").write_text("# @package _global_\nlr: [\n")
    said = gni(*again[0])
    assert (said.code, len(said.err.splitlines()), contents(sweep)) == (2, 1, before)
    assert "one.yaml" in said.err


def test_a_stopped_sweep_is_completed_and_its_checkpoint_used(gni, monkeypatch, tmp_path, jobs_here):
    """Stopped in its second job of four at step 4: that one goes on at step 5, two begin, one is left alone."""
    starts = []

    def run(cfg, observer):
        state = observer.restore()
        starts.append((cfg.M, 0 if state is None else state.step))
        for step in range(1 + starts[-1][1], 11):
            observer.step_done(step, 10, lambda step=step: State(step, {"w": np.full(2, step)}))
            if cfg.M == 2 and state is None and step == 4:
                raise KeyboardInterrupt
        return Results({"train_loss": Value(cfg.lr * cfg.M)})

    monkeypatch.setattr(train, "run", run)
    folder = tmp_path / "it's, a sweep"
    said = gni("train", "-m", "M=1,2,3,4", "lr=0.25", "run.checkpoint_steps=2", f"run.dir='{folder}'")
    assert said.code == 130
    assert "1 completed, 1 interrupted, 2 not started" in said.err
    assert "Go on with: gni resume " in said.err
    said = gni("resume", str(folder))
    assert (said.code, said.last_line) == (0, str(folder))
    assert jobs_here == [1, 2, 3]
    assert starts == [(1, 0), (2, 0), (2, 4), (3, 0), (4, 0)]
    found = [json.loads((folder / str(job) / "results.json").read_text())["train_loss"]["value"] for job in range(4)]
    assert found == [0.25, 0.5, 0.75, 1.0]
    assert (manifest(folder)["status"], manifest(folder)["n_jobs"]) == ("completed", 4)
    assert (folder / "sweep.csv").read_text().count("completed") == 4


def test_failed_jobs_are_run_again_only_where_they_are_named(gni, monkeypatch, sweep, jobs_here):
    before = contents(sweep)
    said = gni("sweep", "resume", str(sweep))
    assert (said.code, len(said.err.splitlines())) == (5, 1)
    assert "all other jobs are complete; job 2 failed: --failed runs them again" in said.err
    assert contents(sweep) == before
    monkeypatch.setattr(
        train, "run", lambda cfg, observer: quick_experiment(cfg, observer) if cfg.M < 13 else Results({})
    )
    said = gni("sweep", "resume", str(sweep), "--failed")
    assert (said.code, jobs_here) == (0, [2])
    said = gni("sweep", "resume", str(sweep), "--failed")
    assert (said.code, "whose jobs are all complete" in said.err) == (5, True)


def test_a_sweep_that_is_typed_again_goes_on(gni, jobs_here, tmp_path):
    sweep = tmp_path / "s"
    words = [*SWEEP, f"run.dir={sweep}"]
    assert gni(*words).code == 1
    said = gni(*words, "hydra/launcher=local")
    assert (said.code, jobs_here) == (1, [])
    assert "3 of 4 complete already; job 2 failed before" in said.err
    assert gni(*words, "hydra/launcher=local", "--retry-failed").code == 1
    assert jobs_here == [2]
    assert gni(*words, "hydra/launcher=local", "--force").code == 1
    assert jobs_here == [2, 0, 1, 2, 3]
    before = contents(sweep)
    said = gni("train", "-m", "M=1,2,13", "lr=0.25", f"run.dir={sweep}", "hydra/launcher=local")
    assert (said.code, contents(sweep)) == (5, before)
    said = gni(*words)
    assert (said.code, "go on with it with hydra/launcher=local" in said.err) == (5, True)
    for flag in ("--retry-failed", "--force", "--any-version"):
        said = gni("train", "M=1", flag)
        assert (said.code, f"{flag} belongs to a sweep; add -m" in said.err) == (2, True)


def test_what_other_code_made_is_not_taken_for_complete(gni, sweep, jobs_here):
    assert manifest(sweep / "0")["code"] == provenance.source()
    change(sweep / "1", code="0123456789abcdef")
    before = contents(sweep)
    said = gni("sweep", "resume", str(sweep), "--failed")
    assert (said.code, contents(sweep), jobs_here) == (5, before, [])
    told = f"job 1 ran with another version (code 0123456789abcdef and not {provenance.source()}); --any-version lets"
    assert told in said.err
    assert gni("sweep", "resume", str(sweep), "--failed", "--any-version").code == 1
    assert jobs_here == [2]
    change(sweep / "0", versions=manifest(sweep / "0")["versions"] | {"numpy": "1.0"})
    assert "numpy 1.0 and not" in gni("sweep", "resume", str(sweep)).err
    assert gni("sweep", "resume", str(sweep), "--force").code == 1
    assert jobs_here == [2, 0, 1, 2, 3]
    assert manifest(sweep / "1")["code"] == provenance.source()


def test_each_state_of_a_job_is_told_and_dealt_with(gni, sweep, jobs_here):
    change(sweep / "0", status="running", pid=2**22 + 1, process=None)  # a process that is gone
    change(sweep / "1", status="interrupted", error="stopped")
    (sweep / "3" / "manifest.json").write_text("{")
    said = gni("sweep", "status", str(sweep))
    assert said.code == 0
    for line in ("4 jobs: 1 lost, 1 interrupted, 1 failed, 1 broken; the sweep itself: failed", "a bug for this test"):
        assert line in said.out
    found = json.loads(gni("sweep", "status", str(sweep), "--json").out)
    assert [job["status"] for job in found["jobs"]] == ["lost", "interrupted", "failed", "broken"]
    assert found["jobs"][1]["words"][:2] == ["M=2", "lr=0.25"]
    assert found["counts"] == {"lost": 1, "interrupted": 1, "failed": 1, "broken": 1}
    assert gni("sweep", "resume", str(sweep)).code == 1
    assert jobs_here == [0, 1]
    assert gni("sweep", "resume", str(sweep), "--failed").code == 1
    assert jobs_here == [0, 1, 2, 3]
    assert manifest(sweep / "3")["status"] == "completed"


def test_folders_that_are_no_sweep_to_go_on_with_are_refused_in_one_line(gni, sweep, tmp_path, jobs_here):
    def one_line(*words):
        before = contents(tmp_path)
        said = gni("sweep", *words)
        assert (contents(tmp_path), len(said.err.splitlines()), jobs_here) == (before, 1, []), said.err
        return said.code, said.err

    (tmp_path / "empty").mkdir()
    for verb in ("resume", "status"):
        assert one_line(verb, str(tmp_path / "empty"))[0] == 3
        assert one_line(verb, str(sweep / "0")) == (
            2, f"gni: error: {sweep / '0'} is a run and not a sweep; gni resume continues it\n",
        )  # fmt: skip
    for argument, told in (("--n-jobs=-1", "--n-jobs must be an integer >= 0"), ("--timeout-s=-1", "--timeout-s must")):
        code, said = one_line("resume", str(sweep), "--failed", argument)
        assert (code, told in said) == (2, True)
    text = (sweep / "jobs.json").read_text()
    (sweep / "jobs.json").write_text(text.replace('"format": 1', '"format": 9'))
    assert one_line("resume", str(sweep))[0] == 6
    (sweep / "jobs.json").write_text(text.replace("M=13", "M=12"))
    code, said = one_line("resume", str(sweep), "--failed")
    assert (code, "holds a run of" in said, "M=13 lr=0.25" in said, "M=12 lr=0.25" in said) == (5, True, True, True)
    (sweep / "jobs.json").unlink()
    assert one_line("resume", str(sweep))[0] == 5
    (sweep / "jobs.json").write_text(text)
    change(sweep, format=99)
    assert one_line("resume", str(sweep))[0] == 6


def test_a_sweep_that_somebody_has_is_left_alone(gni, sweep, jobs_here):
    from gnicli.engine.sweep import Sweep

    owner = Sweep.again(sweep)
    try:
        said = gni("sweep", "resume", str(sweep), "--failed")
    finally:
        owner.leave()
    assert (said.code, jobs_here, len(said.err.splitlines())) == (5, [], 1)
    assert "in use by pid" in said.err


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("_target_=os.system", "may not name Python objects"),
        ("lr=0.1,0.2", "lists several values"),
        ("~lr", "keys cannot be deleted"),
        ("hydra.run.dir=elsewhere", "allow"),
        ("lr=${oc.env:SECRET}", "--allow-env"),
    ],
)
def test_words_from_a_strangers_sweep_do_not_do_more_than_typed_ones(gni, sweep, monkeypatch, word, told, tmp_path):
    """`jobs.json` is a file: what it says is checked as the command line is, and the place of a job is the sweep's."""
    monkeypatch.setenv("SECRET", "0.5")
    plan = plans.read(sweep)
    plans.write(sweep, plan._replace(words=[*plan.words, ["M=1", word]]))
    said = gni("sweep", "resume", str(sweep))
    assert "0.5" not in said.err
    assert not (tmp_path / "elsewhere").exists()
    assert not Path("elsewhere").exists()
    if told == "allow":
        assert said.code in (0, 1)
    else:
        assert (said.code, told in said.err) == (1, True), said.err


def test_more_jobs_than_anybody_wants_are_refused(gni, sweep, monkeypatch, jobs_here):
    from gnicli.launch.jobs import again

    monkeypatch.setattr(again, "MAX_JOBS", 3)
    said = gni("sweep", "resume", str(sweep), "--force")
    assert (said.code, "4 jobs are to be run; give --yes to run more than 3" in said.err) == (2, True)
    assert gni("sweep", "resume", str(sweep), "--force", "--yes").code == 1
    assert jobs_here == [0, 1, 2, 3]


def test_a_package_that_a_strangers_sweep_names_is_not_imported(gni, sweep, jobs_here):
    plan = plans.read(sweep)
    for changed in (
        plan._replace(hydra=["hydra.searchpath=[pkg://this]"]),
        plan._replace(options={"config_path": "pkg://x"}),
    ):
        plans.write(sweep, changed)
        said = gni("sweep", "resume", str(sweep), "--failed")
        assert (said.code, jobs_here, "from a package" in said.err) == (2, [], True)


def test_a_value_of_the_launcher_out_of_range_leaves_nothing(gni, outputs):
    for word in ("hydra.launcher.n_jobs=-1", "hydra.launcher.timeout_s=-1", "hydra.launcher.n_jobs=x"):
        said = gni("train", "-m", "M=1,2", "hydra/launcher=local", word)
        assert (said.code, outputs.exists(), len(said.err.splitlines())) == (2, False, 1), said.err
    assert gni("train", "-m", "M=1,2", "hydra.launcher.n_jobs=2").code == 2  # basic has no such key


def test_a_job_alone_gives_the_result_of_the_sweep(gni, monkeypatch, tmp_path):
    """The command in the message of a failure, run as printed."""
    import shlex

    said = gni("train", "-m", "M=1,13", "lr=0.5", "hydra/launcher=local", f"run.dir={tmp_path / 's'}")
    (line,) = [line for line in said.err.splitlines() if line.startswith("job 1 M=13 failed: ZeroDivisionError")]
    assert str(tmp_path / "s" / "1") in line
    command = line.partition("alone: ")[2].removesuffix(")")
    assert command == "gni train M=13 lr=0.5 threads=1"
    monkeypatch.setattr(train, "run", lambda cfg, observer: Results({"train_loss": Value(float(cfg.M * cfg.lr))}))
    alone = gni(*shlex.split(command)[1:])
    assert (alone.code, Path(alone.last_line).parent.parent.name) == (0, "train")
