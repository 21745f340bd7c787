"""Configurations from strangers: whatever they hold, no code, nothing outside, no secret, no hang."""

import random
import shutil

import pytest
import strangers

from gnicli.engine import checkout

SEED = 20
SAMPLE = random.Random(SEED).sample(strangers.CASES, 200)
# One case of each payload at most, so that the default suite sees many.
FEW = list({payload: (payload, place) for payload, place in SAMPLE}.values())[:24]


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run folder that can be resumed."""
    root = tmp_path_factory.mktemp("stopped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GNI_OUTPUTS", str(root))
        _stub(patch)
        code = strangers.main(["train", "steps=1", "threads=1", f"run.dir={root}/run"])
    assert code == 0
    folder = root / "run"
    text = (folder / "manifest.json").read_text()
    (folder / "manifest.json").write_text(text.replace('"status": "completed"', '"status": "interrupted"'))
    for name in ("results.json", "report.md", "metrics.csv"):
        (folder / name).unlink(missing_ok=True)
    return folder


def _stub(patch):
    from gnicli.contracts.results import Results, Value
    from gnicli.experiments import train

    patch.setattr(train, "run", lambda cfg, observer: Results({"train_loss": Value(1.0)}))
    patch.setattr("gnicli.engine.machine.choose", lambda config, manifest: ("cpu", None))
    patch.setattr("gnicli.engine.figures.write", lambda folder, figures, *_: dict(figures))


def _survives(case, tmp_path, stopped, monkeypatch, stub):
    theirs, cwd, out = (tmp_path / name for name in ("theirs", "cwd", "outside"))
    for folder in (theirs, cwd, out, out / "bin"):
        folder.mkdir()
    (out / "secret.yaml").write_text(f"lr: {strangers.SECRET}\n")
    (out / "secret.txt").write_text(strangers.SECRET)
    (out / "bin" / "git").write_text(f"#!/bin/sh\ntouch {out}/ran\n")
    (out / "bin" / "git").chmod(0o755)
    words = strangers.written(case, theirs, out, 9, stopped)
    before = {path: path.lstat().st_mtime_ns for path in (*out.rglob("*"), *tmp_path.glob("*"))}
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("GNI_SECRET", strangers.SECRET)
    checkout.git_state()  # the one process that gni starts, tested below
    allowed = [tmp_path / "outputs", *([theirs / "run"] if case[1] == "saved" else [])]
    prepare = (lambda: _stub(pytest.MonkeyPatch())) if stub else (lambda: None)
    did = strangers.watched(words, cwd, allowed, prepare)
    assert did["did"] == []
    assert did["code"] in strangers.CODES, did
    assert "unexpected" not in did["err"], did["err"]
    assert "Traceback" not in did["err"], did["err"]
    after = {
        path: path.lstat().st_mtime_ns for path in (*out.rglob("*"), *tmp_path.glob("*")) if path.name != "outputs"
    }
    after.pop(cwd), before.pop(cwd)  # the report
    assert after == before
    # What is no reference in a saved configuration is a text there; nobody else may so much as see the secret's name.
    seen = [did["out"], did["err"]] + [
        path.read_bytes().decode("latin-1")
        for root in allowed
        for path in root.rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    assert not any(strangers.SECRET in text for text in seen)
    return did


@pytest.mark.parametrize("case", FEW, ids=" in ".join)
def test_a_configuration_from_a_stranger_does_no_harm(case, tmp_path, stopped, monkeypatch):
    _survives(case, tmp_path, stopped, monkeypatch, stub=True)


@pytest.mark.slow
@pytest.mark.parametrize("case", SAMPLE, ids=" in ".join)
def test_200_configurations_from_strangers_do_no_harm_to_real_runs(case, tmp_path, stopped, monkeypatch):
    import matplotlib.pyplot  # noqa: F401 - imported here, so that the children need not
    import torch  # noqa: F401

    _survives(case, tmp_path, stopped, monkeypatch, stub=False)


def test_the_watch_sees_what_it_is_there_for(tmp_path, stopped, monkeypatch):
    """The same watch over what is typed, which may leave the output root: so silence above means something."""
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    words = ["train", f"run.dir={tmp_path}/elsewhere"]
    did = strangers.watched(words, cwd, [tmp_path / "outputs"], lambda: _stub(pytest.MonkeyPatch()))
    assert did["code"] == 0
    assert any("elsewhere" in line for line in did["did"])
    shutil.rmtree(tmp_path / "elsewhere")
    monkeypatch.setenv("GNI_SECRET", strangers.SECRET)
    words = ["train", "loss=${oc.env:GNI_SECRET}", "--allow-env"]
    did = strangers.watched(words, cwd, [tmp_path], lambda: _stub(pytest.MonkeyPatch()))
    assert strangers.SECRET in did["err"]
