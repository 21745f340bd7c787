"""Values from a file, chunk by chunk, made into the array that is fitted: finite, within memory, thinned if asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from gnicli import memory
from gnicli.contracts.observer import Observer
from gnicli.errors import DataError, ResourceError, UsageError, shown
from gnicli.seeding import numpy_stream

# What `gni fit-stable` was seen to hold at its most for every value (docs/fit-stable.md), the value included.
BYTES_PER_VALUE = 110
MOST_GROUPS = 1000
LONGEST_LABEL = 1000  # bytes: a column with longer ones holds text, not labels


class Collector:
    """One sample. `place` puts the position of a value into words ("line 42")."""

    def __init__(
        self,
        source: str,
        max_n: int | None,
        drop_nonfinite: bool,
        rng: np.random.Generator,
        place: Callable[[int], str],
    ) -> None:
        self.source, self.max_n, self.drop_nonfinite, self.place = source, max_n, drop_nonfinite, place
        self.n_seen, self.n_bad, self.first_bad = 0, 0, -1
        self._rng = rng
        self._values: list[np.ndarray] = []
        self._ranks: list[np.ndarray] = []
        self._n_kept = 0
        self._room = memory.available()

    def expect(self, n: int) -> None:
        """Raise `ResourceError` if `n` values, thinned as asked, are more than memory can hold."""
        needed = (n if self.max_n is None else min(n, 2 * self.max_n)) * BYTES_PER_VALUE
        if self._room is not None and needed > self._room:
            raise ResourceError(
                f"{self.source}: fitting {n:,} values needs about {needed / 1e9:.3g} GB of memory, "
                f"{self._room / 1e9:.3g} GB are free; samples.max_n={max(50, self._room // BYTES_PER_VALUE // 4)} "
                "fits a random part of them"
            )

    def add(self, values: np.ndarray, places: Sequence[int] | np.ndarray) -> None:
        """More values (float32 or float64) and where they stand."""
        finite = np.isfinite(values)
        self.n_seen += values.size
        if not finite.all():
            if self.first_bad < 0:
                self.first_bad = int(places[int(np.argmin(finite))])
            self.n_bad += int(values.size - finite.sum())
            values = values[finite]
        self._values.append(np.array(values))
        self._n_kept += values.size
        if self.max_n is not None:
            self._ranks.append(self._rng.random(values.size))
            if self._n_kept > 2 * self.max_n:
                self._thin(self.max_n)
        self.expect(self._n_kept)

    def _thin(self, n: int) -> None:
        """Keep the `n` values with the least ranks, in their order: a random part, whatever the chunks."""
        values, ranks = np.concatenate(self._values), np.concatenate(self._ranks)
        if values.size > n:
            kept = np.sort(np.argpartition(ranks, n - 1)[:n])
            values, ranks = values[kept], ranks[kept]
        self._values, self._ranks, self._n_kept = [values], [ranks], values.size

    def finish(self, observer: Observer, group: str = "", lacking: str = "not finite") -> np.ndarray:
        """The sample. Raises `DataError` where there is none, or values are not finite and were not to be dropped.

        `lacking` is what is said of those.
        """
        name = f"{self.source}, {group}" if group else self.source
        if self.n_bad:
            told = f"{self.n_bad} of {self.n_seen} values are {lacking} (first: {self.place(self.first_bad)})"
            if not self.drop_nonfinite:
                raise DataError(f"{name}: {told}; samples.drop_nonfinite=true leaves them out")
            observer.note(f"{name}: {told}; left out")
        if not self._n_kept:
            raise DataError(f"{name}: no values")
        if self.max_n is not None:
            n_before = self.n_seen - self.n_bad
            self._thin(self.max_n)
            if n_before > self.max_n:
                observer.note(f"{name}: a random {self.max_n} of {n_before} values are fitted (samples.max_n)")
        values = self._values[0] if len(self._values) == 1 else np.concatenate(self._values)
        self._values = []
        return values


class Groups:
    """One `Collector` per group, made as groups turn up."""

    def __init__(self, source: str, max_n: int | None, drop_nonfinite: bool, seed: int, observer: Observer) -> None:
        self.source = source
        self.observer = observer
        self.noun: Callable[[int], str] = "line {}".format
        self.lacking = "not finite"
        self._make: Callable[[int], Collector] = lambda k: Collector(
            source, max_n, drop_nonfinite, numpy_stream(seed, "sample", k), self.noun
        )
        self._found: dict[str, Collector] = {}

    def __getitem__(self, group: str) -> Collector:
        if group not in self._found:
            if len(self._found) == MOST_GROUPS:
                raise UsageError(
                    f"{self.source}: more than {MOST_GROUPS} groups; samples.group= names a column of labels"
                )
            if len(shown(group).encode()) > LONGEST_LABEL:
                raise UsageError(
                    f"{self.source}: a label has {len(group)} characters ({group[:40]}…); results are "
                    f"named by labels of at most {LONGEST_LABEL} bytes"
                )
            self._found[group] = self._make(len(self._found))
        return self._found[group]

    def add(
        self, values: np.ndarray, places: Sequence[int] | np.ndarray, labels: Sequence[str] | np.ndarray | None = None
    ) -> None:
        """Values with the label of each, or all of the one group there is."""
        if labels is None:
            self[""].add(values, places)
            return
        names, first, of = np.unique(np.asarray(labels, dtype=str), return_index=True, return_inverse=True)
        places = np.asarray(places)
        for k in np.argsort(first):
            chosen = of == k
            self[str(names[k])].add(values[chosen], places[chosen])

    def finish(self) -> dict[str, np.ndarray]:
        """The samples by group, in the order of their first values; names without control characters."""
        names = {group: shown(group) for group in self._found}
        if len(set(names.values())) < len(names):
            raise DataError(f"{self.source}: labels differ in characters that cannot be shown alone; rename them")
        return {
            names[group]: found.finish(self.observer, names[group], self.lacking)
            for group, found in self._found.items()
        }
