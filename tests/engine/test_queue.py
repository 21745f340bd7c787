"""What squeue says, read line by line, and what is concluded from it on the jobs of a sweep."""

import os
import subprocess

import pytest
from stand_in_slurm import Programs

from gnicli.engine import provenance
from gnicli.engine.jobs import queue
from gnicli.engine.jobs.queue import Entry, Queue
from gnicli.errors import DataError, ResourceError

ACTIVE = (
    "RUNNING",
    "COMPLETING",
    "CONFIGURING",
    "SUSPENDED",
    "STOPPED",
    "SIGNALING",
    "STAGE_OUT",
    "RESIZING",
    "NEW_ONE",
)
WAITING = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "RESV_DEL_HOLD", "SPECIAL_EXIT")


@pytest.fixture
def sweep(tmp_path):
    (tmp_path / "logs").mkdir()
    return tmp_path


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    return Programs(tmp_path, monkeypatch)


def test_every_line_of_squeue_is_read_or_left_out():
    text = """
12_0|RUNNING|None
12_1|PENDING|Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions
 13 | CANCELLED by 1000 |None
12_2|COMPLETED+|None
14_[3-5,8%2]|PENDING|Resources
15_[7]|PENDING|(Dependency)
16|OUT_OF_MEMORY
slurm_load_jobs error: Unable to contact slurm controller
12_x|RUNNING|None
17|
18|running a plug-in|None
19_[1-]|PENDING|None
20_[2-99999999999]|PENDING|None
|RUNNING|None
"""
    why = "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions"
    assert queue.parse(text) == {
        "12_0": Entry("RUNNING", "None"),
        "12_1": Entry("PENDING", why),
        "13": Entry("CANCELLED", "None"),
        "12_2": Entry("COMPLETED", "None"),
        **dict.fromkeys(("14_3", "14_4", "14_5", "14_8"), Entry("PENDING", "Resources")),
        "15_7": Entry("PENDING", "(Dependency)"),
        "16": Entry("OUT_OF_MEMORY", ""),
        "19_1": Entry("PENDING", "None"),
    }
    assert queue.parse("") == {}


def test_what_a_state_means():
    for state in ACTIVE:
        assert (Entry(state).is_over, Entry(state).may_run) == (False, True), state
    for state in WAITING:
        assert (Entry(state).is_over, Entry(state).may_run) == (False, False), state
    for state in queue.OVER:
        assert (Entry(state).is_over, Entry(state).may_run) == (True, False), state
    assert Entry("PENDING", "Priority").words() == "PENDING (Priority)"
    assert Entry("RUNNING", "None").words() == Entry("RUNNING").words() == "RUNNING"


def test_squeue_is_asked_once_for_all_arrays(slurm):
    slurm.squeue("12_0|RUNNING|None\n13|PENDING|Priority\n")
    assert queue.ask(["12_0", "13", "12_1"]) == {"12_0": Entry("RUNNING", "None"), "13": Entry("PENDING", "Priority")}
    (call,) = slurm.calls
    assert call == "--noheader --array --states=all --format=%i|%T|%r --jobs=12,13"


