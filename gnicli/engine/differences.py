"""Settings of a sweep compared with its first one, paired by seed: differences with Student's intervals.

Runs of one seed have their data, initial weights and noise in common, so differences vary less than the means do. A
pair of which a run diverged or failed has no size. Such a setting has no mean difference: without these runs it would
look better than it is. It is ranked instead, with them as the worst.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gnicli.contracts.number_text import number_text
from gnicli.contracts.results import Curve, Headline, Panel, RunRecord, Table, Value
from gnicli.engine import headlines as declared
from gnicli.engine.summary import Group, aligned, half_width, mean_value

NONE = "no difference"
TITLE = "Differences, paired by seed"
_SEED = "seed"
_LOST = ("diverged", "failed")


class Compared(NamedTuple):
    """A setting against the reference: the pairs that have a size, and how many runs of each are lost in the others.

    `pairs` hold the run of the setting and that of the reference.
    """

    label: str
    reference: str
    pairs: list[tuple[RunRecord, RunRecord]]
    n_lost: int
    n_lost_of_reference: int

    @property
    def has_size(self) -> bool:
        """Whether means over the pairs have a meaning."""
        return len(self.pairs) > 1 and not self.n_lost and not self.n_lost_of_reference

    def values(self) -> dict[str, Value]:
        """The mean difference of each value, with its interval over seeds; none where runs are lost."""
        names = dict.fromkeys(name for run, _ in self.pairs for name in run.values) if self.has_size else {}
        found = {}
        for name in names:
            gaps = [_gap(run, other, name) for run, other in self.pairs]
            sizes = np.array([gap for gap in gaps if gap is not None])
            if len(sizes) == len(gaps):
                found[name] = mean_value(sizes, self.pairs[0][0].values[name].unit)
        return found

    def rank(self) -> str:
        """What lost runs say of the setting; "" where none is lost."""
        if not self.n_lost and not self.n_lost_of_reference:
            return ""
        told = [f"{self.n_lost} lost"] if self.n_lost else []
        told += [f"{self.n_lost_of_reference} lost of {self.reference}"] if self.n_lost_of_reference else []
        more = self.n_lost - self.n_lost_of_reference
        return f"{'worse' if more > 0 else 'better' if more < 0 else 'undecided'}: {', '.join(told)}"


def compared(settings: Sequence[Group]) -> list[Compared]:
    """Each setting but the first against the first, where they share two seeds at least."""
    if len(settings) < 2:
        return []
    first, *others = settings
    found = [_compared(group, first) for group in others]
    return [each for each in found if len(each.pairs) + each.n_lost + each.n_lost_of_reference > 1]


def _compared(group: Group, first: Group) -> Compared:
    partners = {run.overrides[_SEED]: run for run in first.records if _SEED in run.overrides}
    both = [(run, partners[seed]) for run in group.records if (seed := run.overrides.get(_SEED)) in partners]
    return Compared(
        group.label,
        first.label,
        [(run, other) for run, other in both if run.status == other.status == "completed"],
        sum(run.status in _LOST for run, _ in both),
        sum(other.status in _LOST for _, other in both),
    )


def _gap(run: RunRecord, other: RunRecord, name: str) -> float | None:
    values = [each.values[name].value for each in (run, other) if name in each.values]
    numbers = [value for value in values if isinstance(value, float | int)]
    return float(numbers[0] - numbers[1]) if len(numbers) == 2 else None


def values(found: Sequence[Compared]) -> dict[str, Value]:
    """All mean differences, named as in `test_loss above M=1 [M=4]`."""
    return {
        f"{name} above {each.reference} [{each.label}]": value
        for each in found
        for name, value in each.values().items()
    }


def table(found: Sequence[Compared], headlines: Sequence[Headline]) -> Table:
    """A row for each setting and headline value: pairs, the mean difference, its interval, or the rank of lost runs."""
    rows = []
    for each in found:
        means = each.values()
        if not means:
            n_pairs = len(each.pairs)
            rows.append((each.label, "", str(n_pairs), "", "", each.rank() or "too few pairs"))
        for name, words in declared.chosen(headlines, means).items():
            mean = means[name]
            interval = "" if mean.ci95 is None else " … ".join(f"{end:+.3g}" if end else "0" for end in mean.ci95)
            rows.append((each.label, words, str(mean.n), number_text(mean), interval, ""))
    reference = found[0].reference if found else ""
    return Table(("setting", "value", "pairs", f"minus {reference}", "95 % interval", "rank"), tuple(rows))


def curves(found: Sequence[Compared], metric: str) -> list[Curve]:
    """For each setting that has a size, the mean difference of a metric at the steps that all its pairs share."""
    drawn = []
    for each in found:
        if not each.has_size or not all(metric in run.metrics for pair in each.pairs for run in pair):
            continue
        gaps = []
        for pair in each.pairs:
            steps, both = aligned([run.metrics[metric] for run in pair])
            gaps.append((steps, both[0] - both[1]))
        x, y = aligned(gaps)
        if x.size:
            mean, half = y.mean(axis=0), half_width(y)
            drawn.append(
                Curve(f"{each.label} minus {each.reference}", x, mean, mean - half, mean + half, key=each.label)
            )
    return drawn


def panel(curves: Sequence[Curve], label: str, title: str = "") -> Panel:
    """A panel of differences along the steps, with the line where there is none."""
    ends = np.array([min(curve.x[0] for curve in curves), max(curve.x[-1] for curve in curves)], float)
    return Panel((*curves, Curve(NONE, ends, np.zeros(2), style="reference")), "step", label, title)
