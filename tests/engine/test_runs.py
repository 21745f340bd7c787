"""Folders of runs read from Python: whole, unfinished and damaged ones."""

import fake_experiment as fake
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gnicli.engine import runs
from gnicli.engine.sweep import Sweep
from gnicli.errors import DataError, GniError, UsageError


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "run"
    fake.start(folder, steps=6)
    return folder


def copied(folder, place):
    import shutil

    shutil.copytree(folder, place)
    return place


def test_a_whole_run_is_read_as_it_was_made(whole):
    run = runs.load_run(whole)
    assert (run.status, run.command, run.message, run.folder) == ("completed", "count", "", whole)
    assert (run.config["steps"], run.results["spread"].unit) == (6, "m")
    assert run.arrays["walk"].shape == (3, 2)
    steps, values = run.metrics["step"].tolist(), run.metrics["value"]
    assert steps == [3, 3, 6, 6]
    assert run.metrics["name"].tolist() == ["train_loss", "alpha/layer1"] * 2
    text = "".join(f"{s},{n},{float(v)!r}\n" for s, n, v in zip(steps, run.metrics["name"], values, strict=True))
    assert (whole / "metrics.csv").read_text() == f"step,name,value\n{text}"


def test_the_states_of_runs_and_sweeps_below_a_folder(tmp_path, whole):
    copied(whole, tmp_path / "a" / "whole")
    with pytest.raises(RuntimeError):
        fake.start(tmp_path / "a" / "failed", fail_at=3)
    (tmp_path / "a" / "unborn" / ".hydra").mkdir(parents=True)
    damaged = copied(whole, tmp_path / "a" / "damaged")
    (damaged / "manifest.json").write_text("{")
    sweep = Sweep(tmp_path / "b", command="count", overrides=["seed=1,2"], argv=["gni"], n_jobs=11)
    for job in (10, 2):
        fake.start(sweep.job_folder(job), steps=6, overrides=[f"seed={job}"])
    sweep.finish(shows=False)
    found = runs.load_runs(tmp_path)
    assert [(run.folder.name, run.status) for run in found] == [
        ("damaged", "damaged"), ("failed", "failed"), ("unborn", "unborn"), ("whole", "completed"),
        ("2", "completed"), ("10", "completed"),
    ]  # fmt: skip
    assert "manifest.json is damaged" in found[0].message
    assert found[1].message == "RuntimeError: broken at step 3"
    assert found[1].metrics.empty
    assert [run.folder.name for run in runs.load_runs(tmp_path, "train")] == ["damaged", "unborn"]  # nobody knows whose
    assert found.table()["seed"].tolist()[-2:] == ["2", "10"]
    with pytest.raises(UsageError, match="is a sweep, not a run"):
        runs.load_run(tmp_path / "b")
    for name in ("damaged", "unborn", "none"):
        with pytest.raises(DataError):
            runs.load_run(tmp_path / "a" / name)
    with pytest.raises(UsageError, match="is no folder"):
        runs.load_runs(tmp_path / "none")


def test_a_run_that_lasts_is_running_and_what_it_wrote_is_there(tmp_path):
    seen = []

    def looks(config, observer):
        seen.append(runs.load_run(tmp_path / "run"))
        return fake.count(config, observer)

    fake.start(tmp_path / "run", run=looks, steps=6)
    assert (seen[0].status, seen[0].results, len(seen[0].metrics)) == ("running", {}, 4)  # read when it is asked for
    assert runs.load_run(tmp_path / "run").status == "completed"


@pytest.mark.parametrize("name", ["results.json", "metrics.csv", "arrays.npz", ".hydra/config.yaml", "manifest.json"])
@pytest.mark.parametrize("how", ["gone", "empty", "cut", "noise"])
def test_a_finished_run_with_a_damaged_part_says_so(tmp_path, whole, name, how):
    folder = copied(whole, tmp_path / "run")
    path = folder / name
    content = path.read_bytes()
    path.unlink()
    if how != "gone":
        broken = {"empty": b"", "cut": content[: len(content) // 2] + b"\xff", "noise": b"\xff\x00" * 99}[how]
        path.write_bytes(broken)
    if (name, how) in ((".hydra/config.yaml", "empty"), ("metrics.csv", "empty")):
        return  # an empty one is read as one without entries
    with pytest.raises(DataError, match=r"\w"):
        runs.load_run(folder)
    (run,) = runs.load_runs(tmp_path) if (name, how) != ("manifest.json", "gone") else (runs.read(folder),)
    assert run.status == "damaged"
    assert path.name in run.message
    assert "\n" not in run.message


@settings(max_examples=60, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_whatever_bytes_are_changed_a_run_is_read_or_damaged(tmp_path_factory, whole, data):
    folder = copied(whole, tmp_path_factory.mktemp("d") / "run")
    names = ["results.json", "metrics.csv", "arrays.npz", ".hydra/config.yaml", "manifest.json"]
    path = folder / data.draw(st.sampled_from(names))
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    run = runs.read(folder)
    if run.status == "damaged":
        with pytest.raises(GniError):
            runs.load_run(folder)
    else:
        assert runs.load_run(folder) == run


def test_the_arrays_are_those_of_the_file(whole):
    with np.load(whole / "arrays.npz") as there:
        assert {name: array.tobytes() for name, array in runs.load_run(whole).arrays.items()} == {
            name: there[name].tobytes() for name in there.files
        }
