"""`dataset=mnist`: 60 000 / 10 000 handwritten digits, 28×28 (LeCun, Cortes, Burges).

Sizes and sums as torchvision, TensorFlow Datasets and Keras declare them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from gnicli.checks import key
from gnicli.contracts.data import Data
from gnicli.contracts.observer import Observer
from gnicli.dataset.downloaded import Downloaded, Published
from gnicli.dataset.formats import idx
from gnicli.dataset.images import Pixels, make_data
from gnicli.errors import DataError

_COUNTS = {"train": 60_000, "test": 10_000}
_PIXELS = 28 * 28
_GZIP_SLACK = 1 << 16  # what gzip may add to bytes that it cannot compress, and the file's header
_WHITE = 255


def _published(role: str, name: str, size: int, sha256: str) -> Published:
    split, kind = role.split("_")
    return Published(role, name, size, sha256, _COUNTS[split] * (_PIXELS if kind == "images" else 1) + _GZIP_SLACK)


@dataclass
class Mnist(Downloaded):
    """Gray images 28×28."""

    name: str = key("mnist", "70 000 handwritten digits of 28×28 pixels; fetched once, 11.6 MB")

    PUBLISHED = (
        _published(
            "train_images",
            "train-images-idx3-ubyte.gz",
            9912422,
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        _published(
            "train_labels",
            "train-labels-idx1-ubyte.gz",
            28881,
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
        _published(
            "test_images",
            "t10k-images-idx3-ubyte.gz",
            1648877,
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        _published(
            "test_labels",
            "t10k-labels-idx1-ubyte.gz",
            4542,
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    )
    SERVERS = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )

    def load(self, seed: int, observer: Observer) -> Data:
        """Images float32 (n, 1, 28, 28), labels int64 (n,); fetches what is absent. `DataError` on any fault."""
        return make_data(self, [self._split("train", observer)], [self._split("test", observer)], seed, _WHITE)

    def _split(self, split: str, observer: Observer) -> Pixels:
        images = self._read(f"{split}_images", idx.read_images, observer)
        labels = self._read(f"{split}_labels", idx.read_labels, observer)
        if len(images) != len(labels):
            raise DataError(
                f"mnist: {len(images):,} {split} images but {len(labels):,} labels; the files do not match"
                f"{self._half_given(split)}"
            )
        return Pixels(images[:, None], labels)

    def _half_given(self, split: str) -> str:
        """What to do where only one of a split's two files has a sum of the user's."""
        roles = {f"{split}_images", f"{split}_labels"}
        given = roles & set(self.sha256 or {})
        if len(given) != 1:
            return ""
        (missing,) = roles - given
        return f"; dataset.sha256 has {min(given)} alone: give {missing} too, the sum of the file that belongs to it"

    def _read(
        self, role: str, read: Callable[[BinaryIO, str, int, int | None], np.ndarray], observer: Observer
    ) -> np.ndarray:
        wanted = self.wanted(next(file.name for file in self.PUBLISHED if file.role == role))
        count = _COUNTS[role.split("_")[0]]
        with self.open(wanted, observer) as stream:
            return read(stream, wanted.name, count, self.exactly(role, count))


COMPONENT = Mnist
