"""What is shown of the jobs of a sweep, and what is recorded of those that could not do so themselves."""

import os

import fake_experiment as fake
import pytest
from rich.console import Console

from gnicli.contracts.results import Headline
from gnicli.engine import folders
from gnicli.engine.jobs import board, due, plan, progress, standing
from gnicli.engine.jobs.processes import Ended
from gnicli.engine.jobs.progress import Progress
from gnicli.errors import DataError

GONE = {"pid": 2**22 + 1, "process": None, "status": "running"}
WORDS = [["lr=0.1", f"seed={seed}", "+steps=60"] for seed in range(4)]


def end(code=0, *, timed_out=False, stopped=False, said=""):
    return Ended(code, 2.0, timed_out=timed_out, stopped=stopped, said=said)


@pytest.fixture
def sweep(tmp_path):
    """A sweep of four jobs none of which has begun."""
    (tmp_path / "logs").mkdir()
    plan.write(tmp_path, plan.Plan("count", WORDS, [], {}))
    return tmp_path


def job(sweep, number, *, gone=False, **changes):
    fake.start(sweep / str(number), in_sweep=True, overrides=WORDS[number], seed=number, **changes)
    if gone:
        claim = folders.Claim(sweep / str(number), fake.manifest(sweep / str(number)), None, [])
        claim.update(**GONE)


def a_board(sweep, jobs=range(4), **named):
    names = board.labels(WORDS)
    return board.Board(sweep, names, jobs, alone=lambda job: f"gni count seed={job}", live=False, **named)


def test_a_job_is_named_by_the_words_that_others_do_not_have():
    assert board.labels(WORDS) == ["seed=0", "seed=1", "seed=2", "seed=3"]
    assert board.labels([["M=1", "lr=2"]]) == [""]
    assert board.labels([]) == []


@pytest.mark.parametrize(
    ("how", "status", "told"),
    [
        (end(-9), "failed", "killed by SIGKILL"),
        (end(7), "failed", "ended with exit code 7 before it could record its end"),
        (end(-15, timed_out=True), "failed", "stopped after 2 s, the longest"),
        (end(-15, stopped=True), "interrupted", "stopped before it could save its state"),
    ],
)
def test_an_end_that_a_job_did_not_record_is_recorded_and_told(sweep, capsys, how, status, told):
    job(sweep, 1, gone=True)
    assert folders.status_of(sweep / "1") == "lost"
    shown = a_board(sweep)
    shown.began(1)
    capsys.readouterr()
    shown.ended(1, how)
    manifest = fake.manifest(sweep / "1")
    assert (manifest["status"], told in manifest["error"]) == (status, True)
    err = capsys.readouterr().err
    assert told in err
    if status == "failed":
        assert err.startswith("job 1 seed=1 failed: ")
        assert f"({sweep / '1'}; log: {sweep / 'logs' / '1.log'}; alone: gni count seed=1)" in err


def test_an_end_that_was_recorded_stays_as_it_is(sweep, capsys):
    for number, changes in enumerate([{}, {"fail_at": 3}, {"diverge_at": 3}]):
        job(sweep, number, **changes)
        before = (sweep / str(number) / "manifest.json").read_bytes()
        due.settle(sweep / str(number), end(-9))
        assert (sweep / str(number) / "manifest.json").read_bytes() == before
    capsys.readouterr()
    shown = a_board(sweep)
    shown.ended(1, end(1))
    assert "job 1 seed=1 failed: RuntimeError: broken at step 3" in capsys.readouterr().err


@pytest.mark.parametrize(("said", "status"), [("its process is gone: the node died", "failed"), ("", "running")])
def test_a_process_on_another_machine_is_gone_where_who_ran_it_says_so_and_not_otherwise(sweep, said, status):
    job(sweep, 0, gone=True)
    claim = folders.Claim(sweep / "0", fake.manifest(sweep / "0"), None, [])
    claim.update(status="running", host="another-node", pid=os.getpid())
    due.settle(sweep / "0", end(1, said=said))
    manifest = fake.manifest(sweep / "0")
    assert (manifest["status"], manifest["error"]) == (status, said)


