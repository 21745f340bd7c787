"""Standard output and standard error that cannot be written to: the work that they tell of is not lost."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from gnicli.streams import Spared, lost

FIT = ("fit-stable", "samples.n=60", "n_bootstrap=0", "seed=0", "holdout=0", "run.pictures=none")
SWEEP = ("fit-stable", "-m", "samples.n=60", "n_bootstrap=0", "seed=0,1", "holdout=0", "run.pictures=none")


def run(words, redirection, tmp_path):
    """`gni <words>` behind a shell's redirection."""
    command = f'exec "$@" {redirection}'
    env = {**os.environ, "GNI_OUTPUTS": str(tmp_path / "outputs")}
    shell = ["sh", "-c", command, "sh", sys.executable, "-m", "gnicli", *words]
    return subprocess.run(shell, capture_output=True, text=True, env=env, check=False)


def statuses(tmp_path):
    return {json.loads(path.read_text())["status"] for path in (tmp_path / "outputs").rglob("manifest.json")}


@pytest.mark.parametrize("words", [("data", "list"), ("train", "--help"), ("train", "--cfg", "job"), FIT], ids=" ".join)
def test_a_full_disk_behind_standard_output_is_told_in_one_line(tmp_path, words):
    done = run(words, ">/dev/full", tmp_path)
    assert done.returncode == 6, done.stderr
    assert done.stderr.splitlines()[-1] == "gni: error: cannot write to standard output: no space left on device"
    assert statuses(tmp_path) == ({"completed"} if words == FIT else set())


@pytest.mark.parametrize(
    ("words", "closed"), [(("data", "list"), ">&-"), (("data", "list"), "2>&-"), (FIT, "<&- >&- 2>&-")]
)
def test_closed_streams_change_nothing(tmp_path, words, closed):
    done = run(words, closed, tmp_path)
    assert (done.returncode, statuses(tmp_path)) == (0, {"completed"} if words == FIT else set())
    assert done.stderr == ""


def test_a_sweep_whose_reader_leaves_is_whole(tmp_path):
    """Progress, tables and paths go into a pipe that is closed after its first line."""
    command = f"set -o pipefail; {shlex.join([sys.executable, '-m', 'gnicli', *SWEEP])} 2>&1 | head -1"
    env = {**os.environ, "GNI_OUTPUTS": str(tmp_path / "outputs")}
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=env, check=False)
    assert done.returncode == 0, done.stderr
    (report,) = (tmp_path / "outputs" / "fit-stable").glob("*/*/report.md")
    assert (report.parent / "sweep.csv").exists()
    assert statuses(tmp_path) == {"completed"}


def test_after_its_first_error_a_stream_swallows_the_rest():
    reading, writing = os.pipe()
    with open(writing, "w", encoding="ascii") as plain:
        stream = Spared.over(plain)
        stream.write("½\n")
        assert lost(stream) is None
        assert os.read(reading, 99) == b"\\xbd\n"
        os.close(reading)
        for _ in range(3):
            stream.write("gone\n" * 10_000)
            stream.flush()
        assert isinstance(lost(stream), BrokenPipeError)
