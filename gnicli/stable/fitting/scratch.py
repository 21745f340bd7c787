"""Memory that each thread keeps: fresh memory for every call costs as much as the work in it (page faults)."""

from __future__ import annotations

import math
import threading

import numpy as np

_LINE = 64  # bytes of a cache line
_REMEMBERED = 64  # kinds of calls, whose arrays are made once


class Scratch(threading.local):
    """One piece of memory, handed to whoever works next: what the last one wrote is still in the cache."""

    def __init__(self) -> None:
        self._memory = np.empty(0, dtype=np.uint8)
        self._views: dict[tuple[tuple[tuple[int, ...], np.typing.DTypeLike], ...], list[np.ndarray]] = {}

    def arrays(self, *wanted: tuple[tuple[int, ...], np.typing.DTypeLike]) -> list[np.ndarray]:
        """Arrays of these shapes and dtypes, to be written; until the next call, which hands the same memory out."""
        found = self._views.get(wanted)
        if found is None:
            if len(self._views) >= _REMEMBERED:
                self._views.clear()
            found = self._views[wanted] = self._made(wanted)
        return found

    def _made(self, wanted: tuple[tuple[tuple[int, ...], np.typing.DTypeLike], ...]) -> list[np.ndarray]:
        starts, end = [], 0
        for shape, dtype in wanted:
            starts.append(end)
            end += -(-math.prod(shape) * np.dtype(dtype).itemsize // _LINE) * _LINE
        if end > self._memory.size:
            self._memory = np.empty(end, dtype=np.uint8)
            self._views.clear()  # of the memory before
        return [
            np.frombuffer(self._memory, dtype, math.prod(shape), start).reshape(shape)
            for start, (shape, dtype) in zip(starts, wanted, strict=True)
        ]


scratch = Scratch()
