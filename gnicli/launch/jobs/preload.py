"""What the server has loaded that jobs are forked from, so that a job starts in tenths of a second.

Importing these modules computes nothing: a process that is forked after torch has computed may hang.
"""

from __future__ import annotations

from gnicli.engine import machine
from gnicli.engine.jobs import processes
from gnicli.launch import commands

# torch imports its compiler when an optimizer takes its first step; matplotlib its backends when it draws.
_TORCH = ("torch", "torch._dynamo")
_ALL = (
    "gnicli.engine.execute", "gnicli.engine.drawing.backend",
    "gnicli.engine.drawing.figure", "matplotlib.figure", "matplotlib.style", "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg", "matplotlib.font_manager", "rich.progress", "scipy.special", "filelock",
    "filelock._unix", "safetensors.numpy", "gnicli.experiments.idle", "gnicli.engine.sweep_records",
)  # fmt: skip
_OF_COMMAND = {
    "train": (
        *_TORCH, "torch.profiler._cupti_monitor", "sklearn.datasets", "gnicli.experiments.about.train",
        "gnicli.training.loop", "gnicli.training.pace", "gnicli.training.pictures", "gnicli.training.room",
        "gnicli.gradients.noisy", "gnicli.gradients.room", "gnicli.gradients.evaluation",
    ),
    "gradient-noise": (*_TORCH, "scipy.stats"),
    "fit-stable": ("scipy.stats", "scipy.optimize"),
    "simulate-sde": ("scipy.stats",),
    "kde-stationary": ("scipy.stats",),
}  # fmt: skip


def modules(command: str) -> list[str]:
    """What jobs of a command import."""
    return [*_ALL, *_OF_COMMAND.get(command, ()), commands.module(command).__name__, "gnicli.launch.jobs.loaded"]


def start(command: str, threads: int | None) -> None:
    """Start the server for jobs of `command`, and return while it loads."""
    processes.warm_up(modules(command), threads or machine.threads_of_a_job())
