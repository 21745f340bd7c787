"""The draws of ε: which random numbers belong to (step, draw, layer), and how rows are cut into blocks.

A draw of a noise layer is one contiguous block (batch, *features) filled in order from the stream of its key, so it does not
depend on M, on which draws share a chunk, or on the computation that uses it. A large batch is filled and used block
by block. Blocks have a multiple of 16 rows, and torch's CPU generator gives the same numbers for pieces of a multiple
of 16 values as for the whole, so there the cut does not show either; on CUDA the cut is part of the definition, which
is why it depends on the batch alone.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from gnicli.contracts import Noise
from gnicli.seeding import torch_stream

BLOCK_ROWS = 128  # rows of a block: enough for a fast matrix product, few enough for the L2 cache


def row_blocks(batch: int) -> list[tuple[int, int]]:
    """Cut `batch` rows into (start, stop) blocks of BLOCK_ROWS; the last takes the rest, so none is short."""
    n_blocks = max(1, batch // BLOCK_ROWS)
    edges = [block * BLOCK_ROWS for block in range(n_blocks)] + [batch]
    return list(zip(edges[:-1], edges[1:], strict=True))


class NoiseStream:
    """Fills tensors with the draws of one noise on one device; keeps one generator per noise layer."""

    def __init__(self, noise: Noise, scales: tuple[float, ...], seed: int, device: torch.device) -> None:
        self.scales = scales
        self._noise, self._seed = noise, seed
        self._mirrored = False
        self._generators = {layer: torch.Generator(device) for layer, scale in enumerate(scales) if scale > 0}

    def open(self, step: int, draw: int) -> None:
        """Begin a draw: the next `fill` of each layer gives its first block of rows."""
        # The odd draws of an antithetic pair repeat the even one's numbers, mirrored, so no draw depends on another.
        self._mirrored = self._noise.antithetic and draw % 2 == 1
        source = draw - 1 if self._mirrored else draw
        for layer, generator in self._generators.items():
            torch_stream(self._seed, "noise", step, source, layer, generator=generator)

    def fill(self, layer: int, out: torch.Tensor) -> torch.Tensor:
        """Fill `out` (rows, *features) with the next rows of this draw in `layer`, whose scale must be positive."""
        self._noise.fill(out, self.scales[layer], self._generators[layer])
        if self._mirrored:
            out.neg_()  # N(0, σ²): −ε
            if self._noise.operation == "multiply":
                out.add_(2)  # N(1, σ²): 1 + δ becomes 1 − δ
        return out


class Piece(NamedTuple):
    """Rows start … stop of one draw of the batch."""

    draw: int
    start: int
    stop: int


def plan(draws: range, batch: int) -> list[list[Piece]]:
    """Cut `draws` of a batch into chunks that are computed together: one block of rows, or several small draws whole."""
    if batch > BLOCK_ROWS:
        return [[Piece(draw, start, stop)] for draw in draws for start, stop in row_blocks(batch)]
    per_chunk = BLOCK_ROWS // batch
    pieces = [Piece(draw, 0, batch) for draw in draws]
    return [pieces[first : first + per_chunk] for first in range(0, len(pieces), per_chunk)]


def tile(values: torch.Tensor, n_draws: int) -> torch.Tensor:
    """Repeat a small batch as often as `plan` may put it into one chunk, so that a chunk's rows are one slice of it."""
    copies = max(1, min(BLOCK_ROWS // len(values), n_draws))
    return values if copies == 1 else values.repeat(copies, *[1] * (values.dim() - 1))


def chunk_rows(chunk: list[Piece]) -> slice:
    """Where a chunk's rows lie in what `tile` returned."""
    return slice(chunk[0].start, chunk[0].start + sum(piece.stop - piece.start for piece in chunk))
