"""Every command under a failing disk and under `kill -9`, resumed: the bytes of a run that nobody disturbed.

`make stress` runs these; they print seeds and counts.
"""

import errno
import os
import random
import signal
import subprocess
import sys
import time

import disk_faults
import pytest

from gnicli.cli import main
from gnicli.engine import content, folders

pytestmark = pytest.mark.slow

COMMANDS = {
    "train": (
        "dataset=digits", "network.width=8", "network.depth=1", "steps=12", "batch_size=50", "eval_every=4",
        "run.checkpoint_steps=4", "threads=1", "noise=mult",
    ),
    "gradient-noise": (
        "dataset.frequencies=[1,2]", "dataset.n_train=20", "network.depth=1", "network.width=10", "measure.n_draws=32",
        "measure.figures=[]", "n_mean=2", "threads=1", "run.checkpoint_steps=10",
    ),
    "fit-stable": ("samples.n=200", "n_bootstrap=3"),
    "simulate-sde": ("n_chains=20", "n_steps=200", "burn_in=50", "n_bins=100", "run.checkpoint_steps=50"),
    "kde-stationary": ("n_chains=20", "n_steps=200", "burn_in=50", "n_bins=1000", "run.checkpoint_steps=50"),
}  # fmt: skip
N_KILLS = 200


def products(folder):
    """What must be equal to the byte, by name."""
    names = [folder / name for name in ("results.json", "metrics.csv", "arrays.npz", "sweep.csv")]
    names += [*folder.glob("figures/*.csv"), *folder.glob("figures/*.png")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in names if path.exists()}


def state_of(folder):
    """absent, unborn, finished or resumable."""
    if not folder.exists() or not any(folder.iterdir()):
        return "absent"
    if content.is_unborn(folder):
        return "unborn"
    return "finished" if folders.status_of(folder) in folders.FINISHED else "resumable"


def words_for(folder, command, state):
    if state == "resumable":
        return ("resume", str(folder))
    return (command, *COMMANDS[command], f"run.dir={folder}")


@pytest.fixture
def undrawn(monkeypatch):
    """Drawing takes longer than all else; what is written, and how often, stays."""
    from gnicli import files
    from gnicli.engine import figures

    def draw_files(folder, stem, figure, kinds):
        for suffix in ("png", "pdf"):
            files.replace(folder / f"{stem}.{suffix}", f"{stem}.{suffix}".encode())

    monkeypatch.setattr(figures, "_draw_files", draw_files)


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "for ever"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_failing_call(gni, tmp_path, monkeypatch, undrawn, command, lasting, capfd):
    assert gni(*words_for(tmp_path / "whole", command, "absent")).code == 0
    whole, at, states, codes = products(tmp_path / "whole"), 0, [], []
    while True:
        folder = tmp_path / str(at) / "run"
        folder.parent.mkdir()
        with monkeypatch.context() as patch:
            number = (errno.ENOSPC, errno.EIO)[at % 2]
            faults = disk_faults.Faults(patch, folder.parent, at, number, lasting=lasting)
            said = gni(*words_for(folder, command, "absent"))
        if len(faults.calls) <= at:
            assert said.code == 0
            break
        assert "report it" not in said.err, (at, faults.calls[at], said.err)
        assert said.code in (0, 6), (at, faults.calls[at], said.err)
        codes.append(said.code)
        states.append(state_of(folder))
        if states[-1] != "finished":
            again = gni(*words_for(folder, command, states[-1]))
            assert again.code == 0, (at, faults.calls[at], again.err)
        assert products(folder) == whole, at
        assert not disk_faults.leftovers(folder.parent)
        at += 1
    told = {state: states.count(state) for state in dict.fromkeys(states)}
    with capfd.disabled():
        print(f"\n{command}, {'for ever' if lasting else 'once'}: {at} calls failed, {told}, {codes.count(0)} absorbed")
    assert "resumable" in states


