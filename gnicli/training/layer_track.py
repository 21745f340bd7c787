"""The base of the members of `track=`: a record of numbers for each layer during training."""

from __future__ import annotations

import math
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping

import numpy as np
import torch

from gnicli.contracts.observer import Observer
from gnicli.contracts.results import Curve, FigureData, Value
from gnicli.gradients.stages import learned, weight_tensors


class LayerTrack(ABC):
    """Measures at intervals, and writes metrics `<column>/layer1` ….

    `history` has a row per measurement: step, then `columns` of each layer; NaN where not defined. A column `n` is no
    metric: it says how many weights the others are about. `weights` are the layers' tensors, in order (see
    `gradients.stages.weight_tensors`).
    """

    columns: tuple[str, ...]

    def __init__(self, module: torch.nn.Module, every: int, observer: Observer) -> None:
        self.every = every
        self.weights = weight_tensors(learned(module))
        self._observer = observer
        self.history: list[list[float]] = []

    @abstractmethod
    def measure(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> list[dict[str, float]]:
        """`columns` of each layer by name, those that are defined."""

    @abstractmethod
    def values(self) -> dict[str, Value]:
        """Headline values: the last measurement."""

    @abstractmethod
    def figure(self) -> FigureData:
        """A figure of the record."""

    def warnings(self) -> tuple[str, ...]:
        """No sentence: nothing limits the values."""
        return ()

    def __call__(self, step: int, inputs: torch.Tensor, targets: torch.Tensor) -> None:
        """Measure, and write the metrics."""
        begin = time.perf_counter()
        row = [float(step)]
        metrics: dict[str, float] = {}
        for layer, found in enumerate(self.measure(step, inputs, targets), 1):
            row += [found.get(name, math.nan) for name in self.columns]
            metrics |= {f"{name}/layer{layer}": found[name] for name in self.columns if name in found and name != "n"}
        self.history.append(row)
        self._observer.metrics(step, metrics)
        self._observer.cost("track", time.perf_counter() - begin)

    def state(self) -> dict[str, np.ndarray]:
        """The record so far."""
        return {"track/history": np.array(self.history)}

    def restore(self, arrays: Mapping[str, np.ndarray]) -> None:
        """Take what `state` gave."""
        self.history = arrays["track/history"].tolist()

    def layers(self) -> range:
        """The numbers of the layers, from 1."""
        return range(1, len(self.weights) + 1)

    def of_layer(self, layer: int) -> np.ndarray:
        """The record of one layer, (measurements, columns)."""
        first = 1 + (layer - 1) * len(self.columns)
        return np.array(self.history)[:, first : first + len(self.columns)]

    def last(self, layer: int) -> dict[str, float]:
        """The last measurement of one layer by column."""
        return dict(zip(self.columns, self.of_layer(layer)[-1].tolist(), strict=True))

    def curve(self, layer: int, name: str, stderr: str | None = None) -> Curve | None:
        """A column of one layer against the step where it is known, with a band of one `stderr`."""
        columns = self.of_layer(layer)
        y = columns[:, self.columns.index(name)]
        known = np.isfinite(y)
        if not known.any():
            return None
        x, y, label = np.array(self.history)[known, 0], y[known], f"layer {layer}"
        if stderr is None:
            return Curve(label, x, y)
        half = np.nan_to_num(columns[known, self.columns.index(stderr)])
        return Curve(label, x, y, y - half, y + half)
