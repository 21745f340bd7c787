import pytest
from loopback import Server

from gnicli.dataset.download import Limits


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Every test has a data cache of its own, and the network allowed."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("GNI_DATA_DIR", str(folder))
    monkeypatch.delenv("GNI_OFFLINE", raising=False)
    return folder


@pytest.fixture
def served(tmp_path):
    """A folder, and the server that serves it."""
    folder = tmp_path / "served"
    folder.mkdir()
    with Server(folder) as server:
        yield server


@pytest.fixture
def impatient():
    return Limits(timeout=0.5, window=0.3, least_rate=2000.0, attempts=4)
