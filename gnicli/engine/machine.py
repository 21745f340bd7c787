"""The device and the threads of a run."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

from gnicli.engine.manifest import Manifest
from gnicli.errors import ResourceError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Config = TypeVar("Config", bound="DataclassInstance")
_MOST_NAMED = 1024


def choose(config: Mapping[str, object], saved: Manifest) -> tuple[str, int | None]:
    """The device and the number of threads of a run: as configured, else as saved, else torch's choice.

    `saved` is the manifest of a run that is resumed, or empty: it goes on where it began, or its digits would change.

    torch is imported only for a config that has something to ask it. Raises `ResourceError` for `device=cuda` without
    CUDA, and for `device=cuda:N` where torch sees no such device.
    """
    typed, asked = config.get("threads"), config.get("device")
    threads = typed if isinstance(typed, int) else saved.get("threads")
    if asked is None and threads is None:
        return "cpu", None
    import torch

    available = torch.cuda.is_available()
    if isinstance(asked, str) and asked.startswith("cuda"):
        _require_cuda(asked, torch.cuda.device_count() if available else 0, torch.__version__)
    device = str(asked or "cpu")
    if device == "auto":
        device = "cuda" if available and saved.get("device") != "cpu" else "cpu"
    return device, torch.get_num_threads() if threads is None else threads


def _require_cuda(asked: str, n_devices: int, version: str) -> None:
    """`ResourceError` where there is no CUDA, or not so many devices."""
    if not n_devices:
        listed = os.environ.get("CUDA_VISIBLE_DEVICES")
        hidden = "" if listed is None else f", with CUDA_VISIBLE_DEVICES={listed!r}"
        raise ResourceError(f"CUDA not available (torch {version}{hidden}); use device=cpu or device=auto")
    if int(asked.partition(":")[2] or 0) >= n_devices:
        seen = "one CUDA device, cuda:0" if n_devices == 1 else f"CUDA devices 0 … {n_devices - 1}"
        raise ResourceError(
            f"device={asked}: torch sees {seen}; CUDA_VISIBLE_DEVICES in the environment decides which ones it sees"
        )


def threads_of_a_job() -> int:
    """The threads of a job of a sweep where none are configured: those that the environment names, else one.

    Sums depend on the number of threads in their last digits. So it depends neither on how many jobs run at once nor
    on how many cores there are.
    """
    named = os.environ.get("OMP_NUM_THREADS", "")
    return int(named) if named.isascii() and named.isdecimal() and 0 < int(named) <= _MOST_NAMED else 1


def of_a_job(config: Mapping[str, object]) -> Manifest:
    """What a job of a sweep begins with in place of torch's choice: the number of threads, if torch computes it."""
    return {"threads": threads_of_a_job()} if config.get("device") is not None else {}


@contextlib.contextmanager
def torch_threads(n: int | None) -> Iterator[None]:
    """Set torch's threads for one run: the next job of a sweep starts with what this one found."""
    if n is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def with_device(config: Config, device: str) -> Config:
    """The config for the experiment: the same dataclass with the device that `auto` came to, if it has one."""
    if not any(field.name == "device" for field in dataclasses.fields(config)):
        return config
    return dataclasses.replace(config, device=device)
