"""Whether the stable law models the tails better than the Gaussian, over the seeds of each setting (figure 3)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gnicli.contracts.number_text import with_error
from gnicli.contracts.results import RunRecord
from gnicli.engine.summary import groups, mean_value

NAME = "tail_gain_stable"


def sentences(records: Sequence[RunRecord]) -> list[str]:
    """One for each setting of two seeds or more: better or worse where Student's 95 % interval excludes 0."""
    said = []
    for group in groups(records):
        found = [r.values[NAME].number for r in group.records if r.status == "completed" and NAME in r.values]
        if len(found) < 2:
            continue
        mean = mean_value(np.array(found))
        assert mean.ci95 is not None
        low, high = mean.ci95
        verdict = "better than" if low > 0 else "worse than" if high < 0 else "neither better nor worse than"
        where = f"{group.label}: " if group.label else ""
        size = with_error(mean.number, mean.stderr)
        known = "" if low > 0 or high < 0 else ", which does not mean as well as it"
        said.append(
            f"{where}the stable law predicts the tails (the outer 5 % of the samples) {verdict} the Gaussian: by "
            f"{size} nats a sample that neither fit has seen, over {mean.n} seeds{known}"
        )
    return said
