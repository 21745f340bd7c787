"""What noise that is injected remembers between steps, and tells at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from gnicli.contracts.observer import arrays_of, joined_arrays
from gnicli.contracts.results import Value


class Remembers(Protocol):
    """Has a state on which later steps depend, and values and sentences for the end."""

    def state(self) -> dict[str, np.ndarray]:
        """The state on which later steps depend, as arrays."""
        ...

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        ...

    def values(self) -> dict[str, Value]:
        """Headline values."""
        ...

    def warnings(self) -> tuple[str, ...]:
        """Sentences for the report."""
        ...


class Nothing:
    """Of what is neither fitted nor counted."""

    def state(self) -> dict[str, np.ndarray]:
        """No state: an empty mapping."""
        return {}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Restore nothing."""

    def values(self) -> dict[str, Value]:
        """No values."""
        return {}

    def warnings(self) -> tuple[str, ...]:
        """No sentence."""
        return ()


class OfMaker:
    """Of a gradient function whose noise somebody else makes: what the maker remembers."""

    def __init__(self, maker: Remembers) -> None:
        self._remembered = maker

    def state(self) -> dict[str, np.ndarray]:
        """The state that a resumed run needs besides the weights."""
        return joined_arrays({"inject": self._remembered.state()})

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        self._remembered.restore({name: np.array(array) for name, array in arrays_of("inject", arrays).items()})

    def values(self) -> dict[str, Value]:
        """Headline values: the counts of the fits."""
        return self._remembered.values()

    def warnings(self) -> tuple[str, ...]:
        """Sentences for the report."""
        return self._remembered.warnings()
