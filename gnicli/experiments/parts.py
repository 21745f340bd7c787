"""A run of several simulations, one after another, with one progress bar and one checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gnicli.contracts.observer import Observer, SilentObserver, State, arrays_of, joined_arrays

_RECORDS = 50  # rows in metrics.csv per part


class Parts:
    """Hands out an observer for each part. A checkpoint holds the states of the parts so far, also the finished ones.

    `sizes` are the parts' steps by name, in the order in which they run; `words` say what is counted in some of them.
    """

    def __init__(self, observer: Observer, sizes: Mapping[str, int], words: Mapping[str, str] | None = None) -> None:
        self.observer = observer
        self.sizes = dict(sizes)
        self.total = sum(sizes.values())
        self._words = dict(words or {})
        self._states: dict[str, Callable[[], State | None]] = {}
        saved = observer.restore()
        self._saved = {} if saved is None else {name: _part(saved, name) for name in saved.values["steps"]}

    def observe(self, name: str) -> Observer:
        """The observer for a part; all parts before it are finished."""
        before = sum(self.sizes[other] for other in list(self.sizes)[: list(self.sizes).index(name)])
        self.observer.counting(self._words.get(name, "step"), before, self.sizes[name])
        return _PartObserver(self, name, before)

    def saved(self, name: str) -> State | None:
        """The state of a part that a resumed run goes on from."""
        state = self._saved.pop(name, None)
        if state is not None:
            self._states[name] = lambda: state
        return state

    def done(
        self, name: str, offset: int, step: int, make_state: Callable[[], State | None], shown: Mapping[str, float]
    ) -> None:
        """A step of a part is done."""
        self._states[name] = make_state

        def joined() -> State | None:
            states = {part: make() for part, make in self._states.items()}
            if any(state is None for state in states.values()):
                return None
            whole = {part: state for part, state in states.items() if state is not None}
            arrays = joined_arrays({part: state.arrays for part, state in whole.items()})
            return State(offset + step, arrays, {"steps": {part: state.step for part, state in whole.items()}})

        self.observer.step_done(offset + step, self.total, joined, **shown)


def _part(saved: State, name: str) -> State:
    return State(int(saved.values["steps"][name]), arrays_of(name, saved.arrays))


class _PartObserver(SilentObserver):
    """What a simulation sees of `Parts`; what it shows goes into metrics.csv every 50th of its way."""

    def __init__(self, parts: Parts, name: str, offset: int) -> None:
        super().__init__()
        self._parts, self._name, self._offset = parts, name, offset
        self._recorded = 0

    def restore(self) -> State | None:
        """The part's own state."""
        state = self._parts.saved(self._name)
        if state is not None:
            self._recorded = _mark(state.step, self._parts.sizes[self._name])
        return state

    def step_done(self, step: int, total: int, make_state: Callable[[], State | None], **shown: float) -> None:
        """Pass on, counted from the beginning of the run."""
        mark = _mark(step, total)
        if mark > self._recorded:
            self._recorded = mark
            values = {f"{self._name}/{key}": value for key, value in shown.items()}
            self._parts.observer.metrics(self._offset + step, values)
        self._parts.done(self._name, self._offset, step, make_state, shown)


def _mark(step: int, total: int) -> int:
    return step * _RECORDS // total
