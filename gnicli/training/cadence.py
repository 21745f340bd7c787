"""How often the clean losses are recorded, decided by sizes alone, so that equal runs have equal records everywhere."""

from __future__ import annotations

import math

RECORDS = 50  # intervals between records where they cost next to nothing
SHARE = 0.1  # examples evaluated for each example trained on, at most, where this leaves more than the fewest records
FEWEST = 6  # records of a run, its ends included: a curve of two points says nothing


def trained_examples(steps: int, n_train: int, batch_size: int | None) -> int:
    """Examples that `steps` steps take the gradient of, in one draw of the noise; None is the full batch."""
    if batch_size is None:
        return steps * n_train
    per_epoch = math.ceil(n_train / batch_size)
    epochs, rest = divmod(steps, per_epoch)
    return epochs * n_train + min(rest * batch_size, n_train)


def default_every(steps: int, n_train: int, n_test: int, batch_size: int | None) -> int:
    """Steps between records: 1/50 of the run, more where more examples would be evaluated than a tenth of the trained.

    With T the examples trained on and E = n_train + n_test those of one record, the run has at most T/(10 E) records or
    6, whichever is more, the first and the last included. The draws M of a step are not counted, though each costs as
    much as the examples do: arms of a sweep that differ in M have their records at the same steps.
    """
    allowed = int(SHARE * trained_examples(steps, n_train, batch_size)) // (n_train + n_test)
    return max(1, steps // RECORDS, math.ceil(steps / (max(FEWEST, allowed) - 1)))


def every_of(given: float | None, steps: int, n_train: int, n_test: int, batch_size: int | None) -> int:
    """Steps between records: a number of steps as it is, a fraction of the run below 1 in steps, None the default."""
    if given is None:
        return default_every(steps, n_train, n_test, batch_size)
    return int(given) if given >= 1 else max(1, math.floor(given * steps + 1e-9))
