"""What real runs show in terminals of 80 and 60 columns and in a pipe, held against the report of the same run.

One process makes all runs, each on the screen named with it, so that large libraries are imported once.
"""

import fcntl
import html
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import NamedTuple

import pytest

DRIVER = """
import fcntl, json, os, struct, sys, termios
from gnicli.engine import figures
figures.write = lambda folder, drawn, *_: dict(drawn)  # they take longer than the runs
from gnicli.cli import main
terminal = os.dup(1)
for number, (width, words) in enumerate(json.loads(sys.argv[1])):
    if width:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
        os.dup2(terminal, 1), os.dup2(terminal, 2)
    else:
        for stream in (1, 2):
            os.dup2(os.open(f"{sys.argv[2]}/{number}.{stream}", os.O_CREAT | os.O_WRONLY), stream)
    os.write(1, b"\\x1e")
    code = main(words)
    sys.stdout.flush(), sys.stderr.flush()
    os.write(1, b"\\x1f%d" % code)
"""
FIT = ("fit-stable", "samples.n=400", "n_bootstrap=5", "seed=0")
SDE = ("simulate-sde", "n_chains=20", "n_steps=300", "burn_in=100", "exit_steps=100", "seed=0")
KDE = ("kde-stationary", "n_chains=20", "n_steps=300", "burn_in=100", "seed=0")
TRAIN = ("train", "dataset=sinusoids", "steps=12", "seed=0", "network.width=8")
LAYERS = ("gradient-noise", "dataset=sinusoids", "measure.n_draws=20", "network.depth=1", "network.width=4", "seed=0")
SWEEP = (*SDE[:-1], "-m", "epsilon=0.2,0.4", "seed=0,1", "alpha=1.5")
RUNS = {
    (name, width): words
    for name, words, widths in (
        ("fit", FIT, (80, 60, 0)),
        ("sde", SDE, (80, 60)),
        ("kde", KDE, (60, 0)),
        ("train", TRAIN, (80, 0)),
        ("layers", LAYERS, (60,)),
        ("sweep", SWEEP, (80,)),
        ("sweep", (*SWEEP, "hydra/launcher=basic"), (60,)),
    )
    for width in widths
}
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?![\w.])")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
RULE = re.compile(r" *─[─ ]*")


class Screen(NamedTuple):
    """What a run left on a screen, `shown` what it drew there over time, and the report that it wrote."""

    code: int
    lines: list[str]
    shown: list[str]
    report: str

    def tables(self):
        """The lines of each table, which has a rule below its head and ends at an empty line."""
        found = []
        for number, line in enumerate(self.lines):
            if RULE.fullmatch(line):
                first = last = number
                while first and self.lines[first - 1].strip():
                    first -= 1
                while last + 1 < len(self.lines) and self.lines[last + 1].strip():
                    last += 1
                found.append(range(first, last + 1))
        return found

    def after(self):
        """The lines between the last table and the path."""
        return [line for line in self.lines[self.tables()[-1][-1] + 1 : -1] if line.strip()]


def plain(markdown):
    """The text that Markdown shows."""
    return html.unescape(markdown.replace("\\", ""))