def test_a_job_that_stopped_because_it_took_too_long_has_failed(sweep):
    job(sweep, 0, gone=True)
    folders.Claim(sweep / "0", fake.manifest(sweep / "0"), None, []).update(status="interrupted", error="stopped")
    due.settle(sweep / "0", end(75))
    assert fake.manifest(sweep / "0")["status"] == "interrupted"
    due.settle(sweep / "0", end(75, timed_out=True))
    assert fake.manifest(sweep / "0")["status"] == "failed"


def test_a_job_without_a_folder_is_told_by_its_last_error(sweep, capsys):
    log = progress.log_of(sweep, 2)
    log.write_text("Traceback\ngni: error: lr: expected a number\n")
    a_board(sweep).ended(2, end(2))
    assert "job 2 seed=2 failed: lr: expected a number" in capsys.readouterr().err
    log.write_text("")
    a_board(sweep).ended(2, end(-11))
    assert "failed: killed by SIGSEGV" in capsys.readouterr().err
    assert not log.exists()  # nothing was in it
    a_board(sweep).ended(2, end(-15, stopped=True))
    assert "stopped before it began" in capsys.readouterr().err


def test_plain_lines_come_at_most_once_a_second_but_for_failures(sweep, capsys, monkeypatch):
    clock = [100.0]
    monkeypatch.setattr(board.time, "monotonic", lambda: clock[0])
    for number in range(4):
        job(sweep, number, **({"fail_at": 2} if number == 2 else {}))
    capsys.readouterr()
    with a_board(sweep) as shown:
        for number in range(4):
            shown.began(number)
            clock[0] += 0.1
            shown.ended(number, end())
            shown.tick()
        lines = capsys.readouterr().err.splitlines()
        assert [line[:14] for line in lines] == ["job 0 seed=0: ", "job 2 seed=2 f"]
        clock[0] += 1.1
        shown.tick()
        shown.tick()
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "4 of 4 jobs ended: 3 completed, 1 failed"


def test_the_line_of_a_job_has_its_headline_values_and_each_warning_a_line_of_its_own(sweep, capsys):
    job(sweep, 0, run=lambda *given: fake.count(*given)._replace(warnings=("too few draws",)))
    job(sweep, 1)
    job(sweep, 2, run=lambda *given: fake.count(*given)._replace(warnings=("too few draws", "too long steps")))
    capsys.readouterr()
    shown = a_board(sweep, headlines=[Headline("train_loss", "training loss")])
    shown.ended(0, end())
    line, warning = capsys.readouterr().err.splitlines()
    assert line.startswith("job 0 seed=0: completed  training loss ")
    assert warning == "job 0 seed=0: too few draws"
    shown.ended(1, end())
    shown.tick()
    assert "too few" not in capsys.readouterr().err
    shown.ended(2, end())
    (warning,) = capsys.readouterr().err.splitlines()  # the line of the job comes when a second is over
    assert warning == "job 2 seed=2: too long steps"  # the other one has been said


def test_the_advice_of_one_job_is_told_and_only_once(sweep, capsys):
    shown = a_board(sweep)
    for number in (0, 1):
        shown.began(number)
        reporting = progress.Reporting(progress.file_of(sweep, number))
        reporting.update("step", 1, 10, "step", {})
        shown.tick()
        assert not capsys.readouterr().err
    for _ in range(2):
        reporting.advise("job 1: 10 steps: about 3 h")
        reporting.update("step", 2, 10, "step", {})
    capsys.readouterr()  # what the log gets
    shown.tick()
    shown.tick()
    assert capsys.readouterr().err == "job 1: 10 steps: about 3 h\n"


def test_a_caller_that_shows_nothing_is_told_nothing(sweep, capsys):
    job(sweep, 0, fail_at=2)
    capsys.readouterr()
    with a_board(sweep, shows=False) as shown:
        shown.announce("4 jobs")
        shown.ended(0, end(1))
    assert capsys.readouterr() == ("", "")


