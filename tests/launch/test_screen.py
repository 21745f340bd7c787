"""What stands on the screen when a run cannot begin, go on or end: one line that names the place and the way out."""

import errno
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from gnicli import files, registry
from gnicli.contracts.observer import State
from gnicli.contracts.results import Results, Value
from gnicli.engine import folders
from gnicli.experiments import train

STRANGE = ["plain", "two words", "it's", 'a"b', "ü 李明", "$(id) `x` ${y}", "a;b&c", "-m", "a=b,c", "new\nline", "\\"]


def one_line(said, code):
    assert (said.code, said.out) == (code, "")
    assert said.err.endswith("\n")
    assert said.err.count("\n") == 1
    assert said.err.startswith("gni: error: ")
    return said.err.removeprefix("gni: error: ").rstrip("\n")


def manifest(folder):
    return json.loads((folder / "manifest.json").read_text())


def change(folder, **changes):
    (folder / "manifest.json").write_text(json.dumps(manifest(folder) | changes))


# ----------------------------------------------------------------------------------------------------------- conflicts


@pytest.mark.parametrize("words", [["train"], ["train", "-m", "M=1,2"]], ids=["run", "sweep"])
def test_whoever_comes_second_is_told_who_has_the_folder(gni, tmp_path, words):
    place = tmp_path / "X"
    held = folders.claim(place, {"kind": "run", "command": "train"})
    try:
        line = one_line(gni(*words, f"run.dir={place}"), 5)
        assert re.fullmatch(rf"{place} is in use by pid {os.getpid()} on .+ since [\d:]+; wait for it or .+", line)
    finally:
        held.release()
    assert "is in use" not in one_line(gni(*words, f"run.dir={place}"), 5)
    assert gni(*words, f"run.dir={tmp_path / 'Y'}").code == 0


# --------------------------------------------------------------------------------------------------------- a full disk


def counting(cfg, observer):
    state = observer.restore()
    for step in range(1 if state is None else state.step + 1, 11):
        observer.step_done(step, 10, lambda step=step: State(step, {"w": np.full(2, step)}))
    return Results({"train_loss": Value(1.0)})


def failing_checkpoint(monkeypatch, least):
    """The disk is full from the checkpoint number `least` on."""
    real, seen = files.replace, []

    def full(path, write, **named):
        if path.name == "checkpoint.safetensors":
            seen.append(path)
            if len(seen) >= least:
                with files.explained(path):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(path, write, **named)

    monkeypatch.setattr(files, "replace", full)


@pytest.mark.parametrize(("least", "told"), [(2, "; last good: step 3"), (1, "; none was saved before")])
def test_a_full_disk_at_a_checkpoint_names_the_last_good_step(gni, monkeypatch, tmp_path, least, told):
    monkeypatch.setattr(train, "run", counting)
    place = tmp_path / "run"
    with pytest.MonkeyPatch.context() as patch:
        failing_checkpoint(patch, least)
        said = gni("train", f"run.dir={place}", "run.checkpoint_steps=3", "threads=1")
    line = said.err.splitlines()[-1]
    assert said.code == 6
    assert re.fullmatch(r"gni: error: cannot save checkpoint: no space on .+ \(need .+ MB, .+ free\)" + told, line), (
        line
    )
    assert ("last good" in line) == (least > 1)
    assert gni("resume", str(place)).code == 0


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.ENOSPC, "no space left on device"), (errno.EMFILE, r"too many open files; raise the limit \(ulimit -n\)")],
)
def test_a_machine_that_lacks_something_is_told_with_the_place(gni, monkeypatch, tmp_path, number, told):
    """No file is named by the system; the message has one all the same, and a free folder is left as it was."""
    place = tmp_path / "run"

    def failing(*_):
        raise OSError(number, os.strerror(number))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_write_temporary", failing)
        line = one_line(gni("train", f"run.dir={place}"), 6)
    assert re.fullmatch(rf"cannot (write|create) {place}/\S+: {told}", line), line
    assert not place.exists()
    assert gni("train", f"run.dir={place}").code == 0


# ------------------------------------------------------------------------------------------------ places that are none


