"""Sums of the gradients of several draws, in which each draw has a weight of its own for each parameter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import torch

from gnicli.gradients.streams import Piece

Weights: TypeAlias = np.ndarray
"""The weights of draws (parameters that learn, draws), float64."""


def of_rows(weights: Weights, draws: range, chunk: list[Piece], like: torch.Tensor) -> torch.Tensor:
    """The weights of the rows of a chunk (parameters, rows), of the type and on the device of `like`."""
    columns = weights[:, [draws.index(piece.draw) for piece in chunk]]
    rows = np.repeat(columns, [piece.stop - piece.start for piece in chunk], axis=1)
    return torch.as_tensor(rows, dtype=like.dtype, device=like.device)


def accumulate(
    totals: list[torch.Tensor],
    gradients: Sequence[torch.Tensor | None],
    first: bool,
    scales: np.ndarray | None = None,
) -> None:
    """Add `gradients`, times `scales` (parameters,), to `totals`, or where `first`, overwrite these; None is zero."""
    for index, (total, gradient) in enumerate(zip(totals, gradients, strict=True)):
        scaled = gradient if gradient is None or scales is None else gradient * float(scales[index])
        if first:
            total.zero_() if scaled is None else total.copy_(scaled)
        elif scaled is not None:
            total.add_(scaled)
