"""A run folder is absent, unborn or resumable, whatever call of its life fails and whatever moment it is killed at."""

import errno
import os
import re
import signal

import disk_faults
import fake_experiment as fake
import pytest

from gnicli.engine import content, folders
from gnicli.errors import ConflictError, DataError, GniError

CHANGES = {"cfg": fake.config(steps=9, figures=True, run={"checkpoint_steps": 4})}
PRODUCTS = (*fake.SAME, "figures/walk.csv", "figures/walk.png")


@pytest.fixture(autouse=True)
def quick_figures(monkeypatch):
    """Drawing takes longer than all else; what is written, and how often, stays."""
    from gnicli import files
    from gnicli.engine import figures

    def draw_files(folder, stem, figure, kinds):
        for suffix in ("png", "pdf"):
            files.replace(folder / f"{stem}.{suffix}", stem.encode() + suffix.encode())

    monkeypatch.setattr(figures, "_draw_files", draw_files)


@pytest.fixture
def whole(tmp_path):
    return fake.start(tmp_path / "whole" / "run", **CHANGES).folder


def run(folder):
    """The run from its start; the code that it ends with."""
    try:
        return fake.start(folder, **CHANGES).exit_code
    except GniError as error:
        return error.exit_code if "\n" not in str(error) and str(error).strip() else -1


def state_of(folder):
    """absent, unborn, finished or resumable; anything else is a failure of the test."""
    if not folder.exists() or not any(folder.iterdir()):
        return "absent"
    if not (folder / "manifest.json").exists() or content.is_unborn(folder):
        assert content.is_unborn(folder)
        with pytest.raises(DataError, match="nothing was begun there"):
            fake.start(folder, resume=True, **CHANGES)
        return "unborn"
    status = folders.status_of(folder)
    if status in folders.FINISHED:
        return "finished"
    assert status in ("failed", "lost", "running", "interrupted")
    assert (folder / ".hydra" / "config.yaml").exists()
    return "resumable"


def go_on(folder, whole):
    """Bring the run to its end from whatever state; that state."""
    state = state_of(folder)
    if state != "finished":
        fake.start(folder, resume=state == "resumable", **CHANGES)
    fake.assert_same(folder, whole, PRODUCTS)
    return state


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_right_before_any_call_it_is_absent_unborn_or_resumable(tmp_path, whole, monkeypatch, capsys, stride):
    """All calls of the birth, and of what follows each or (in the quick suite) some."""
    states, at = [], 0
    while True:
        folder = tmp_path / str(at) / "run"
        folder.parent.mkdir()

        def work(folder=folder, at=at):
            with monkeypatch.context() as patch:
                disk_faults.Faults(patch, folder.parent, at)
                return run(folder)

        code = disk_faults.in_child(work)
        if code == 0:
            break
        assert code == -signal.SIGKILL
        states.append(go_on(folder, whole))
        assert not disk_faults.leftovers(folder.parent)
        at += stride if states[-1] == "resumable" else 1
    assert states == sorted(states, key=["absent", "unborn", "resumable", "finished"].index)
    assert {"absent", "unborn", "resumable"} <= set(states)
    assert len(states) > (40 if stride == 1 else 20)


@pytest.mark.parametrize(
    ("number", "lasting", "stride"),
    [
        (errno.ENOSPC, False, 5),
        (errno.EIO, True, 7),
        *(
            pytest.param(number, lasting, 1, marks=pytest.mark.slow)
            for number in (errno.ENOSPC, errno.EIO)
            for lasting in (False, True)
        ),
    ],
)
def test_any_failing_call_leaves_the_old_or_the_new_state(
    tmp_path, whole, monkeypatch, number, lasting, stride, capsys
):
    seen, states, at = set(), [], 0
    while True:
        folder = tmp_path / str(at) / "run"
        folder.parent.mkdir()
        with monkeypatch.context() as patch:
            faults = disk_faults.Faults(patch, folder.parent, at, number, lasting=lasting)
            code = run(folder)
        if len(faults.calls) <= at:
            assert code == 0
            break
        seen.add(faults.calls[at])
        assert code in (0, 6), faults.calls[at]
        assert not disk_faults.leftovers(folder.parent)
        states.append(go_on(folder, whole))
        assert not disk_faults.leftovers(folder.parent)
        at += stride
    assert seen == set(disk_faults.KINDS) or stride > 1
    assert "resumable" in states
    assert {"absent", "unborn"} & set(states)


def test_a_failing_birth_leaves_nothing_where_the_folder_was_and_a_sweep_counts_it_as_not_started(
    tmp_path, monkeypatch, capsys
):
    from gnicli.engine import sweep

    swept = sweep.Sweep(tmp_path / "s", command="count", overrides=[], argv=["gni", "count", "-m"], n_jobs=2)
    assert fake.manifest(tmp_path / "s")["n_jobs"] == 2
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (_ for _ in ()).throw(OSError(errno.EIO, "no")))
    with pytest.raises(GniError, match="input/output error"):
        fake.start(swept.job_folder(0), in_sweep=True, **CHANGES)
    monkeypatch.setattr(os, "fsync", real)
    fake.start(swept.job_folder(1), in_sweep=True, **CHANGES)
    outcome = swept.finish()
    assert [record.status for record in outcome.records] == ["not started", "completed"]
    assert (outcome.status, outcome.exit_code) == ("failed", 1)


