"""In a terminal a line appears before anything heavy is imported, and is gone before anything else is shown."""

import io
from types import SimpleNamespace

import pytest

from gnicli.engine import display, first_line


class Terminal(io.StringIO):
    def isatty(self):
        return True


def _as_stderr(monkeypatch, stream):
    """Between a fixture and its test pytest puts its own stream into `sys`, so the modules get this one."""
    for module in (first_line, display):
        monkeypatch.setattr(module, "sys", SimpleNamespace(stderr=stream))
    return stream


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(first_line, "_is_shown", False)
    return _as_stderr(monkeypatch, Terminal())


def test_a_run_is_announced_before_hydra_is_imported(terminal, monkeypatch):
    from gnicli.launch import components, run_hydra

    def stop(*_):
        raise RuntimeError(terminal.getvalue())

    monkeypatch.setattr(components, "register", stop)
    with pytest.raises(RuntimeError, match="gni train: reading the configuration"):
        run_hydra.launch("train", ["M=2"])


def test_what_only_shows_something_is_not_announced(terminal, monkeypatch):
    from gnicli.launch import run_hydra

    monkeypatch.setattr(first_line, "show", lambda text: pytest.fail(text))
    assert run_hydra.launch("train", ["--cfg", "job"]) == 0


def test_the_line_is_taken_away_once(terminal):
    first_line.clear()
    assert terminal.getvalue() == ""
    first_line.show("working")
    assert "working" in terminal.getvalue()
    first_line.clear()
    cleared = terminal.getvalue()
    assert cleared.endswith("\r\x1b[K")
    first_line.clear()
    assert terminal.getvalue() == cleared


def test_a_display_takes_it_away(terminal):
    first_line.show("working")
    display.Display(live=False).note("done")
    assert terminal.getvalue().endswith("\r\x1b[Kdone\n")


@pytest.mark.parametrize("kind", ["dumb", ""])
def test_a_terminal_that_rewrites_no_line_gets_none(terminal, monkeypatch, kind):
    monkeypatch.setenv("TERM", kind)
    first_line.show("working")
    assert terminal.getvalue() == ""


def test_a_log_gets_no_such_line(monkeypatch):
    stream = _as_stderr(monkeypatch, io.StringIO())
    first_line.show("working")
    assert stream.getvalue() == ""
