"""`gni` in processes of its own, with a noise that takes its time, and a Slurm of this machine's own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from on_cluster import logs_without_run, program
from said import Said

HERE = Path(__file__).parent


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Show with a failure what the jobs printed that have no run: tests look at the folders of runs alone."""
    report = yield
    place = item.funcargs.get("tmp_path")
    if report.when == "call" and report.failed and place is not None and (logs := logs_without_run(place)):
        report.sections.append(("jobs without a run", logs))
    return report


@pytest.fixture
def surroundings(tmp_path, monkeypatch):
    """A place for runs, and the noise `fragile`, which fails until `tmp_path/mended` is there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(HERE / "plug_in"))
    monkeypatch.setenv("FRAGILE_UNTIL", str(tmp_path / "mended"))
    monkeypatch.setenv("FRAGILE_SECONDS", "0.02")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    for name in ("GNI_OUTPUTS", "GNI_OFFLINE", "HYDRA_FULL_ERROR", "RAY_ADDRESS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def gni(surroundings):
    """Run `gni <words>` and print both, so that `pytest -s` gives a transcript."""

    def call(*words):
        print(f"\n$ gni {' '.join(map(str, words))}")
        done = subprocess.run(
            [sys.executable, "-m", "gnicli", *map(str, words)], capture_output=True, text=True, timeout=600, check=False
        )
        print(done.stdout + done.stderr, end="", flush=True)
        return Said(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def slurm(tmp_path_factory):
    """A Slurm of one node on loopback; skipped where its programs are not installed."""
    missing = [name for name in ("sbatch", "slurmctld", "slurmd", "munged") if not program(name)]
    if missing:
        pytest.skip(f"{missing[0]} is not installed: apt-get install slurm-wlm munge")
    folder = tmp_path_factory.mktemp("slurm")
    started = subprocess.run(["bash", str(HERE / "start_slurm.sh"), str(folder)], check=False)
    before = os.environ.get("SLURM_CONF")
    os.environ["SLURM_CONF"] = str(folder / "slurm.conf")
    try:
        assert started.returncode == 0, "Slurm did not start"
        yield folder
    finally:
        subprocess.run(["bash", str(HERE / "stop_slurm.sh"), str(folder)], check=False)
        os.environ.pop("SLURM_CONF")
        if before is not None:
            os.environ["SLURM_CONF"] = before