def test_a_file_in_place_of_a_folder_and_names_that_are_too_long(gni, tmp_path):
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        for words in (["train"], ["train", "-m", "M=1,2"]):
            line = one_line(gni(*words, f"run.dir={place}"), 5)
            assert f"{tmp_path / 'file'} is a file, not a folder; choose another run.dir" in line
    assert (tmp_path / "file").read_text() == "mine"
    assert gni("train", f"run.dir={tmp_path / ('a' * 255)}").code == 0
    for name in ("a" * 256, "ü" * 128, "/".join(["a" * 250] * 17)):
        line = one_line(gni("train", f"run.dir={tmp_path}/{name}"), 2)
        assert ("bytes" in line, len(line) < 400) == (True, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a" * 255, "file"]


# ------------------------------------------------------------------------------------------- commands that are printed


def printed(line):
    """The commands in a message, as a shell reads them."""
    said = subprocess.run(
        ["bash", "-c", f"gni() {{ printf '%s\\0' \"$@\"; printf '\\n\\0'; }}; {line}"], capture_output=True, check=True
    )
    return [[os.fsdecode(word) for word in part.split(b"\0") if word] for part in said.stdout.split(b"\n\0") if part]


FIRST = [name if number % 4 == 2 else pytest.param(name, marks=pytest.mark.slow) for number, name in enumerate(STRANGE)]


@pytest.mark.parametrize("name", FIRST)
def test_the_command_that_is_printed_resumes_the_run(gni, monkeypatch, tmp_path, name):
    def stopped(cfg, observer):
        raise KeyboardInterrupt

    (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / name)
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / name))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "run", stopped)
        said = gni("train")
    assert said.code == 130
    start = "gni: stopped before the first checkpoint. Go on with: "
    assert said.err.startswith(start), said.err
    (command,) = printed(said.err.rstrip("\n").removeprefix(start))
    assert gni(*command).code == 0
    (made,) = tmp_path.rglob("manifest.json")
    assert manifest(made.parent)["status"] == "completed"


# -------------------------------------------------------------------------------------------------------------- sweeps


@pytest.mark.parametrize(
    "words",
    [
        ["hydra.mode=MULTIRUN", "seed=range(100000)"],
        pytest.param(["-m", "seed=range(400)", "M=range(1,251)"], marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_more_jobs_than_anybody_wants_are_refused_however_they_are_asked_for(gni, outputs, words):
    line = one_line(gni("train", *words), 2)
    assert "100,000" in line or "100000" in line
    assert not outputs.exists()
    assert gni("train", "hydra.mode=MULTIRUN", "seed=range(2)").code == 0


# ------------------------------------------------------------------------------------------------------------ plug-ins

HANGING = """
import sys, threading
from importlib.metadata import EntryPoint
from gnicli import registry
from gnicli.cli import main

class Point:
    name, value, group, dist = "slow", "slow:Slow", "gnicli.noise", None
    def load(self):
        print("importing", flush=True)
        threading.Event().wait()

registry.installed = lambda group: (Point(),) if group == "noise" else ()
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("number", ["INT", "TERM"])
def test_a_package_that_hangs_while_it_is_imported_can_be_ended(tmp_path, number):
    import signal

    environment = {**os.environ, "GNI_OUTPUTS": str(tmp_path / "outputs")}
    command = [sys.executable, "-c", HANGING, "train"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        guard = threading.Timer(100, process.kill)
        guard.start()
        assert process.stdout.readline() == "importing\n"
        process.send_signal(getattr(signal, f"SIG{number}"))
        err = process.stderr.read()
        code = process.wait()
        guard.cancel()
    assert code == {"INT": 130, "TERM": 75}[number], err
    assert (err.count("\n"), err.startswith("gni: stopped")) == (1, True), err
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["data", "list"], ["data", "path"], ["train", "--help"], ["train", "noise=mult", "-h"],
     ["resume", "nowhere"]],
    ids=" ".join,
)  # fmt: skip
def test_what_needs_no_component_imports_no_package(gni, monkeypatch, words):
    class Point:
        name, value, group, dist = "file", "slow:Slow", "gnicli.noise", None

        def load(self):
            loaded.append(self)
            raise AssertionError

    loaded = []
    installed = registry.installed
    with monkeypatch.context() as patch:
        patch.setattr(registry, "installed", lambda group: (Point(),) if group == "noise" else installed(group))
        registry.members.cache_clear()
        gni(*words)
        before = list(loaded)
        gni("train", "noise=file", "--help")
        after = list(loaded)
    registry.members.cache_clear()
    assert (before, bool(after)) == ([], True)


def test_shlex_and_bash_read_what_is_printed_alike(tmp_path):
    from gnicli.engine import places

    for name in STRANGE:
        (words,) = printed(places.resume_command(Path(name)))
        assert words[1].removeprefix("./") == name
        if name.isprintable():
            assert shlex.split(places.resume_command(Path(name)))[2].removeprefix("./") == name
