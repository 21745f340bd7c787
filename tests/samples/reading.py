"""What the tests of reading share."""

import numpy as np

from gnicli.contracts.observer import SilentObserver
from gnicli.engine.tables import read_parquet
from gnicli.samples.file import FileSamples

X = np.random.default_rng(3).standard_t(2, 300)


def load(path, observer=None, seed=0, kind=FileSamples, **keys):
    return kind(path=str(path), **keys).load(seed, observer or SilentObserver(), read_parquet)


def written(tmp_path, content, name="x.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path
