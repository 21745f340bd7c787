"""`gni runs rerun`: the same configuration in a new folder, and the truth on whether the same came out."""

import json

import pytest
import yaml

from gnicli.contracts.results import Results, Value
from gnicli.experiments import train


@pytest.fixture
def first(gni, outputs):
    folder = outputs / "first"
    assert gni("train", "lr=0.5", "M=3", "seed=4", "noise=mult", f"run.dir={folder}").code == 0
    return folder


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def config(folder):
    return yaml.safe_load((folder / ".hydra" / "config.yaml").read_text())


def test_an_equal_run_is_said_to_be_the_same_bits(gni, outputs, first):
    said = gni("runs", "rerun", "first")
    folder = outputs.parent / said.last_line
    assert (said.code, folder.parent.parent) == (0, outputs / "train")
    assert said.err == f"writing results\nthe same bits as in {first}: results.json, metrics.csv\n"
    for name in ("results.json", "metrics.csv"):
        assert (folder / name).read_bytes() == (first / name).read_bytes()
    assert manifest(folder)["fingerprint"] == manifest(first)["fingerprint"]
    assert manifest(folder)["overrides"] == ["lr=0.5", "M=3", "seed=4", "noise=mult"]
    assert config(folder) == config(first) | {"run": config(first)["run"] | {"dir": None}}
    assert manifest(folder)["command_line"] == f"gni runs rerun {first}"


def test_a_rerun_of_a_rerun_into_a_folder_that_is_named(gni, outputs, first):
    assert gni("runs", "rerun", str(first), "--output", str(outputs / "second")).code == 0
    said = gni("runs", "rerun", "second", "--output", str(outputs / "third"))
    assert (said.code, said.last_line) == (0, str(outputs / "third"))
    said = gni("runs", "rerun", "first", "--output", str(outputs / "third"))
    assert (said.code, "is finished; choose another run.dir" in said.err) == (5, True)


def test_other_bits_are_another_exit_code_and_what_differs_is_named(gni, outputs, first, monkeypatch):
    def other(cfg, observer):
        observer.metrics(0, {"train_loss": 7.0})
        return Results({"train_loss": Value(7.0)})

    changed = manifest(first)
    changed["versions"]["torch"] = "1.0"
    (first / "manifest.json").write_text(json.dumps(changed))
    monkeypatch.setattr(train, "run", other)
    said = gni("runs", "rerun", "first", "--output", str(outputs / "second"))
    assert said.code == 1
    told = said.err.splitlines()[-1]
    assert told.startswith(f"not the same bits as in {first}: results.json, metrics.csv; of versions and machine")
    assert "torch 1.0 and now " in said.err
    assert said.err.endswith(f". gni runs diff {first} {outputs / 'second'} shows the values\n")


def test_where_nothing_is_known_to_differ_that_is_said(gni, outputs, first):
    (first / "metrics.csv").write_text("step,name,value\n")
    said = gni("runs", "rerun", "first")
    assert (said.code, said.err.partition("; ")[2].partition(". ")[0]) == (
        1, "of versions and machine differ: nothing that was recorded",
    )  # fmt: skip


def test_the_threads_of_the_first_run_are_kept(gni, outputs, first):
    changed = manifest(first) | {"threads": 3}
    (first / "manifest.json").write_text(json.dumps(changed))
    said = gni("runs", "rerun", "first")
    assert config(outputs.parent / said.last_line)["threads"] == 3


def test_a_failed_run_has_nothing_to_compare_with(gni, outputs):
    assert gni("train", "M=13", f"run.dir={outputs / 'bug'}").code == 1
    said = gni("runs", "rerun", "bug")
    assert said.code == 1
    assert "ZeroDivisionError" in said.err
    changed = manifest(outputs / "bug")
    (outputs / "bug" / ".hydra" / "config.yaml").write_text(yaml.safe_dump(config(outputs / "bug") | {"M": 2}))
    (outputs / "bug" / "manifest.json").write_text(json.dumps(changed))
    said = gni("runs", "rerun", "bug")
    told = f"{outputs / 'bug'} is failed: there is nothing to compare the results with"
    assert (said.code, said.err.splitlines()[-1]) == (0, told)


def test_what_cannot_be_run_again_leaves_no_folder(gni, outputs, first):
    assert gni("train", "-m", "M=1,2", f"run.dir={outputs / 'sweep'}").code == 0
    before = sorted(map(str, outputs.rglob("*")))
    said = gni("runs", "rerun", "sweep")
    assert (said.code, said.err.count("\n"), "is a sweep; rerun one of its jobs" in said.err) == (2, 1, True)
    (first / "manifest.json").write_text(json.dumps(manifest(first) | {"command": "tarin"}))
    said = gni("runs", "rerun", "first")
    assert (said.code, "which this gni does not have" in said.err) == (2, True)
    said = gni("runs", "rerun", "nowhere")
    assert (said.code, "is not a run folder" in said.err) == (3, True)
    assert sorted(map(str, outputs.rglob("*"))) == before
    said = gni("runs", "rerun", "sweep/1")
    assert said.code == 0
    assert "the same bits as in" in said.err
