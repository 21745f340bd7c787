"""What every test starts from."""

import signal

import pytest
from hypothesis import HealthCheck, settings

# Limits on the time of an example and of its making fail on a busy machine, and say nothing on what is tested.
settings.register_profile("gni", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("gni")


@pytest.fixture(autouse=True, scope="session")
def one_picture_of_a_figure():
    """Draw each figure as PNG alone: PDF and SVG take most of the time of many small runs.

    Tests that ask for `all_formats` get the three, as do processes that tests start.
    """
    from gnicli.engine import figures

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "WRITTEN", ("png",))
        yield


@pytest.fixture
def pictures():
    """Have figures drawn in spite of `undrawn`, which fixtures of many tests use."""


@pytest.fixture
def undrawn(request, monkeypatch):
    """Write the data of figures and not their pictures, which take longer than most small runs."""
    if "pictures" not in request.fixturenames:
        monkeypatch.setattr("gnicli.engine.figures._draw_files", lambda *_: None)


@pytest.fixture(scope="module")
def all_formats():
    """Draw figures as runs do, to the end of the module."""
    from gnicli.engine import figures

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(figures, "WRITTEN", tuple(figures.FORMATS))
        yield


def pytest_configure():
    """Hear the signals that whoever started pytest has it ignore: nohup SIGHUP, a script that goes on with `&` SIGINT.

    gni leaves an ignored signal ignored, and a process hands on what it ignores to those it starts. Tests of signals
    would wait for an end that never comes.
    """
    for name in ("SIGHUP", "SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2"):
        if signal.getsignal(getattr(signal, name)) is signal.SIG_IGN:
            signal.signal(getattr(signal, name), signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL)
