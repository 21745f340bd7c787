"""The draws of ε: which random numbers belong to (step, draw, layer), and how rows are cut into blocks.

A draw of a noise layer is one contiguous block (batch, *features) filled in order from the stream of its key, so it
does not depend on M, on which draws share a chunk, or on the computation that uses it. A large batch is filled and used
block by block. Blocks have a multiple of 16 rows, and torch's CPU generator gives the same numbers for pieces of a
multiple of 16 values as for the whole, so there the cut does not show either; on CUDA it is part of the definition,
which is why it depends on the batch alone.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import torch

from gnicli.contracts.components import Noise
from gnicli.seeding import torch_states, torch_stream

BLOCK_ROWS = 256  # rows of a block: enough for a fast matrix product, few enough for the caches
SEEDED_AHEAD = 16  # draws whose streams are prepared together


def row_blocks(batch: int) -> list[tuple[int, int]]:
    """Cut `batch` rows into (start, stop) blocks of BLOCK_ROWS; the last takes the rest, so none is short."""
    n_blocks = max(1, batch // BLOCK_ROWS)
    edges = [block * BLOCK_ROWS for block in range(n_blocks)] + [batch]
    return list(itertools.pairwise(edges))


class Piece(NamedTuple):
    """Rows start … stop of one draw of the batch."""

    draw: int
    start: int
    stop: int


def plan(draws: range, batch: int, group_rows: int) -> list[list[Piece]]:
    """Cut `draws` of a batch into chunks that are computed together.

    A chunk is one block of rows of one draw, or where a draw is a single block, as many draws as fill `group_rows`.
    """
    blocks = row_blocks(batch)
    if len(blocks) > 1:
        return [[Piece(draw, start, stop)] for draw in draws for start, stop in blocks]
    pieces = [Piece(draw, 0, batch) for draw in draws]
    per_chunk = max(1, group_rows // batch)
    return [pieces[first : first + per_chunk] for first in range(0, len(pieces), per_chunk)]


def tile(values: torch.Tensor, chunks: list[list[Piece]]) -> torch.Tensor:
    """Repeat a batch as often as it occurs in the largest chunk, so that every chunk's rows are one slice of it."""
    copies = len(chunks[0])
    return values if copies == 1 else values.repeat(copies, *[1] * (values.dim() - 1))


def chunk_rows(chunk: list[Piece]) -> slice:
    """Where a chunk's rows lie in what `tile` returned."""
    return slice(chunk[0].start, chunk[0].start + sum(piece.stop - piece.start for piece in chunk))


class NoiseStream:
    """Fills tensors with the draws of one noise on one device; keeps one generator per noise layer."""

    def __init__(self, noise: Noise, stds: tuple[float, ...], seed: int, device: torch.device) -> None:
        self.stds = stds
        self._noise, self._seed = noise, seed
        self._generators = {layer: torch.Generator(device) for layer, std in enumerate(stds) if std > 0}
        self._step = 0
        self._ahead: Sequence[int] = range(0)
        self._states: dict[tuple[int, int], torch.Tensor] = {}
        self._on_cpu = device.type == "cpu"

    def open(self, step: int, draws: Sequence[int]) -> None:
        """Begin a step that will use `draws`, in their order."""
        self._step, self._ahead = step, draws
        self._states = {}

    def fill(self, chunk: list[Piece], layer: int, out: torch.Tensor) -> torch.Tensor:
        """Fill `out` (rows of the chunk, *features) with ε of `layer`, whose std must be positive; return `out`.

        The blocks of one draw must be asked for in their order: all but the first go on where the last one ended.
        """
        if len(chunk) == 1:
            return self._fill_piece(chunk[0], layer, out)
        first = 0
        for piece in chunk:
            last = first + piece.stop - piece.start
            self._fill_piece(piece, layer, out[first:last])
            first = last
        return out

    def _source(self, draw: int) -> int:
        """The draw whose numbers are used: an odd antithetic one repeats those of the even one."""
        return draw - 1 if self._noise.antithetic and draw % 2 == 1 else draw

    def _begin(self, draw: int, layer: int) -> None:
        """Seed the generator of `layer` for a draw."""
        if not self._on_cpu:
            torch_stream(self._seed, "noise", self._step, self._source(draw), layer, generator=self._generators[layer])
            return
        if (draw, layer) not in self._states:
            names = [(each, noised) for each in self._ahead[:SEEDED_AHEAD] for noised in self._generators]
            keys = [(self._step, self._source(each), noised) for each, noised in names]
            # Those not used yet stay: a chunk asks for all its draws in one layer before it asks for the next layer.
            self._states.update(zip(names, torch_states(self._seed, "noise", keys), strict=True))
            self._ahead = self._ahead[SEEDED_AHEAD:]
        self._generators[layer].set_state(self._states.pop((draw, layer)))

    def _fill_piece(self, piece: Piece, layer: int, out: torch.Tensor) -> torch.Tensor:
        if piece.start == 0:
            self._begin(piece.draw, layer)
        self._noise.fill(out, self.stds[layer], self._generators[layer])
        if self._noise.antithetic and piece.draw % 2 == 1:
            out.neg_()  # N(0, σ²): −ε
            if self._noise.operation == "multiply":
                out.add_(2)  # N(1, σ²): 1 + δ becomes 1 − δ
        return out
