"""A sweep in a real Ray of this machine: one job fails, one ends the process, and both are completed afterwards."""

import importlib.util

import pytest
from on_cluster import manifest

pytestmark = pytest.mark.cluster

WORDS = ("noise=fragile", "noise.std=0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8", "dataset=digits", "network.width=16",
         "network.depth=2", "M=2", "batch_size=50", "steps=4")  # fmt: skip
SAME = ("results.json", "metrics.csv", "checkpoint.safetensors")


@pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="ray is not installed: pip install '.[ray]'")
def test_a_sweep_in_ray(gni, monkeypatch, tmp_path):
    sweep = tmp_path / "sweep"
    monkeypatch.setenv("FRAGILE_SECONDS", "0")
    monkeypatch.setenv("FRAGILE_EXITS", "0.5")
    ray = ("hydra/launcher=ray", "hydra.launcher.num_cpus=2")
    found = gni("train", "-m", *WORDS, *ray, f"run.dir={sweep}")
    assert found.code == 1
    assert "job 2 noise.std=0.3 failed: ZeroDivisionError: a bug for this test" in found.err
    assert "job 4 noise.std=0.5 failed: its process is gone" in found.err
    statuses = [manifest(sweep / str(job))["status"] for job in range(8)]
    assert statuses == ["completed"] * 2 + ["failed", "completed", "failed"] + ["completed"] * 3
    pids = {manifest(sweep / str(job))["pid"] for job in range(8)}
    assert len(pids) == 8  # a process for each
    assert "a bug for this test" in (sweep / "logs" / "2.log").read_text()

    (tmp_path / "mended").touch()
    monkeypatch.delenv("FRAGILE_EXITS")
    assert gni("sweep", "resume", sweep, "--failed").code == 0
    assert gni("train", "-m", *WORDS, f"run.dir={tmp_path / 'whole'}").code == 0
    for job in range(8):
        for name in SAME:
            ours, theirs = (folder / str(job) / name for folder in (sweep, tmp_path / "whole"))
            assert ours.read_bytes() == theirs.read_bytes(), (job, name)
