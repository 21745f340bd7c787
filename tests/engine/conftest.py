import fake_experiment as fake
import pytest


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """An undisturbed run."""
    return fake.start(tmp_path_factory.mktemp("whole") / "run").folder