@pytest.mark.parametrize("lasting", [False, True], ids=["once", "for ever"])
def test_every_failing_call_of_a_sweep(gni, tmp_path, monkeypatch, undrawn, lasting, capfd):
    sweep = ("fit-stable", "samples.n=60", "n_bootstrap=3", "-m", "seed=0,1")
    assert gni(*sweep, f"run.dir={tmp_path / 'whole'}").code == 0
    whole, at, counts = [products(tmp_path / "whole" / job) for job in "01"], 0, {}
    while True:
        folder = tmp_path / str(at) / "sweep"
        folder.parent.mkdir()
        with monkeypatch.context() as patch:
            number = (errno.ENOSPC, errno.EIO)[at % 2]
            faults = disk_faults.Faults(patch, folder.parent, at, number, lasting=lasting)
            said = gni(*sweep, f"run.dir={folder}")
        if len(faults.calls) <= at:
            assert said.code == 0
            break
        assert "report it" not in said.err, (at, faults.calls[at], said.err)
        for job in "01":
            state = state_of(folder / job)
            counts[state] = counts.get(state, 0) + 1
            if state == "resumable":
                assert gni("resume", folder / job).code == 0, (at, faults.calls[at])
            elif state != "finished":
                again = gni(*sweep[:3], f"seed={job}", f"run.dir={folder / job}")
                assert again.code == 0, (at, faults.calls[at], again.err)
            assert products(folder / job) == whole[int(job)]
        if (folder / "manifest.json").exists():
            assert folders.status_of(folder) in ("completed", "failed", "running", "interrupted"), at
            assert gni("resume", folder).code == 5
        assert not disk_faults.leftovers(folder.parent)
        at += 1
    with capfd.disabled():
        print(f"\nsweep of two, {'for ever' if lasting else 'once'}: {at} calls failed, jobs {counts}")


def kill_after(seconds, words, *, fork):
    """`gni <words>` in a process of its own, killed after so many seconds; whether that was before its end.

    With `fork` a copy of this process runs it, which has torch imported already: most of its life is that of the run.
    """
    if fork:
        pid = os.fork()
        if pid == 0:
            os._exit(disk_faults.silently(lambda: main(list(words))))
        end = time.monotonic() + seconds
        while (ended := os.waitpid(pid, os.WNOHANG)) == (0, 0) and time.monotonic() < end:
            time.sleep(0.001)
        if ended == (0, 0):
            os.kill(pid, signal.SIGKILL)
            ended = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(ended[1])
    else:
        command = [sys.executable, "-m", "gnicli", *words]
        null = subprocess.DEVNULL
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(command, stdin=null, stdout=null, stderr=null, env=environment) as process:
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                process.kill()
        code = process.returncode
    assert code in (0, -signal.SIGKILL)
    return code != 0


def test_two_hundred_kills(outputs, tmp_path, capfd):
    """At moments spread over the whole life of the process; each resumption is killed in turn, up to four times.

    One in eight is the real command from its first instruction, the others are forked from a process that has imported
    everything, which puts more of the kills into the birth and the writing of a run.
    """
    import matplotlib.figure  # noqa: F401 - so that the forked need not
    import torch

    torch.set_num_threads(1)
    seed = int(os.environ.get("GNI_STRESS_SEED", "12"))
    rng, kills, real, runs, counts = random.Random(seed), 0, 0, 0, {}
    whole, seconds = {}, {}
    for command in COMMANDS:
        for fork in (True, False):
            folder, begin = tmp_path / f"{command}-{fork}", time.monotonic()
            assert not kill_after(600, words_for(folder, command, "absent"), fork=fork)
            whole[command], seconds[command, fork] = products(folder), time.monotonic() - begin
    while kills < N_KILLS:
        command = list(COMMANDS)[runs % len(COMMANDS)]
        folder = tmp_path / f"{runs}-{command}"
        for _ in range(rng.randint(1, 4)):
            fork = rng.random() > 1 / 8
            moment = rng.uniform(0, seconds[command, fork])
            hit = kill_after(moment, words_for(folder, command, state_of(folder)), fork=fork)
            kills, real = kills + hit, real + (hit and not fork)
            state = state_of(folder)
            counts[state] = counts.get(state, 0) + hit
            if state == "finished":
                break
        if state != "finished":
            assert not kill_after(600, words_for(folder, command, state), fork=True), folder
        assert products(folder) == whole[command], folder
        assert not disk_faults.leftovers(folder), folder
        runs += 1
        with capfd.disabled():
            if runs % 10 == 0:
                print(
                    f"seed {seed}: {kills} kills, {real} of them of real processes, {runs} runs, {counts}", flush=True
                )
    with capfd.disabled():
        print(f"\nseed {seed}: {kills} kills ({real} of real processes) of {runs} runs found {counts}; all bytes equal")
    assert counts["resumable"] > N_KILLS // 10
