"""How long a run takes is told from its first steps, where that is long, and nowhere else."""

import pytest

from gnicli.training import pace
from gnicli.training.pace import Pace, Work, duration, forecast

SVHN = Work(examples=73_257, draws=16, per_epoch=1, minibatch=128)


def told_by(step_seconds, n_steps, work=SVHN, first=0):
    """What a run tells whose steps take so long, by a clock that only the steps move; and after how many steps."""
    clock, said = [0.0], []
    watch = Pace(work, said.append, clock=lambda: clock[0])
    for step in range(first, n_steps):
        watch.begin()
        clock[0] += step_seconds(step)
        watch.end(n_steps - step - 1)
        clock[0] += 1000.0  # evaluations and checkpoints between steps are not theirs
        if said:
            return said, step + 1 - first
    return said, None


@pytest.mark.parametrize(
    ("seconds", "n_steps", "is_told"),
    [
        (pace.LONG / 100, 101, False),  # what is left takes exactly as long as is not announced
        (pace.LONG / 100 * 1.001, 101, True),
        (67.0, 2000, True),
        (0.004, 1000, False),
        (pace.LONG * 2, 1, False),  # nothing is left when it is known
    ],
)
def test_a_run_is_announced_from_ten_minutes_on(seconds, n_steps, is_told):
    said, _ = told_by(lambda step: seconds, n_steps)
    assert bool(said) == is_told


def test_the_sentence_of_a_full_batch_of_images():
    (said,), after = told_by(lambda step: 67.0, 2000)
    assert (
        said == "1,999 steps of 73,257 examples × 16 draws: about 37 h; batch_size=128 makes a step 572 times cheaper"
    )
    assert after == 1


def test_a_slow_first_step_is_no_measure_of_short_ones():
    """Torch makes its threads in the first step; 1000 steps of 1 ms are no long run because of it."""
    assert told_by(lambda step: 1.5 if step == 0 else 0.001, 1000) == ([], None)
    said, after = told_by(lambda step: 1.5 if step == 0 else 1.0, 1000)
    assert after == 2
    assert "about 17 min" in said[0]


def test_it_is_decided_once():
    clock, said = [0.0], []
    watch = Pace(SVHN, said.append, clock=lambda: clock[0])
    for step in range(50):
        watch.begin()
        clock[0] += 0.001 if step < 20 else 100.0
        watch.end(100_000)
    assert said == []


def test_a_resumed_run_tells_what_is_left():
    (said,), _ = told_by(lambda step: 67.0, 2000, first=1900)
    assert said.startswith("99 steps of 73,257 examples × 16 draws: about 1.8 h")


@pytest.mark.parametrize(
    ("work", "n_left", "advice"),
    [
        (Work(512, 1, 1, 128), 3600, "batch_size=128 makes a step 4 times cheaper"),
        (Work(511, 1, 1, 128), 3600, "Ctrl-C stops and keeps it, gni resume goes on"),
        (Work(200, 16, 1, 128), 3600, "M=1 makes a step 16 times cheaper"),
        (Work(128, 16, 600, 128), 3600, "epochs=1 takes about 10 min"),
        (Work(128, 16, 600, 128), 600, "M=1 makes a step 16 times cheaper"),
        (Work(128, 1, 600, 128), 600, "Ctrl-C stops and keeps it, gni resume goes on"),
    ],
)
def test_what_takes_less_is_named(work, n_left, advice):
    assert forecast(work, n_left, 1.0).rpartition("; ")[2] == advice


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (50, "50 s"),
        (89, "89 s"),
        (90, "2 min"),
        (5399, "90 min"),
        (5400, "1.5 h"),
        (7200, "2 h"),
        (35_800, "9.9 h"),
        (36_000, "10 h"),
        (71.4 * 3600, "71 h"),
        (72 * 3600, "3 days"),
    ],
)
def test_durations(seconds, text):
    assert duration(seconds) == text