def screen_of(text):
    body, _, code = text.partition("\x1f")
    drawn = CONTROL.sub("", body).replace("\r\n", "\n")
    lines = [line.rpartition("\r")[2].rstrip() for line in drawn.rstrip().split("\n")]
    report = Path(lines[-1]) / "report.md"
    return Screen(int(code), lines, re.split(r"[\r\n]", drawn), report.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def screens(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screens")
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 80, 0, 0))
    env = {**os.environ, "GNI_OUTPUTS": str(folder / "outputs"), "TERM": "xterm", "OMP_NUM_THREADS": "1"}
    for name in ("COLUMNS", "NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "GNI_DATA_DIR"):
        env.pop(name, None)
    runs = json.dumps([(width, words) for (_, width), words in RUNS.items()])
    command = [sys.executable, "-c", DRIVER, runs, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave, env=env):
        os.close(slave)
        text = b"".join(iter(lambda: _read(master), b"")).decode()
    os.close(master)
    on_terminal = iter(text.split("\x1e")[1:])
    found = {}
    for number, key in enumerate(RUNS):
        if key[1]:
            found[key] = screen_of(next(on_terminal))
        else:
            out, err = ((folder / f"{number}.{stream}").read_text(encoding="utf-8") for stream in (1, 2))
            found[key] = screen_of(err + out.removeprefix("\x1e"))
    return found


def _read(master):
    try:
        return os.read(master, 65536)
    except OSError:  # how Linux says that the other end is closed
        return b""


@pytest.fixture(params=RUNS, ids=lambda key: f"{key[0]}-{key[1] or 'pipe'}")
def key(request):
    return request.param


def numbers(text):
    return set(NUMBER.findall(text))


def test_the_run_ends_with_its_path(screens, key):
    assert screens[key].code == 0
    assert screens[key].lines[-1].startswith("/")


def test_no_table_is_wider_than_the_terminal_and_no_number_is_broken(screens, key):
    screen, width = screens[key], key[1]
    assert screen.tables()
    in_report = numbers(screen.report)
    for table in screen.tables():
        for line in (screen.lines[number] for number in table):
            assert len(line) <= (width or 1000)
            assert numbers(line) <= in_report
            assert line.count("±") == len(re.findall(r"\d ± \d", line))


def test_what_a_table_lacks_is_counted_and_the_rest_is_all_there(screens, key):
    screen = screens[key]
    text = "\n".join(screen.lines)
    result = screen.report.partition("\n## Result\n")[2].partition("\n## ")[0]
    own = [line for line in result.split("\n") if line.startswith("|")]
    assert own
    missing = numbers("\n".join(own)) - numbers(text)
    left_out = re.findall(r"\d (columns?|values?) more in report\.md", text)
    assert bool(left_out) >= bool(missing)
    assert key[1] or not any(word.startswith("column") for word in left_out)


def test_sentences_follow_the_tables_and_are_few(screens, key):
    screen = screens[key]
    if key[0] == "sweep" or not key[1]:  # a sweep has none, and in a file the order of two streams is not known
        return
    assert all(len(line) <= key[1] for line in screen.after())
    told = " ".join(screen.after())
    in_report = [plain(line[2:]) for line in screen.report.split("\n") if line.startswith("- ")]
    said = [sentence for sentence in in_report if sentence in told]
    n_warnings = len(re.findall(r"^- ", screen.report.partition("## Warnings")[2].partition("\n## ")[0], re.M))
    assert said == in_report[: len(said)]  # warnings are the first in the report
    assert n_warnings <= len(said) <= max(3, n_warnings)
    assert len(said) == len(in_report) or f"{len(in_report) - len(said)} sentence" in told


def test_progress_keeps_to_its_line(screens, key):
    drawn = [line for line in screens[key].shown if re.search(r"(step|sample) \d+/\d+", line)]
    assert drawn or key[0] == "sweep"
    assert all(len(line) < (key[1] or 1000) for line in drawn)


def test_a_fit_is_shown_before_it_is_tested(screens):
    shown = "\n".join(screens["fit", 80].shown)
    assert shown.index("Stable law (S1), n = 400") < shown.index("bootstrap sample 1/5") < shown.index("Laws compared")


NOT_MIXED = ("the chains have not mixed", "the effective sample size")


@pytest.mark.parametrize("width", [80, 60])
def test_chains_that_have_not_mixed_are_told_first_in_runs(screens, width):
    sentences = [line for line in screens["sde", width].after() if not line.endswith("more in report.md")]
    assert sentences[0].startswith(NOT_MIXED)


def test_a_sweep_in_one_process_announces_each_job_and_tells_its_end_and_its_warnings(screens):
    for job in range(4):
        mine = [line for line in screens["sweep", 60].lines if line.startswith(f"job {job} ")]
        assert mine[0].startswith(f"job {job} ({job + 1} of 4): ")
        assert "completed" in mine[1]
        assert mine[2].partition(": ")[2].startswith(NOT_MIXED)


def test_a_sweep_in_processes_has_a_table_of_running_jobs_and_tells_the_warnings_of_each(screens):
    screen = screens["sweep", 80]
    assert screen.lines[0].startswith("4 jobs, ")
    for job in range(4):
        assert any(line.startswith(f"job {job}  epsilon=0.") for line in screen.shown)
        warnings = [line for line in screen.lines if line.startswith(f"job {job} epsilon=0.")]
        assert warnings[0].partition(": ")[2].startswith(NOT_MIXED)


@pytest.mark.parametrize("width", [80, 60])
def test_a_sweep_shows_its_settings_with_errors_before_its_jobs(screens, width):
    screen = screens["sweep", width]
    settings, differences, jobs = ("\n".join(screen.lines[n] for n in table) for table in screen.tables())
    assert settings.count("epsilon=") == 2
    assert "±" in settings
    assert "pairs" in differences
    assert jobs.count("epsilon=") == 4