def test_a_job_whose_end_could_not_be_recorded_is_lost_and_not_running(tmp_path, monkeypatch, capsys):
    from gnicli.engine import sweep

    swept = sweep.Sweep(tmp_path / "s", command="count", overrides=[], argv=["gni", "count", "-m"], n_jobs=1)

    def broken(*_, **__):
        raise OSError(errno.EIO, "no")

    def fails(cfg, observer):
        monkeypatch.setattr(os, "replace", broken)
        raise RuntimeError("and the disk is gone")

    fake.start(swept.job_folder(0), run=fails, in_sweep=True)
    monkeypatch.undo()
    assert fake.manifest(tmp_path / "s" / "0")["status"] == "running"
    outcome = swept.finish()
    assert [record.status for record in outcome.records] == ["lost"]
    assert outcome.exit_code == 1


@pytest.mark.parametrize("begun", [(), (".lock",), (".lock", ".hydra/config.yaml"), (".manifest.json.0123abcd.tmp",)])
def test_what_was_never_born_is_told_and_taken(tmp_path, begun, capsys):
    folder = tmp_path / "run"
    folder.mkdir()
    for name in begun:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("lr: 99\n")
    words = "nothing was begun there" if begun else "is not a run folder"
    with pytest.raises(DataError, match=words):
        fake.start(folder, resume=True)
    fake.start(folder)
    assert "lr: 0.1" in (folder / ".hydra" / "config.yaml").read_text()
    assert not (folder / ".hydra" / "hydra.yaml").exists()
    assert not disk_faults.leftovers(folder)


@pytest.mark.parametrize("rest", [(), (".lock", ".hydra/config.yaml"), ("metrics.csv",)])
def test_an_empty_manifest_is_unborn_only_where_nothing_else_was_written(tmp_path, rest, capsys):
    folder = tmp_path / "run"
    for name in ("manifest.json", *rest):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text("")
    if "metrics.csv" in rest:
        with pytest.raises(ConflictError, match="manifest is damaged"):
            fake.start(folder)
        with pytest.raises(DataError, match="is damaged: Expecting value"):
            folders.read_manifest(folder)
    else:
        with pytest.raises(DataError, match="nothing was begun"):
            folders.read_manifest(folder)
        fake.start(folder)


def test_a_file_system_without_hard_links(tmp_path, monkeypatch, capsys):
    def no_links(*_, **__):
        raise OSError(errno.EPERM, "no")

    monkeypatch.setattr(os, "link", no_links)
    claim = folders.claim(tmp_path / "a", {"command": "first"})
    with pytest.raises(ConflictError, match="in use"):
        folders.claim(tmp_path / "a", {"command": "second"})
    claim.release()
    assert folders.read_manifest(tmp_path / "a")["command"] == "first"
    assert not disk_faults.leftovers(tmp_path)


# ------------------------------------------------------------------------------------------------------------ leftovers


def test_leftovers_of_a_dead_process_go_when_the_folder_is_next_held(tmp_path, capsys):
    folder = tmp_path / "run"
    with pytest.raises(RuntimeError):
        fake.start(folder, run=lambda cfg, obs: fake.count(fake.config(fail_at=30), obs), figures=True)
    (folder / "figures").mkdir()
    outside = tmp_path / "outside"
    outside.mkdir()
    mine = [
        "figures/.walk.png.0123abcd.tmp", ".hydra/.config.yaml.00000000.tmp", ".manifest.json.ffffffff.tmp",
        "figures/.a\nb.csv.01234567.tmp",
    ]  # fmt: skip
    kept = [".walk.tmp", "walk.png.0123abcd.tmp", ".x.0123ABCD.tmp", ".x.012abcd.tmp", "figures/notes.tmp"]
    for name in (*mine, *kept):
        (folder / name).write_text("half")
    (outside / ".a.0123abcd.tmp").write_text("not of this run")
    (folder / ".b.0123abcd.tmp").mkdir()
    (folder / ".c.0123abcd.tmp").symlink_to(outside / ".a.0123abcd.tmp")
    fake.start(folder, resume=True, figures=True)
    assert not [name for name in mine if (folder / name).exists()]
    assert [name for name in kept if (folder / name).exists()] == kept
    assert (outside / ".a.0123abcd.tmp").read_text() == "not of this run"
    assert (folder / ".c.0123abcd.tmp").is_symlink()


def test_nobody_removes_what_a_living_process_is_writing(tmp_path):
    claim = folders.claim(tmp_path / "run", {})
    half = tmp_path / "run" / ".report.md.0123abcd.tmp"
    half.write_text("half")
    for attempt in (folders.reclaim, folders.clear):
        with pytest.raises(ConflictError, match=re.escape(f"in use by pid {os.getpid()}")):
            attempt(tmp_path / "run")
    assert half.exists()
    claim.release()
    folders.clear(tmp_path / "run")
    assert not half.exists()