def test_a_job_that_squeue_has_forgotten_is_over_and_a_silent_squeue_says_nothing(slurm, monkeypatch, tmp_path):
    slurm.squeue("", 1, "slurm_load_jobs error: Invalid job id specified")
    assert queue.ask(["12"]) == {}
    slurm.squeue("", 1, "slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
    assert queue.ask(["12"]) is None
    monkeypatch.setattr(queue, "_TIMEOUT_SECONDS", 1)

    def hangs(*_, **__):
        raise subprocess.TimeoutExpired("squeue", 1)

    monkeypatch.setattr(queue.subprocess, "run", hangs)
    assert queue.ask(["12"]) is None
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert queue.ask(["12"]) is None


def test_what_was_submitted_is_kept_and_later_numbers_count(sweep):
    assert queue.ids_of(sweep) == {}
    queue.record(sweep, {0: "12_0", 10: "12_1"})
    queue.record(sweep, {10: "13", 2: "14_0"})
    assert queue.ids_of(sweep) == {0: "12_0", 2: "14_0", 10: "13"}
    assert list(queue.ids_of(sweep)) == [0, 2, 10]


@pytest.mark.parametrize(
    "text",
    ["{", "[]", '{"format": 1}', '{"jobs": {"0": 12}}', '{"jobs": {"x": "12"}}', '{"jobs": {"0": "--help"}}',
     '{"jobs": {"01": "12"}}', '{"jobs": {"0": "12_"}}', '{"jobs": {"0": "12;13"}}'],
)  # fmt: skip
def test_damaged_numbers_are_refused(sweep, text):
    (sweep / "logs" / "slurm.json").write_text(text)
    with pytest.raises(DataError, match=r"slurm\.json is damaged"):
        queue.look(sweep)


def test_numbers_that_a_newer_gni_wrote_are_refused(sweep):
    (sweep / "logs" / "slurm.json").write_text('{"format": 2, "jobs": {}}')
    with pytest.raises(ResourceError, match="upgrade gni"):
        queue.ids_of(sweep)


def test_without_a_submission_nothing_is_asked(sweep, slurm):
    slurm.squeue("12|RUNNING|None")
    assert queue.look(sweep) == queue.NOTHING
    assert slurm.calls == []
    assert (queue.NOTHING.of(0), queue.NOTHING.holds(0), queue.NOTHING.words(0)) == (None, False, "")


def test_an_answer_is_used_again_for_a_while(sweep, slurm, monkeypatch):
    slurm.squeue("12|RUNNING|None")
    queue.record(sweep, {0: "12"})
    assert queue.known(sweep).holds(0)
    assert queue.known(sweep).holds(0)
    assert len(slurm.calls) == 1
    monkeypatch.setattr(queue, "KEPT_SECONDS", 0.0)
    slurm.squeue("")
    assert not queue.known(sweep).holds(0)


def test_the_queue_holds_what_waits_or_runs():
    entries = {
        "12_0": Entry("RUNNING"),
        "12_1": Entry("PENDING", "Priority"),
        "12_2": Entry("FAILED", "NonZeroExitCode"),
    }
    there = Queue({0: "12_0", 1: "12_1", 2: "12_2", 3: "12_3"}, entries)
    assert [there.holds(job) for job in range(5)] == [True, True, False, False, False]
    assert [there.words(job) for job in range(5)] == [
        "Slurm's job 12_0: RUNNING",
        "Slurm's job 12_1: PENDING (Priority)",
        "Slurm's job 12_2: FAILED (NonZeroExitCode)",
        "Slurm's job 12_3 is over",
        "",
    ]
    assert not Queue({0: "12_0"}, None).holds(0)


@pytest.mark.parametrize(
    ("entry", "lost"),
    [(Entry("RUNNING"), False), (Entry("COMPLETING"), False), (Entry("SOMETHING_NEW"), False), (Entry("PENDING"), True),
     (Entry("FAILED"), True), (None, True)],
)  # fmt: skip
def test_a_process_on_another_machine_is_gone_when_slurm_says_so(sweep, entry, lost):
    queue.mark(sweep, 3, "12_1")
    here = {"host": provenance.host(), "pid": os.getpid()}
    there = Queue({3: "12_1"}, {} if entry is None else {"12_1": entry})
    assert there.lost(sweep, 3, here) is lost
    # Not where squeue is silent, another process has the folder, nobody wrote a mark, or it is another job of Slurm's.
    assert not Queue({3: "12_1"}, None).lost(sweep, 3, here)
    assert not there.lost(sweep, 3, here | {"pid": os.getpid() + 1})
    assert not there.lost(sweep, 3, here | {"host": "elsewhere"})
    assert not Queue({4: "12_1"}, {}).lost(sweep, 4, here)
    assert not Queue({3: "13"}, {}).lost(sweep, 3, here)
    (sweep / "logs" / "3.slurm").write_text("{")
    assert not there.lost(sweep, 3, here)
