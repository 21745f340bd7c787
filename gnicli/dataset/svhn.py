"""`dataset=svhn`: 73 257 / 26 032 house-number digits, 32×32 in color (Netzer et al., 2011).

Sizes and sums as torchvision and TensorFlow Datasets declare them. The server speaks plain http only, so the sum is all
that protects the files.
"""

from __future__ import annotations

from dataclasses import dataclass

from gnicli.checks import key
from gnicli.contracts.data import Data
from gnicli.contracts.observer import Observer
from gnicli.dataset.downloaded import Downloaded, Published
from gnicli.dataset.formats.matlab import read_svhn
from gnicli.dataset.images import Pixels, make_data
from gnicli.dataset.store import Wanted

_COUNTS = {"train": 73_257, "test": 26_032, "extra": 531_131}
_EACH = 32 * 32 * 3 + 1
_WHITE = 255


def _published(role: str, size: int, sha256: str) -> Published:
    # Pixels that do not compress grow by 5 bytes in 16 000, and there is room for MATLAB's own headers.
    most = _COUNTS[role] * _EACH * 1001 // 1000 + (1 << 16)
    return Published(role, f"{role}_32x32.mat", size, sha256, most, optional=role == "extra")


@dataclass
class Svhn(Downloaded):
    """Color images 32×32; the label is the digit in the middle."""

    name: str = key("svhn", "99 289 house-number digits of 32×32 color pixels; fetched once, 246 MB")
    extra: bool = key(False, "train on the 531 131 easier extra images too (1.3 GB to fetch, 8 GB of memory)")

    PUBLISHED = (
        _published("train", 182040794, "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
        _published("test", 64275384, "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
        _published("extra", 1329278602, "a133a4beb38a00fcdda90c9489e0c04f900b660ce8a316a5e854838379a71eb3"),
    )
    SERVERS = ("http://ufldl.stanford.edu/housenumbers/",)

    def needed(self) -> tuple[Wanted, ...]:
        """Train and test, and extra when it is asked for."""
        return self.everything() if self.extra else super().needed()

    def load(self, seed: int, observer: Observer) -> Data:
        """Images float32 (n, 3, 32, 32), labels int64 (n,), `extra` after `train`; fetches what is absent.

        `DataError` on any fault of a file.
        """
        train = [self._read(role, observer) for role in ("train", *(["extra"] if self.extra else []))]
        return make_data(self, train, [self._read("test", observer)], seed, _WHITE)

    def _read(self, role: str, observer: Observer) -> Pixels:
        wanted = self.wanted(f"{role}_32x32.mat")
        with self.open(wanted, observer) as stream:
            return Pixels(*read_svhn(stream, wanted.name, _COUNTS[role], self.exactly(role, _COUNTS[role])))


COMPONENT = Svhn
