"""Network, data and loss as commands set them up: what `gni train` and `gni gradient-noise` have in common.

This module imports nothing heavy: `--help` and completion read schemas that use it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, ClassVar, Optional, Protocol

from gnicli import checks
from gnicli.contracts.components import Dataset, Network
from gnicli.contracts.data import Data, Split
from gnicli.contracts.observer import Observer
from gnicli.errors import UsageError

if TYPE_CHECKING:
    import torch

LOSSES = ("mse", "cross_entropy")
LOSS_HELP = "loss; auto: mse for regression, cross_entropy for classes"
DTYPES = ("float32", "float64")
_MOST_THREADS = 1025
DEVICES = ("auto", "cpu", "cuda")
DEVICE_HELP = "device to compute on; cuda:1 is the second one"
_NETWORK, _DATA, _WORK, _FIRST_STEP = range(4)  # what global generators are keyed with
MINIBATCH = 128
FULL_UP_TO = 1024  # training examples that batch_size=auto takes all at once: the sinusoids; image sets have more
BATCH_HELP = f"auto, full or a number; auto: full up to {FULL_UP_TO:,} training examples, else {MINIBATCH}"


class Learning(Protocol):
    """The keys that commands with a network share, as a dataclass has them."""

    __dataclass_fields__: ClassVar[dict[str, Any]]
    dataset: Dataset
    network: Network
    M: int
    batch_size: Any
    loss: str
    dtype: str
    seed: int
    device: str
    threads: Optional[int]


def check(config: Learning) -> None:
    """Refuse values that are out of range, naming the key."""
    checks.integer("M", config.M, least=1)
    checks.at_most("M", config.M, checks.MOST_DRAWS)
    if config.threads is not None:
        checks.integer("threads", config.threads, least=1, below=_MOST_THREADS)
    if config.batch_size not in ("auto", "full"):
        if not isinstance(config.batch_size, int):
            raise UsageError(f"batch_size: expected auto, full or an integer >= 1, got {config.batch_size!r}")
        checks.integer("batch_size", config.batch_size, least=1)
    checks.choice("loss", config.loss, ("auto", *LOSSES))
    checks.choice("dtype", config.dtype, DTYPES)
    if not re.fullmatch(r"cuda:\d{1,4}", str(config.device)):
        checks.choice("device", config.device, DEVICES)
    checks.seed("seed", config.seed)


def loss_name(config: Learning, data: Data) -> str:
    """The loss by name; cross-entropy needs classes."""
    if config.loss == "auto":
        return "mse" if data.task == "regression" else "cross_entropy"
    if config.loss == "cross_entropy" and data.task == "regression":
        raise UsageError(f"loss=cross_entropy needs classes, and dataset={config.dataset.name} has none; use loss=mse")
    return config.loss


def batch_size(config: Learning, data: Data) -> int | None:
    """The batch size, None for the full batch; `auto` goes by the number of training examples alone."""
    n = len(data.train.inputs)
    if config.batch_size == "full":
        return None
    if config.batch_size == "auto":
        return None if n <= FULL_UP_TO else MINIBATCH
    if config.batch_size > n:
        raise UsageError(f"batch_size={config.batch_size} exceeds the {n} training examples; use batch_size=full")
    return int(config.batch_size)


def load(config: Learning, seed: int, observer: Observer) -> Data:
    """The data set; whatever it draws from global generators comes from the seed as well."""
    with reading(config.dataset, seed):
        found: Data = config.dataset.load(seed, observer)
    return found


def reading(component: Any, seed: int) -> AbstractContextManager[None]:
    """Within it what `component` draws from global generators comes from the seed."""
    from gnicli.seeding import isolated

    if is_foreign(component):
        import torch  # noqa: F401 - its generator is taken care of where it is loaded, and they may load it

    return isolated(seed, _DATA)


def is_foreign(*components: Any) -> bool:
    """Whether a component is from another package, which may draw from global generators whenever it is called."""
    return any(type(component).__module__.partition(".")[0] != "gnicli" for component in components)


def working(seed: int) -> AbstractContextManager[None]:
    """Within it whatever training or a measurement draws from global generators comes from the seed."""
    from gnicli.seeding import isolated

    return isolated(seed, _WORK)


def keying(config: Learning) -> Callable[[int], None]:
    """What gives the global generators the key of a step, for components from other packages."""
    from gnicli.seeding import key_global

    return lambda step: key_global(config.seed, _FIRST_STEP + step)


def module(config: Learning, data: Data) -> torch.nn.Module:
    """The network at its initialization, on the run's device."""
    import torch

    from gnicli.gradients.stages import require_forward
    from gnicli.seeding import isolated, torch_stream

    generator = torch_stream(config.seed, "init")
    with isolated(config.seed, _NETWORK):
        built: torch.nn.Module = config.network.build(
            data.train.inputs.shape[1:], data.n_outputs, generator, getattr(torch, config.dtype)
        )
    require_forward(built)
    return built.to(torch.device(config.device))


def tensors(config: Learning, split: Split) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets on the device; real numbers in the run's arithmetic, class labels as they are."""
    import torch

    def tensor(array: Any) -> torch.Tensor:
        found = torch.from_numpy(array)
        return found.to(
            torch.device(config.device), getattr(torch, config.dtype) if found.is_floating_point() else None
        )

    return tensor(split.inputs), tensor(split.targets)
