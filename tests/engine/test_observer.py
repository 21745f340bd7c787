"""The observer costs next to nothing per step, saves when it should, and shows progress wherever it is."""

import io
import time

import numpy as np
import pytest
from rich.console import Console

from gnicli import errors
from gnicli.contracts.observer import State
from gnicli.contracts.results import Value
from gnicli.engine import checkpoint, display, table_text, tables
from gnicli.engine import observer as module
from gnicli.engine.signals import StopRequest
from gnicli.errors import Interrupted


class Clock:
    def __init__(self, monkeypatch):
        self.now = 1000.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)


@pytest.fixture
def make():
    """Makes an observer that draws into `shown`; its file is closed at the end."""
    writers = []

    def call(folder, stop=None, shown=None, **named):
        writers.append(tables.MetricsWriter(folder / "metrics.csv"))
        return made(folder, writers[-1], stop, shown, **named)

    yield call
    for writer in writers:
        writer.close()


def made(folder, writer, stop, shown, **named):
    return module.RunObserver(
        folder,
        {"seed": 1},
        writer,
        shown or display.Display(live=False),
        stop or StopRequest(),
        lambda text: None,
        **named,
    )


def state(step):
    return State(step, {"a": np.array(step)})


def test_a_step_costs_under_one_percent_of_a_millisecond(tmp_path, make):
    observer = make(tmp_path)
    n, costs = 20000, []
    for _ in range(5):
        begin = time.perf_counter()
        for step in range(1, n + 1):
            observer.step_done(step, n + 1, lambda: None, train_loss=0.5)
        costs.append((time.perf_counter() - begin) / n)
    assert min(costs) < 1e-5


@pytest.mark.parametrize("every", [None, 4])
def test_checkpoints_by_steps_by_time_and_at_the_end(tmp_path, monkeypatch, every, make):
    clock = Clock(monkeypatch)
    observer = make(tmp_path, checkpoint_steps=every, checkpoint_seconds=10.0)
    saved = []
    for step in range(1, 31):
        clock.now += 1.5
        observer.step_done(step, 30, lambda step=step: state(step))
        if not saved or saved[-1] != observer.saved_step:
            saved.append(observer.saved_step)
    if every:
        assert saved == [None, 4, 8, 12, 16, 20, 24, 28, 30]
    else:  # 7 steps of 1.5 s are the first to reach 10 s
        assert saved == [None, 7, 14, 21, 28, 30]
    assert checkpoint.read_state(tmp_path).step == 30


def test_what_is_to_be_kept_is_saved_at_once(tmp_path, monkeypatch, make):
    Clock(monkeypatch)
    stop = StopRequest()
    observer = make(tmp_path, stop, checkpoint_seconds=1e9)
    assert stop.at_once  # so far a signal would lose nothing
    for step in (1, 2):
        observer.keep(state(step))
        assert checkpoint.read_state(tmp_path).step == step
    assert not stop.at_once


def test_steps_are_counted_as_what_was_asked(tmp_path, monkeypatch, make, capsys):
    """The first part of 10 steps counts to 10; the 4 exits that follow count from 0."""
    clock = Clock(monkeypatch)
    observer = make(tmp_path, checkpoint_seconds=1e9)
    for text, before, total in (("step", 0, 10), ("exits from -1: step", 10, 4)):
        observer.counting(text, before, total)
        for step in range(before + 1, before + total + 1):
            clock.now += 1.0
            observer.step_done(step, 14, lambda: None)
    lines = [line.partition("  ")[0] for line in capsys.readouterr().err.splitlines()]
    assert lines[0] == "step 1/10"
    assert "step 10/10" in lines
    assert lines[-1] == "exits from -1: step 4/4"
    assert not any("/14" in line for line in lines)


def test_rows_reach_the_file_within_a_second_and_before_a_checkpoint(tmp_path, monkeypatch, make):
    clock = Clock(monkeypatch)
    observer = make(tmp_path, checkpoint_steps=5)
    for step in range(1, 8):
        clock.now += 0.3
        observer.metrics(step, {"loss": 1.0 / step})
        observer.step_done(step, 100, lambda step=step: state(step))
        rows = len(tables.read_metrics(tmp_path / "metrics.csv").get("loss", [[]])[0])
        assert rows == {1: 0, 2: 0, 3: 0, 4: 4, 5: 5, 6: 5, 7: 5}[step]
    found = checkpoint.load(tmp_path, {"seed": 1}, lambda text: None)
    assert len((tmp_path / "metrics.csv").read_bytes()[: found.metrics_bytes].splitlines()) == 6


def test_a_clock_set_back_changes_nothing(tmp_path, monkeypatch, make):
    observer = make(tmp_path, checkpoint_steps=2)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    for step in range(1, 5):
        observer.step_done(step, 4, lambda step=step: state(step))
    assert observer.saved_step == 4


def test_a_request_to_stop_saves_and_names_the_step(tmp_path, make):
    stop = StopRequest()
    observer = make(tmp_path, stop)
    observer.step_done(1, 100, lambda: state(1))
    observer.stage("fine")
    stop.requested = True
    with pytest.raises(Interrupted, match=r"^stopped at step 2; saved\. Go on with: gni resume "):
        observer.step_done(2, 100, lambda: state(2))
    for go_on in (
        lambda: observer.stage("x"),
        lambda: observer.progress("x", 1, 2),
        lambda: observer.step_done(3, 9, lambda: None),
    ):
        with pytest.raises(Interrupted, match=r"^stopped; last saved at step 2\. Go on with: gni resume "):
            go_on()
    assert checkpoint.read_state(tmp_path).step == 2


