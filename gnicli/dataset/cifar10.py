"""`dataset=cifar10`: 50 000 / 10 000 photographs of ten kinds of things, 32×32 in color (Krizhevsky, 2009).

The binary archive is the one that is fetched. The python archive is accepted where it lies already, since many have it;
it holds pickles, so its sum is checked at each load, stamp or not.
"""

from __future__ import annotations

from dataclasses import dataclass

from gnicli.checks import key
from gnicli.contracts.data import Data
from gnicli.contracts.observer import Observer
from gnicli.dataset import store
from gnicli.dataset.downloaded import Downloaded, Published
from gnicli.dataset.formats import cifar
from gnicli.dataset.images import Pixels, make_data
from gnicli.dataset.store import Wanted

_PER_FILE = 10_000
_WHITE = 255
_BINARY, _PYTHON = "cifar-10-binary.tar.gz", "cifar-10-python.tar.gz"
_MOST = 6 * _PER_FILE * (cifar.EACH + 64) + (1 << 20)  # labels, file names, headers, and what gzip may add


@dataclass
class Cifar10(Downloaded):
    """Color images 32×32 of ten classes."""

    name: str = key("cifar10", "60 000 photographs of 32×32 color pixels in ten classes; fetched once, 170 MB")

    PUBLISHED = (
        Published(
            "archive",
            _BINARY,
            170052171,
            "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
            _MOST,
        ),
        Published(
            "archive",
            _PYTHON,
            170498071,
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            _MOST,
            optional=True,
        ),
    )
    SERVERS = ("https://www.cs.toronto.edu/~kriz/",)

    def needed(self) -> tuple[Wanted, ...]:
        """The binary archive, or the python archive where only that one is there and whole."""
        binary, python = self.wanted(_BINARY), self.wanted(_PYTHON)
        whole = ("present", "verified")
        if store.condition(binary) not in whole and store.condition(python) in whole:
            return (python,)
        return (binary,)

    def load(self, seed: int, observer: Observer) -> Data:
        """Images float32 (n, 3, 32, 32), labels int64 (n,), in the order of the five training files.

        Fetches the binary archive where neither is there. `DataError` on any fault.
        """
        (wanted,) = self.needed()
        read = cifar.read_binary
        if wanted.name == _PYTHON:
            read = cifar.read_python
            store.verify(wanted, observer)
        with self.open(wanted, observer) as stream:
            batches = read(stream, wanted.name, self.exactly("archive", _PER_FILE))
        train = [Pixels(*batches[name]) for name in cifar.TRAIN]
        return make_data(self, train, [Pixels(*batches[cifar.TEST])], seed, _WHITE)


COMPONENT = Cifar10
