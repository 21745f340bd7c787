"""How often the clean losses are recorded: a matter of sizes, a tenth of training at most, but six records always."""

import numpy as np
import pytest

from gnicli.training import cadence
from gnicli.training.batches import Batches


def records(steps, every):
    """The steps at which `training.loop.Loop` evaluates."""
    return sorted({0, steps, *range(every, steps, every)})


def sizes(seed, n=4000):
    rng = np.random.default_rng(seed)
    for _ in range(n):
        n_train, n_test = (int(x) for x in np.exp(rng.uniform(0, np.log(1e5), 2)))
        batch = None if rng.random() < 0.3 else int(rng.integers(1, n_train + 1))
        yield int(np.exp(rng.uniform(0, np.log(1e5)))), max(1, n_train), max(1, n_test), batch


def test_the_examples_of_a_run_are_those_of_its_batches():
    for steps, n_train, _, batch in sizes(0, 200):
        steps, n_train = min(steps, 500), min(n_train, 300)
        batch = batch and min(batch, n_train)
        batches = Batches(n_train, batch, seed=0)
        seen = sum(n_train if (i := batches.indices(step)) is None else len(i) for step in range(steps))
        assert cadence.trained_examples(steps, n_train, batch) == seen


def test_evaluated_examples_are_a_tenth_of_those_trained_on_at_most_save_for_six_records():
    n_more = 0
    for steps, n_train, n_test, batch in sizes(1):
        every = cadence.default_every(steps, n_train, n_test, batch)
        evaluated = len(records(steps, every)) * (n_train + n_test)
        trained = cadence.trained_examples(steps, n_train, batch)
        assert every >= max(1, steps // 50)
        if evaluated > 0.1 * trained:
            n_more += 1
            assert len(records(steps, every)) <= 6  # what is left where even these are more
            assert len(records(steps, every)) == 6 or steps < 25  # of few steps some are not cut in five
        else:
            # No coarser than it must be: one step less between records would be too much, or more than 1/50 of the run.
            finer = len(records(steps, every - 1)) if every > 1 else 0
            too_much = finer * (n_train + n_test) > 0.1 * trained or every - 1 < steps // 50
            assert every == 1 or too_much or finer == len(records(steps, every))
    assert 100 < n_more < 3900  # both cases were met


@pytest.mark.parametrize(
    ("given", "every"), [(None, 40), (7.0, 7), (1.0, 1), (5000.0, 5000), (0.02, 40), (0.5, 1000), (1e-9, 1)]
)
def test_a_number_of_steps_or_a_fraction_of_the_run(given, every):
    assert cadence.every_of(given, 2000, 200, 200, None) == every


def test_fractions_come_out_as_they_are_meant():
    """In binary 0.29 · 100 is 28.999…"""
    assert cadence.every_of(0.29, 100, 200, 200, None) == 29
    assert all(cadence.every_of(0.02, steps, 9, 9, None) == max(1, steps // 50) for steps in range(1, 3000))
