"""Folders as runs leave them, written in no time: what a listing reads, and no figures."""

import json
from pathlib import Path

import yaml

from gnicli.contracts.results import Value
from gnicli.engine import tables

PARTS = ("manifest.json", ".hydra/config.yaml", "results.json", "metrics.csv")
CONFIG = {"M": 1, "lr": 0.1, "seed": 0, "noise": {"name": "add", "std": None}, "threads": None, "run": {"dir": None}}


def make(
    folder,
    *overrides,
    status="completed",
    command="train",
    start="2026-11-20T10:00:00+00:00",
    config=None,
    results=None,
    curve=(0.5, 0.25),
    **manifest,
):
    """A run in `folder`; `config` changes single keys of `CONFIG`, `results` are numbers or values by name."""
    folder = Path(folder)
    (folder / ".hydra").mkdir(parents=True)
    whole = CONFIG | (config or {})
    found = {"train_loss": curve[-1] if curve else 0.25} if results is None else results
    values = {name: value if isinstance(value, Value) else Value(value) for name, value in found.items()}
    kept = {
        "format": 1, "status": status, "kind": "run", "command": command, "command_line": f"gni {command}",
        "overrides": list(overrides), "start": start, "host": "elsewhere", "pid": 1, "seed": whole["seed"],
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(kept | manifest))
    (folder / ".hydra" / "config.yaml").write_text(yaml.safe_dump(whole))
    (folder / "results.json").write_bytes(tables.encode_results(values))
    rows = "".join(f"{step},train_loss,{float(value)!r}\n" for step, value in enumerate(curve))
    (folder / "metrics.csv").write_text(f"step,name,value\n{rows}")
    return folder


def make_sweep(folder, *jobs, command="train", start="2026-11-20T10:00:00+00:00", **manifest):
    """A sweep in `folder` with a job for each mapping of arguments of `make`, whose `overrides` are its words."""
    folder = Path(folder)
    for number, job in enumerate(jobs):
        more = {key: value for key, value in job.items() if key != "overrides"}
        make(folder / str(number), *job.get("overrides", ()), command=command, start=start, **more)
    folder.mkdir(parents=True, exist_ok=True)
    kept = {
        "format": 1, "status": "completed", "kind": "sweep", "command": command, "command_line": f"gni {command} -m",
        "overrides": [], "start": start, "host": "elsewhere", "pid": 1, "n_jobs": len(jobs),
    }  # fmt: skip
    (folder / "manifest.json").write_text(json.dumps(kept | manifest))
    words = [list(job.get("overrides", ())) for job in jobs]
    plan = {"format": 1, "command": command, "hydra": [], "options": {}, "jobs": words}
    (folder / "jobs.json").write_text(json.dumps(plan))
    return folder


def lossy(folder, name):
    """Damage a file of a run in place, without a change of its size."""
    path = Path(folder) / name
    content = path.read_bytes()
    path.write_bytes(b"\xff" * len(content))
