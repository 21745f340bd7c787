"""What of the machine a run gets (device, threads), and the config it is handed and that is kept."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gnicli.errors import ResourceError

if TYPE_CHECKING:
    from omegaconf import DictConfig


def choose(config: Mapping[str, Any], saved: Mapping[str, Any]) -> tuple[str, int | None]:
    """The device and the number of threads of a run: as configured, else as saved, else torch's choice.

    `saved` is the manifest of a run that is resumed, or empty: it goes on where it began, or its digits would change.

    torch is imported only for a config that has something to ask it. Raises `ResourceError` for `device=cuda` without
    CUDA.
    """
    threads = config.get("threads")
    if threads is None:
        threads = saved.get("threads")
    asked = config.get("device")
    if asked is None and threads is None:
        return "cpu", None
    import torch

    available = torch.cuda.is_available()
    if asked == "cuda" and not available:
        version = torch.__version__
        raise ResourceError(f"CUDA not available (torch {version}); use device=cpu or device=auto")
    device = asked or "cpu"
    if device == "auto":
        device = "cuda" if available and saved.get("device") != "cpu" else "cpu"
    return device, torch.get_num_threads() if threads is None else int(threads)


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


def with_device(cfg: DictConfig, device: str) -> DictConfig:
    """A copy of the config for the experiment, with the device that `auto` came to."""
    from omegaconf import open_dict, read_write

    resolved = copy.deepcopy(cfg)
    if "device" in resolved:
        with read_write(resolved), open_dict(resolved):
            resolved.device = device
    return resolved


def settings(config: dict[str, Any], overrides: Sequence[str], hydra_config: Any) -> dict[str, bytes]:
    """The files of `.hydra/`: the plain config as it was given, the overrides, and Hydra's own part if there is one."""
    from omegaconf import OmegaConf

    content = {"config.yaml": config, "overrides.yaml": list(overrides)}
    if hydra_config is not None:
        content["hydra.yaml"] = {"hydra": hydra_config}
    return {name: OmegaConf.to_yaml(OmegaConf.create(part)).encode() for name, part in content.items()}  # type: ignore[call-overload]