# -------------------------------------------------------------------------------------------------------------- display


def console(width, **named):
    return Console(file=io.StringIO(), force_terminal=True, width=width, **named)


@pytest.mark.parametrize("width", [12, 40, 80, 200])
def test_a_live_line_fits_the_terminal(width):
    terminal = console(width)
    parts = ["step 812/2000", "train_loss=0.1234", "850 step/s", "0:00:02 left"]
    line = display.progress_line(parts, 812, 2000, terminal)
    terminal.print(line)
    text = line.plain
    assert terminal.file.getvalue().count("\n") == 1
    assert parts[0][: width - 2] in text
    assert len(text) < width
    assert ("train_loss=0.1234" in text) == (width >= 40)
    assert all(part in text for part in parts) == (width >= 80)
    assert (text.count("━"), text.count("─")) == {80: (4, 6), 200: (12, 18)}.get(width, (0, 0))


def test_live_progress_redraws_one_line_and_leaves_none(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    terminal = console(80, color_system="standard")
    shown = display.Display(live=True, console=terminal)
    shown.stage("reading svhn")
    for step in range(1, 4):
        shown.update("step", step, 3, "step", {"train_loss": 0.5})
    shown.note("a choice was made")
    shown.close()
    text = terminal.file.getvalue()
    assert "reading svhn" in text
    assert "train_loss=0.5" in text
    assert "a choice was made" in text
    assert "\x1b[36m" in text  # colored
    assert text.rstrip().endswith("\x1b[2K")  # the live line is erased at the end


@pytest.mark.parametrize("kind", ["note", "advise"])
def test_what_stays_is_broken_at_words_in_a_terminal_and_whole_elsewhere(kind, capsys):
    path = "/home/somebody/" + "a-long-name/" * 5 + "returns.csv"
    text = (
        f"{path}: 2,500 rows read, column return; the first line is a header, and 3 rows without a number are left out"
    )
    terminal = console(60, highlight=False)
    shown = display.Display(live=True, console=terminal)
    getattr(shown, kind)(text)
    lines = terminal.file.getvalue().splitlines()
    assert " ".join(lines) == text
    assert lines[0] == f"{path}:"
    assert all(len(line) < 60 for line in lines[1:])
    getattr(display.Display(live=False), kind)(text)
    assert capsys.readouterr().err == text + "\n"
    getattr(display.Silent(), kind)(text)
    assert capsys.readouterr() == ("", "")


BREAKS = ("\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029")  # as `str.splitlines` has them


def test_no_text_breaks_its_line_itself(capsys):
    """What breaks lines is escaped before the line is: one in a text is neither a break nor a blank."""
    rng = np.random.default_rng(11)
    for _ in range(200):
        text = "".join(rng.choice([*BREAKS, "word", "two", "-"], rng.integers(1, 12)).tolist())
        terminal = console(20, highlight=False)
        display.Display(live=True, console=terminal).note(text)
        display.Display(live=False).note(text)
        (plain,) = capsys.readouterr().err.splitlines()
        assert terminal.file.getvalue().splitlines() == [plain] == [errors.shown(text)]
    for blank in ("", "  "):
        terminal = console(20)
        display.Display(live=True, console=terminal).note(blank)
        assert terminal.file.getvalue() == "\n"


def test_no_color(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = console(80, color_system="standard")
    shown = display.Display(live=True, console=terminal)
    for step in (1, 2):
        shown.update("step", step, 3, "step", {})
    shown.close()
    assert "━" in terminal.file.getvalue()
    assert "\x1b[36m" not in terminal.file.getvalue()


def test_plain_lines_come_every_tenth_or_every_30_seconds(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    shown = display.Display(live=False)
    for step in range(1, 101):
        clock.now += 1.0
        shown.update("step", step, 100, "step", {"loss": 2.0})
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == ["1/100", *(f"{step}/100" for step in range(10, 101, 10))]
    assert lines[5] == "step 50/100  loss=2  1 step/s  0:00:50 left"
    for step in range(1, 101):
        clock.now += 7.0
        shown.update("draw", step, None, "draw", {})
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in lines] == [str(step) for step in range(6, 101, 5)]  # 35 s apart
    assert all("left" not in line for line in lines)


def test_a_terse_display_is_silent_but_for_notes_and_long_waits(monkeypatch, capsys):
    clock = Clock(monkeypatch)
    shown = display.Display(live=False, terse=True)
    shown.stage("reading")
    for step in range(1, 101):
        clock.now += 0.5
        shown.update("step", step, 100, "step", {})
    shown.note("kept")
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == ["step", "kept"]


def test_tables_survive_an_ascii_terminal(monkeypatch, capsys):
    class Ascii(io.TextIOWrapper):
        pass

    out = Ascii(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    table_text.print_table(table_text.results_table({"α [b]": Value(1.0, 0.1)}))
    table_text.print_path("/some/where")
    out.flush()
    text = out.buffer.getvalue().decode("ascii")
    assert "1.00 +- 0.10" in text
    assert "[b]" in text
    assert text.endswith("/some/where\n")


@pytest.mark.parametrize(("rate", "text"), [(850.4, "850 step/s"), (3.21, "3.21 step/s"), (0.5, "2 s/step"), (0, "")])
def test_rates(rate, text):
    assert display.rate_text(rate, "step") == text
