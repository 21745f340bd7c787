"""Sweeps whose jobs have processes of their own: the same bytes however many run at once, also after a SIGKILL."""

import json
import os
import time

TRAIN = (
    "dataset=digits", "network.width=16", "network.depth=2", "noise=mult", "M=2", "batch_size=50", "steps=12",
    "run.checkpoint_steps=5",
)  # fmt: skip
FIT = ("samples.n=200", "n_bootstrap=20", "seed=range(6)")
RESULTS = ("results.json", "metrics.csv", "arrays.npz", "checkpoint.safetensors", ".hydra/config.yaml")


def products(sweep, n_jobs):
    files = [sweep / str(job) / name for job in range(n_jobs) for name in RESULTS]
    return {str(path.relative_to(sweep)): path.read_bytes() for path in files if path.exists()}


def test_results_do_not_depend_on_how_many_jobs_run_at_once(gni, tmp_path):
    found = {}
    for how in ("hydra/launcher=basic", "hydra.launcher.n_jobs=1", "hydra.launcher.n_jobs=2"):
        folder = tmp_path / how.replace("/", "-")
        words = [how] if "basic" in how else ["hydra/launcher=local", how]
        said = gni("train", "-m", "seed=0,1", *TRAIN, *words, f"hydra.sweep.dir={tmp_path / 'outputs' / folder.name}")
        assert said.code == 0, said.err
        found[how] = products(tmp_path / "outputs" / folder.name, 2)
        manifest = json.loads((tmp_path / "outputs" / folder.name / "1" / "manifest.json").read_text())
        assert manifest["threads"] == int(os.environ.get("OMP_NUM_THREADS", "1"))
        assert manifest["pid"] != os.getpid() or "basic" in how
    first, *others = found.values()
    assert len(first) > 6
    assert all(other == first for other in others)


def test_a_sweep_whose_process_is_killed_is_completed_from_its_folder(gni, start, tmp_path):
    """Killed when its second job has ended; no job is run twice, and every result is that of an undisturbed sweep."""
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    process = start("fit-stable", "-m", *FIT, "hydra.launcher.n_jobs=2", f"run.dir={killed}")
    deadline = time.monotonic() + 120
    while len(list(killed.glob("*/results.json"))) < 2 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    process.communicate()
    finished = {path.parent.name for path in killed.glob("[0-9]/manifest.json") if '"completed"' in path.read_text()}
    said = gni("sweep", "resume", killed, "--n-jobs", "2")
    assert said.code == 0, said.err
    assert gni("fit-stable", "-m", *FIT, f"run.dir={whole}").code == 0
    ours, theirs = products(killed, 6), products(whole, 6)
    del_place = {name for name in ours if name.endswith("config.yaml")}  # which names the folder of the sweep
    assert {k: v for k, v in ours.items() if k not in del_place} == {
        k: v for k, v in theirs.items() if k not in del_place
    }
    for job in range(6):
        log = (killed / str(job) / "run.log").read_text()
        assert log.count(" started: ") == 1
        assert not (str(job) in finished and " resumed: " in log)
    assert json.loads((killed / "manifest.json").read_text())["status"] == "completed"
