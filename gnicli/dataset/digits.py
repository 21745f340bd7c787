"""`dataset=digits`: 1 797 handwritten digits of 8×8 pixels that come with scikit-learn; nothing to fetch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gnicli.checks import key
from gnicli.contracts.data import Data
from gnicli.contracts.observer import Observer
from gnicli.dataset.images import Images, Pixels, make_data

_TRAIN = 1437  # four fifths; scikit-learn's copy has no split of its own
_WHITE = 16


@dataclass
class Digits(Images):
    """Gray images 8×8, pixels 0 … 16: the first 1 437 for training, the last 360, by other writers, for testing."""

    name: str = key("digits", "1 797 digits of 8×8 pixels from scikit-learn")

    def load(self, seed: int, observer: Observer) -> Data:
        """Images float32 (n, 1, 8, 8), labels int64 (n,); `seed` decides a random subset."""
        from sklearn.datasets import load_digits

        observer.stage("reading digits")
        bunch = load_digits()
        images = bunch.images.astype(np.uint8)[:, None]
        train = Pixels(images[:_TRAIN], bunch.target[:_TRAIN])
        test = Pixels(images[_TRAIN:], bunch.target[_TRAIN:])
        return make_data(self, [train], [test], seed, _WHITE)


COMPONENT = Digits
