"""Folders of runs are deleted, and nothing else ever is."""

import os
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_folders import make, make_sweep

from gnicli import files
from gnicli.engine import content, provenance, run_removal
from gnicli.errors import ConflictError, DataError, ResourceError


def running():
    return {
        "status": "running", "host": provenance.host(), "pid": os.getpid(),
        "process": provenance.process_mark(os.getpid()),
    }  # fmt: skip


def everything(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_runs_sweeps_damaged_and_unborn_ones_go_with_their_empty_day(tmp_path, monkeypatch):
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / "outputs"))
    outputs = tmp_path / "outputs"
    make(outputs / "train" / "day" / "a")
    make(outputs / "train" / "other" / "kept")
    (make(outputs / "damaged") / "manifest.json").write_text("{")
    make_sweep(outputs / "s", {}, {"status": "failed"})
    (outputs / "unborn" / ".hydra").mkdir(parents=True)
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "file").write_text("stays")
    (outputs / "train" / "day" / "a" / "figures").symlink_to(tmp_path / "target")
    found = run_removal.examine([outputs / name for name in ("train/day/a", "damaged", "s", "s/0", "unborn", "s")])
    assert found.words() == "4 folders (0 MB)"
    assert [line.split("  ")[1] for line in found.lines()] == ["completed", "broken", "completed", "broken"]
    found.delete()
    assert {path.split("/")[1] for path in everything(outputs) if "/" in path} == {"other"}
    assert (tmp_path / "target" / "file").read_text() == "stays"


def test_what_gni_did_not_write_is_named_before_it_goes(tmp_path):
    folder = make(tmp_path / "a")
    for name in ("notes.txt", "mlruns", "run.log", ".results.json.0123abcd.tmp"):
        (folder / name).write_text("")
    (line,) = run_removal.examine([folder]).lines()
    assert line == f"{folder}  completed  with notes.txt, which gni did not write"
    for number in range(9):
        (folder / f"n{number}").write_text("")
    assert run_removal.examine([folder]).lines()[0].endswith("n0, n1, n2, n3, n4, …, which gni did not write")


@pytest.mark.parametrize("place", ["run", "sweep", "job"])
def test_what_runs_is_refused_and_then_nothing_goes(tmp_path, place):
    make(tmp_path / "idle")
    make_sweep(tmp_path / "sweep", {}, running() if place == "job" else {}, **(running() if place == "sweep" else {}))
    make(tmp_path / "run", **(running() if place == "run" else {}))
    before = everything(tmp_path)
    with pytest.raises(
        ConflictError, match=rf"is running \(pid {os.getpid()} on .*\); stop it first, nothing was deleted"
    ):
        run_removal.examine([tmp_path / "idle", tmp_path / ("run" if place == "run" else "sweep")])
    assert everything(tmp_path) == before


def test_a_run_that_runs_elsewhere_or_begins_meanwhile_is_refused(tmp_path):
    far = make(tmp_path / "far", status="running")
    with pytest.raises(ConflictError, match=r"is running \(pid 1 on elsewhere\)"):
        run_removal.examine([far])
    folder = make(tmp_path / "a", status="interrupted")
    found = run_removal.examine([folder])
    with files.locked(folder / content.LOCK, wait_seconds=0, busy=""), pytest.raises(ConflictError, match="is in use"):
        found.delete()
    assert (folder / "manifest.json").exists()
    found.delete()
    assert not folder.exists()


def test_what_is_no_run_is_refused(tmp_path):
    make(tmp_path / "a")
    (tmp_path / "plain").mkdir()
    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "manifest.json").write_text('{"name": "an app", "status": "completed"}')
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    make(tmp_path / "outer")
    make(tmp_path / "outer" / "inner" / "b")
    before = everything(tmp_path)
    for name, why in (("plain", "is no folder of a run"), ("web", "is no folder of a run"),
                      ("broken", "is no folder of"), ("file", "is a file"),
                      ("link", "is a symbolic link"), ("none", "is not there"),
                      (".", "is no folder of a run")):  # fmt: skip
        with pytest.raises(DataError, match=why):
            run_removal.examine([tmp_path / "a", tmp_path / name])
    with pytest.raises(ConflictError, match="holds another run"):
        run_removal.examine([tmp_path / "outer"])
    assert everything(tmp_path) == before


@given(st.integers(0, 10**9))
def test_of_random_trees_nothing_goes_but_what_was_asked_for(tmp_path_factory, seed):
    draw, root = random.Random(seed), tmp_path_factory.mktemp("r")
    for number in range(draw.randint(1, 5)):
        kind = draw.choice(["run", "sweep", "plain", "running"])
        folder = root / draw.choice(["x", "y"]) / f"{kind}{number}"
        if kind == "sweep":
            make_sweep(folder, {}, {})
        elif kind == "plain":
            folder.mkdir(parents=True)
            (folder / "file").write_text("")
        else:
            make(folder, **(running() if kind == "running" else {}))
    before = everything(root)
    asked = [Path(path) for path in draw.sample(before, min(len(before), draw.randint(1, 3)))]
    try:
        found = run_removal.examine([root / path for path in asked])
    except (DataError, ConflictError):
        assert everything(root) == before
        return
    assert not [path for path in asked if path.name.startswith(("plain", "running"))]
    found.delete()
    assert everything(root) == [p for p in before if not any(a == Path(p) or a in Path(p).parents for a in asked)]


def test_a_disk_that_refuses_leaves_what_can_be_deleted_again(tmp_path, monkeypatch):
    import errno

    folder = make(tmp_path / "a")

    def full(path):
        raise OSError(errno.EACCES, "no")

    with monkeypatch.context() as broken:
        broken.setattr(run_removal.shutil, "rmtree", full)
        with pytest.raises(ResourceError, match="cannot delete"):
            run_removal.examine([folder]).delete()
    run_removal.examine([folder]).delete()
    assert not folder.exists()
