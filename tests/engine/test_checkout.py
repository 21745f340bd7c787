"""The commit of the source: right or none, and no program of whoever owns the checkout or the working folder runs."""

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

import gnicli
from gnicli.engine import checkout

GIT = shutil.which("git")
needs_git = pytest.mark.skipif(GIT is None, reason="there is no git to ask")
MINE = ("-c", "user.name=x", "-c", "user.email=x@y", "-c", "init.defaultBranch=main", "-c", "commit.gpgsign=false")


def git(folder, *words):
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    clean |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    said = subprocess.run([GIT, *MINE, "-C", str(folder), *words], env=clean, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return said.stdout.strip()


@pytest.fixture
def repository(tmp_path):
    root = tmp_path / "checkout"
    root.mkdir()
    git(root, "init", "-q")
    (root / "a.txt").write_text("a\n")
    (root / "b.txt").write_text("b\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    return root


def head(root):
    return git(root, "rev-parse", "HEAD")


def script(path, body):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return path


@needs_git
def test_the_commit_and_whether_tracked_files_differ(repository):
    assert checkout.state_of(repository) == {"commit": head(repository), "dirty": False}
    (repository / "new.txt").write_text("not tracked")
    assert checkout.state_of(repository)["dirty"] is False
    (repository / "a.txt").write_text("b\n")
    assert checkout.state_of(repository) == {"commit": head(repository), "dirty": True}
    git(repository, "add", "a.txt")
    assert checkout.state_of(repository)["dirty"] is True
    git(repository, "commit", "-qm", "two")
    assert checkout.state_of(repository) == {"commit": head(repository), "dirty": False}


@needs_git
@pytest.mark.parametrize("words", [["pack-refs", "--all"], ["checkout", "-q", "--detach"], ["gc", "-q"]], ids=" ".join)
def test_packed_references_and_a_detached_head(repository, words):
    git(repository, *words)
    assert checkout.state_of(repository) == {"commit": head(repository), "dirty": False}


@needs_git
def test_a_worktree_of_another_folder(repository, tmp_path):
    other = tmp_path / "other"
    git(repository, "worktree", "add", "-q", "-b", "side", str(other))
    (other / "a.txt").write_text("side\n")
    git(other, "commit", "-qam", "side")
    assert checkout.state_of(other) == {"commit": head(other), "dirty": False}
    assert checkout.state_of(repository) == {"commit": head(repository), "dirty": False}
    assert head(other) != head(repository)


@needs_git
def test_sums_of_another_kind(tmp_path):
    root = tmp_path / "long"
    root.mkdir()
    git(root, "init", "-q", "--object-format=sha256")
    (root / "a.txt").write_text("a\n")
    git(root, "add", ".")
    git(root, "commit", "-qm", "one")
    assert len(head(root)) == 64
    assert checkout.state_of(root) == {"commit": head(root), "dirty": False}


@needs_git
def test_no_program_that_a_checkout_names_is_run(repository, tmp_path):
    mark = tmp_path / "mark"
    program = script(tmp_path / "program", f"echo \"$0 $@\" >> '{mark}'; cat")
    (repository / ".gitattributes").write_text("*.txt filter=x diff=x\n")
    git(repository, "add", ".gitattributes")
    git(repository, "commit", "-qm", "attributes")
    included = tmp_path / "included"
    included.write_text(f'[core]\n\tfsmonitor = {program}\n[filter "x"]\n\tclean = {program}\n')
    settings = {
        "filter.x.clean": program, "filter.x.smudge": program, "filter.x.process": program, "filter.x.required": "true",
        "diff.x.textconv": program, "diff.external": program, "core.fsmonitor": program, "core.pager": program,
        "core.hooksPath": tmp_path / "hooks", "alias.status": f"!{program}", "core.sshCommand": program,
        "include.path": included, "status.submoduleSummary": "true", "core.editor": program,
    }  # fmt: skip
    for key, value in settings.items():
        git(repository, "config", key, str(value))
    for folder in (tmp_path / "hooks", repository / ".git" / "hooks"):
        for hook in ("post-index-change", "pre-commit", "fsmonitor-watchman", "post-checkout"):
            script(folder / hook, f"echo hook >> '{mark}'")
    later = time.time() + 100
    os.utime(repository / "a.txt", (later, later))  # so that git has to look into the file
    commit = (repository / ".git" / "refs" / "heads" / "main").read_text().strip()
    assert checkout.state_of(repository) == {"commit": commit, "dirty": False}
    (repository / "b.txt").write_text("changed\n")
    assert checkout.state_of(repository) == {"commit": commit, "dirty": True}
    assert not mark.exists()
    # The trap is one: git itself steps into it.
    subprocess.run([GIT, "-C", str(repository), "status"], capture_output=True, timeout=60)
    assert mark.exists()


def head_of(root, text):
    (root / ".git").mkdir(parents=True)
    (root / ".git" / "HEAD").write_bytes(text)
    (root / "secret").write_text("0" * 40)


def linked(root, text):
    root.mkdir()
    (root / ".git").write_bytes(text)


def pipe(root, name):
    path = root / ".git" / name
    path.parent.mkdir(parents=True)
    (root / ".git" / "HEAD").write_text("ref: refs/heads/main\n") if name != "HEAD" else None
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)


BROKEN = {
    "no folder": lambda root: root.mkdir(),
    "empty folder": lambda root: (root / ".git").mkdir(parents=True),
    "empty HEAD": lambda root: head_of(root, b""),
    "no branch yet": lambda root: head_of(root, b"ref: refs/heads/main\n"),
    "bytes": lambda root: head_of(root, bytes(range(256))),
    "word": lambda root: head_of(root, b"g" * 40),
    "zero": lambda root: head_of(root, b"ref: refs/heads/\0"),
    "outside": lambda root: head_of(root, b"ref: ../secret\n"),
    "outside, further": lambda root: head_of(root, b"ref: refs/../../secret\n"),
    "absolute": lambda root: head_of(root, b"ref: /etc/passwd\n"),
    "itself": lambda root: head_of(root, b"ref: HEAD\n"),
    "file of bytes": lambda root: linked(root, b"\xff\xfe"),
    "file to nowhere": lambda root: linked(root, b"gitdir: /nowhere/at/all\n"),
    "file with a zero": lambda root: linked(root, b"gitdir: a\0b\n"),
    "file to itself": lambda root: linked(root, b"gitdir: .git\n"),
    "empty file": lambda root: linked(root, b""),
    "a pipe for HEAD": lambda root: pipe(root, "HEAD"),
    "a pipe for commondir": lambda root: pipe(root, "commondir"),
    "a pipe for packed references": lambda root: pipe(root, "packed-refs"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_has_no_commit_and_hangs_nobody(tmp_path, name):
    root = tmp_path / "root"
    BROKEN[name](root)
    found = []
    thread = threading.Thread(target=lambda: found.append(checkout.state_of(root)), daemon=True)
    thread.start()
    thread.join(30)
    assert found == [{"commit": None, "dirty": None}]


@needs_git
def test_references_in_a_circle_and_in_a_row(repository):
    commit = head(repository)
    heads = repository / ".git" / "refs" / "heads"
    (heads / "b").write_text("ref: refs/heads/main\n")
    (repository / ".git" / "HEAD").write_text("ref: refs/heads/b\n")
    assert checkout.state_of(repository)["commit"] == commit
    (heads / "main").write_text("ref: refs/heads/b\n")
    assert checkout.state_of(repository) == {"commit": None, "dirty": None}


@needs_git
def test_objects_that_are_gone_leave_the_commit(repository):
    commit = head(repository)
    shutil.rmtree(repository / ".git" / "objects")
    assert checkout.state_of(repository) == {"commit": commit, "dirty": None}


@needs_git
@pytest.mark.parametrize("body", ["sleep 600", "exit 3", "kill -9 $$", "printf '\\377'; exit 1"])
def test_a_git_that_hangs_or_fails_leaves_the_commit(repository, tmp_path, monkeypatch, body):
    script(tmp_path / "bin" / "git", body.replace("sleep", "exec sleep"))
    monkeypatch.setattr(checkout, "_PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setattr(checkout, "_SECONDS", 0.2)
    assert checkout.state_of(repository) == {"commit": head(repository), "dirty": None}


def test_no_git_is_no_failure(tmp_path, monkeypatch):
    head_of(tmp_path / "root", b"0123456789" * 4)
    for path in ("/nowhere", ""):
        monkeypatch.setattr(checkout, "_PATH", path)
        assert checkout.state_of(tmp_path / "root") == {"commit": "0123456789" * 4, "dirty": None}


STARTED = """
import sys
from gnicli.contracts.results import Results, Value
from gnicli.experiments import train
from gnicli.cli import main
from gnicli.engine import machine, figures
train.run = lambda cfg, observer: Results({"train_loss": Value(1.0)})
machine.choose = lambda config, manifest: ("cpu", None)
figures.write = lambda folder, figures, *_: dict(figures)
sys.exit(main(["train"]))
"""


@needs_git
def test_gni_started_among_strange_gits_runs_none_of_them(repository, tmp_path):
    """In a foreign checkout, with folders in PATH that depend on where one stands, and git's own variables set."""
    import json

    mark = tmp_path / "mark"
    for place in ("git", "bin/git", "x/y/git"):
        script(repository / place, f"touch '{mark}'")
    program = script(tmp_path / "program", f"touch '{mark}'")
    git(repository, "config", "core.fsmonitor", str(program))
    path = os.pathsep.join(["", ".", "bin", "x/../x/y", os.environ["PATH"], ""])
    environment = dict(os.environ) | {
        "PATH": path, "GIT_DIR": str(repository / ".git"), "GIT_EXEC_PATH": str(repository), "GIT_PAGER": str(program),
        "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.fsmonitor", "GIT_CONFIG_VALUE_0": str(program),
        "GIT_EXTERNAL_DIFF": str(program), "GNI_OUTPUTS": str(tmp_path / "outputs"), "GIT_TRACE2_EVENT": str(mark),
        "PYTHONPATH": str(Path(gnicli.__file__).parents[1]),
    }  # fmt: skip
    said = subprocess.run(
        [sys.executable, "-c", STARTED], cwd=repository, env=environment, capture_output=True, text=True, timeout=120
    )
    assert said.returncode == 0, said.stderr
    manifest = json.loads((Path(said.stdout.strip().splitlines()[-1]) / "manifest.json").read_text())
    assert manifest["git"] == checkout.git_state()
    assert manifest["git"]["commit"] != head_without_git(repository)
    assert not mark.exists()


def head_without_git(root):
    return (root / ".git" / "refs" / "heads" / "main").read_text().strip()