def test_the_live_table_has_running_jobs_and_how_far_they_are(sweep, monkeypatch):
    clock = [0.0]
    monkeypatch.setattr(board.time, "monotonic", lambda: clock[0])
    job(sweep, 0)
    shown = a_board(sweep)
    for number in range(3):
        shown.began(number)
    reporting = progress.Reporting(progress.file_of(sweep, 1))
    reporting._write(Progress("step", 50, 200, 61.0))
    clock[0] = 10.0
    shown.ended(0, end())
    console = Console(width=100, record=True, force_terminal=False)
    console.print(shown._table())
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert lines == [
        "1 of 4 jobs ended: 1 completed, 2 running, 1 to go; about 0:00:30 left",
        "job 1  seed=1  0:00:10  step 50/200  0:01:01 left",
        "job 2  seed=2  0:00:10  starting",
    ]
    console.width = 38
    console.print(shown._table())
    assert [line.rstrip() for line in console.export_text().splitlines()][1:] == [
        "job 1  seed=1  0:00:10  step 50/200  …",
        "job 2  seed=2  0:00:10  starting",
    ]
    console.width = 100
    reporting.close()
    shown.stopping()
    console.print(shown._table())
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert lines == [
        "1 of 4 jobs ended: 1 completed, 2 running, 1 to go",
        "job 1  seed=1  0:00:10  ending",
        "job 2  seed=2  0:00:10  starting",
    ]


@pytest.mark.parametrize(("n", "told"), [(2, "stopping 2 jobs after"), (1, "stopping a job after"), (0, "")])
def test_a_stop_says_what_it_waits_for(sweep, capsys, n, told):
    shown = a_board(sweep)
    for number in range(n):
        shown.began(number)
    shown.stopping()
    err = capsys.readouterr().err
    assert err.startswith(told)
    assert bool(err) == (n > 0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        '["step", -1, 2, 3, ""]',
        '["step", 1, "x", 3, ""]',
        '[null, 1, 2, 3, ""]',
        '["step", 1, 2, 3, 4]',
        "[" * 5000,
        "9" * 5000,
    ],
)
def test_progress_that_cannot_be_read_is_none(tmp_path, text):
    path = tmp_path / "0.progress"
    assert progress.read(path) is None
    path.write_text(text)
    assert progress.read(path) is None


def test_progress_is_written_and_taken_away(tmp_path):
    reporting = progress.Reporting(tmp_path / "0.progress")
    reporting.update("step", 10, 100, "step", {"loss": 1.0})
    found = progress.read(tmp_path / "0.progress")
    assert found[:3] == ("step", 10, 100)
    assert progress.read(tmp_path / "0.progress").words().startswith("step 10/100")
    reporting.close()
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "0.progress").write_text('["step", 1, null, NaN, "slow"]')
    assert progress.read(tmp_path / "0.progress") == ("step", 1, None, None, "slow")


def test_a_plan_is_read_as_it_was_written_and_checked(tmp_path):
    written = plan.Plan("train", [['x="ü"', "a=\udcff"], []], ["hydra.job.name=m"], {"config_dir": "here"})
    plan.write(tmp_path, written)
    assert plan.read(tmp_path) == written
    for damage in ('"jobs": [', '"command": 3, "x": [', '"options": {"yes": "1"}, "jobs": ['):
        (tmp_path / "jobs.json").write_text('{"format": 1, "hydra": [], "options": {}, "command": "train", ' + damage)
        with pytest.raises(DataError, match="damaged"):
            plan.read(tmp_path)
    for jobs in ("[1]", "[[1]]", '{"0": []}', "null"):
        text = f'{{"format": 1, "hydra": [], "options": {{}}, "command": "train", "jobs": {jobs}}}'
        (tmp_path / "jobs.json").write_text(text)
        with pytest.raises(DataError, match="its jobs are no lists of words"):
            plan.read(tmp_path)


def test_a_sweep_stands_as_its_folders_say(sweep):
    job(sweep, 0)
    job(sweep, 1, gone=True)
    claim = folders.claim(sweep / "2", {"kind": "run", "overrides": WORDS[2], "command": "count"})
    progress.Reporting(progress.file_of(sweep, 2))._write(Progress("step", 5, 10, None))
    found = standing.read(sweep)
    claim.release()
    assert [job.status for job in found.jobs] == ["completed", "lost", "running", "not started"]
    assert [job.label for job in found.jobs] == ["seed=0", "seed=1", "seed=2", "seed=3"]
    assert found.table().rows[1][3] == "its process is gone"
    assert found.table().rows[2][3] == "step 5/10"
    assert found.as_json()["jobs"][2]["progress"]["done"] == 5
    assert found.sentence() == "4 jobs: 1 completed, 1 lost, 1 running, 1 not started; the sweep itself: broken"
