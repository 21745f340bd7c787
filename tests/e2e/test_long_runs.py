"""Before a long run starts it says what it will be: on the screen alone, in sweeps and when it is resumed."""

import itertools

import pytest

from gnicli.training import pace

WORDS = ("train", "dataset=digits", "batch_size=full", "network.depth=1", "network.width=4", "threads=1", "steps=4")


@pytest.fixture
def slow_clock(monkeypatch):
    """A clock on which every step takes ten minutes."""
    monkeypatch.setattr(pace.Pace.__init__, "__defaults__", (itertools.count(0.0, 600.0).__next__,))


def test_a_long_run_says_so_and_keeps_nothing_of_it(gni, outputs, tmp_path, slow_clock):
    said = gni(*WORDS, "M=3", f"run.dir={tmp_path / 'slow'}")
    assert said.code == 0, said.err
    assert "3 steps of 1,437 examples × 3 draws: about 30 min; batch_size=128 makes a step 11 times cheaper" in said.err
    kept = "".join(
        path.read_text() for path in (tmp_path / "slow").iterdir() if path.suffix in (".md", ".json", ".log")
    )
    assert "about 30 min" not in kept


def test_a_short_run_says_nothing(gni, outputs):
    said = gni(*WORDS)
    assert said.code == 0, said.err
    assert "about" not in said.err


def test_each_job_of_a_sweep_says_it(gni, outputs, slow_clock):
    said = gni(*WORDS, "-m", "M=2,3")
    assert said.code == 0, said.err
    for job, draws in enumerate((2, 3)):
        assert f"job {job}: 3 steps of 1,437 examples × {draws} draws: about 30 min" in said.err


@pytest.mark.parametrize("objective", ["clean", "explicit"])
def test_draws_are_told_where_there_are_some(gni, outputs, slow_clock, objective):
    said = gni(*WORDS, f"objective={objective}")
    assert "3 steps of 1,437 examples: about 30 min" in said.err


def test_a_resumed_run_tells_what_is_left(gni, outputs, tmp_path, slow_clock, monkeypatch):
    from gnicli.training.loop import Loop

    folder, step = tmp_path / "run", Loop._step

    def broken(self, number):
        if number == 2:
            raise RuntimeError("the power went")
        return step(self, number)

    monkeypatch.setattr(Loop, "_step", broken)
    assert gni(*WORDS, "run.checkpoint_steps=1", f"run.dir={folder}").code == 1
    monkeypatch.setattr(Loop, "_step", step)
    said = gni("resume", folder)
    assert said.code == 0, said.err
    assert "1,437 examples: about" not in said.err  # ten minutes are not more than ten
    monkeypatch.setattr(pace, "LONG", 599.0)
    monkeypatch.setattr(Loop, "_step", broken)
    assert gni(*WORDS, "run.checkpoint_steps=1", f"run.dir={tmp_path / 'again'}").code == 1
    monkeypatch.setattr(Loop, "_step", step)
    assert "1 step of 1,437 examples: about 10 min" in gni("resume", tmp_path / "again").err
