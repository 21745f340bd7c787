"""The base of all image sets: which images are taken, and how pixels become numbers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple, Optional

import numpy as np

from gnicli import checks
from gnicli.checks import key
from gnicli.contracts.data import Data, Split
from gnicli.errors import UsageError
from gnicli.seeding import numpy_stream

_CHUNK = 4096  # images converted at a time, so that temporaries stay small
_TRAIN, _TEST = 0, 1


@dataclass
class Images:
    """Keys of every image set."""

    name: str = key("", "which data set")
    n_train: Optional[int] = key(None, "training images; default: all")
    n_test: Optional[int] = key(None, "test images; default: all")
    subset: str = key("first", "which images n_train and n_test take", choices=("first", "random"))
    inputs: str = key("unit", "scale of the pixels: [0, 1], or mean 0 and std 1", choices=("unit", "standardized"))

    def __post_init__(self) -> None:
        for name in ("n_train", "n_test"):
            if getattr(self, name) is not None:
                checks.integer(f"dataset.{name}", getattr(self, name), least=1)
        checks.choice("dataset.subset", self.subset, ("first", "random"))
        checks.choice("dataset.inputs", self.inputs, ("unit", "standardized"))


class Pixels(NamedTuple):
    """Raw images, unsigned bytes (n, channels, height, width), and labels (n,)."""

    images: np.ndarray
    labels: np.ndarray


def make_data(settings: Images, train: Sequence[Pixels], test: Sequence[Pixels], seed: int, white: int) -> Data:
    """Choose and scale images: float32 (n, c, h, w); labels int64 (n,).

    `train` and `test` are parts that follow one another. `unit` divides by `white`, the value of a full pixel.
    `standardized` then subtracts a mean and divides by a standard deviation, one of each per channel, over all pixels
    of the training images that were chosen. `subset=random` draws without replacement from the seed, and keeps the
    file's order. Raises `UsageError` when more images are asked for than there are.
    """
    splits = [_take(settings, part, seed, which, white) for which, part in ((_TRAIN, train), (_TEST, test))]
    if settings.inputs == "standardized":
        mean, std = _moments(splits[_TRAIN].inputs)
        for split in splits:
            for start in range(0, len(split.inputs), _CHUNK):
                chunk = split.inputs[start : start + _CHUNK]
                chunk -= mean
                chunk /= std
    return Data(splits[_TRAIN], splits[_TEST], "classification", 10)


def _take(settings: Images, parts: Sequence[Pixels], seed: int, which: int, white: int) -> Split:
    label = ("n_train", "n_test")[which]
    wanted = getattr(settings, label)
    available = sum(len(part.labels) for part in parts)
    if wanted is not None and wanted > available:
        split = ("training", "test")[which]
        raise UsageError(f"dataset.{label}={wanted} exceeds the {available} {split} images of {settings.name}")
    positions = _positions(settings.subset, available, available if wanted is None else wanted, seed, which)
    inputs = np.empty((len(positions), *parts[0].images.shape[1:]), np.float32)
    targets = np.empty(len(positions), np.int64)
    done = start = 0
    for part in parts:
        here = positions[(positions >= start) & (positions < start + len(part.labels))] - start
        _convert(part, here, white, inputs[done : done + len(here)], targets[done : done + len(here)])
        done, start = done + len(here), start + len(part.labels)
    return Split(inputs, targets)


def _positions(subset: str, available: int, wanted: int, seed: int, which: int) -> np.ndarray:
    if subset == "first" or wanted == available:
        return np.arange(wanted)
    # Three counters: the order of minibatches is keyed with fewer, so no stream is used twice.
    chosen = numpy_stream(seed, "data", which, 0, 0).choice(available, wanted, replace=False)
    return np.sort(chosen)


def _convert(part: Pixels, positions: np.ndarray, white: int, inputs: np.ndarray, targets: np.ndarray) -> None:
    targets[:] = part.labels[positions]
    contiguous = len(positions) and positions[-1] - positions[0] == len(positions) - 1

    def convert_chunk(start: int) -> None:
        some = positions[start : start + _CHUNK]
        raw = part.images[some[0] : some[-1] + 1] if contiguous else part.images[some]
        np.divide(raw, np.float32(white), out=inputs[start : start + _CHUNK], dtype=np.float32)

    # Most of the time goes into the first touch of up to a gigabyte of memory; two threads nearly halve it.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(convert_chunk, range(0, len(positions), _CHUNK)))


def _moments(inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation per channel, float32 (c, 1, 1), summed in float64; 1 where a channel is constant."""
    count = inputs.size / inputs.shape[1]
    chunks = [inputs[start : start + _CHUNK] for start in range(0, len(inputs), _CHUNK)]
    mean = np.sum([chunk.sum(axis=(0, 2, 3), dtype=np.float64) for chunk in chunks], axis=0) / count
    center = mean[:, None, None]
    squares = np.sum([((chunk - center) ** 2).sum(axis=(0, 2, 3)) for chunk in chunks], axis=0)
    std = np.sqrt(squares / count)
    std[std == 0] = 1.0
    return center.astype(np.float32), std[:, None, None].astype(np.float32)
