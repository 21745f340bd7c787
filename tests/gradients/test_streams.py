"""The draws: independent of how they are cut, mirrored in pairs, and laid out as documented."""

import pytest
import torch
from gradient_oracles import epsilon

from gnicli.gradients.streams import BLOCK_ROWS, NoiseStream, Piece, chunk_rows, plan, row_blocks, tile
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise

CPU = torch.device("cpu")


@pytest.mark.parametrize("batch", [1, 15, 255, 256, 257, 511, 512, 513, 60_000])
def test_blocks_cover_the_batch_and_none_is_short(batch):
    blocks = row_blocks(batch)
    assert [row for start, stop in blocks for row in range(start, stop)] == list(range(batch))
    assert all(start % BLOCK_ROWS == 0 for start, _ in blocks)
    assert all(min(batch, BLOCK_ROWS) <= stop - start < 2 * BLOCK_ROWS for start, stop in blocks)


@pytest.mark.parametrize("draws", [range(1), range(5), range(3, 40)])
@pytest.mark.parametrize("batch", [1, 64, 200, 400, 1000])
def test_a_plan_takes_every_row_of_every_draw_once(draws, batch):
    chunks = plan(draws, batch, 512)
    taken = [(piece.draw, row) for chunk in chunks for piece in chunk for row in range(piece.start, piece.stop)]
    assert taken == [(draw, row) for draw in draws for row in range(batch)]
    rows = tile(torch.arange(batch), chunks)
    for chunk in chunks:
        expected = torch.cat([torch.arange(piece.start, piece.stop) for piece in chunk])
        assert torch.equal(rows[chunk_rows(chunk)], expected)
        assert len(expected) <= max(512, 2 * BLOCK_ROWS)


@pytest.mark.parametrize("features", [(1,), (3,), (2, 5, 5)])
@pytest.mark.parametrize("noise", [AdditiveNoise(antithetic=True), MultiplicativeNoise()])
@pytest.mark.parametrize("batch", [1, 13, 300, 777, 1030])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_draws_do_not_depend_on_the_cut(noise, features, batch, dtype):
    stream = NoiseStream(noise, (0.5, 0.0, 0.25), 11, CPU)
    for layer in (0, 2):
        expected = [
            epsilon(noise, stream.stds[layer], 11, 3, draw, layer, (batch, *features), dtype) for draw in range(4)
        ]
        for group in (1, 200, 10_000):
            stream.open(3, range(4))
            found = [
                stream.fill(chunk, layer, torch.empty(chunk_rows(chunk).stop - chunk[0].start, *features, dtype=dtype))
                for chunk in plan(range(4), batch, group)
            ]
            assert torch.equal(torch.cat(found), torch.cat(expected))


@pytest.mark.parametrize(("kind", "center"), [(AdditiveNoise, 0), (MultiplicativeNoise, 1)])
def test_antithetic_draws_come_in_mirrored_pairs(kind, center):
    stream = NoiseStream(kind(antithetic=True), (0.5,), 0, CPU)
    plain = NoiseStream(kind(), (0.5,), 0, CPU)
    stream.open(0, range(5))
    plain.open(0, range(1))
    draws = [stream.fill([Piece(draw, 0, 40)], 0, torch.empty(40, 3)) - center for draw in range(5)]
    assert torch.equal(draws[0] + center, plain.fill([Piece(0, 0, 40)], 0, torch.empty(40, 3)))
    for even, odd in ((0, 1), (2, 3)):
        assert torch.allclose(draws[odd], -draws[even], atol=1e-6)
    assert (draws[2] - draws[0]).abs().max() > 0.1
    assert (draws[4] - draws[2]).abs().max() > 0.1


def test_draws_of_layers_steps_and_seeds_are_uncorrelated():
    n = 20_000
    rows = []
    for seed in (1, 1 + 2**32):
        stream = NoiseStream(AdditiveNoise(), (1.0, 1.0), seed, CPU)
        for step in (0, 1):
            stream.open(step, range(40))
            for draw in (0, 1, 20):
                rows += [stream.fill([Piece(draw, 0, n)], layer, torch.empty(n)) for layer in (0, 1)]
    correlation = torch.corrcoef(torch.stack(rows)) - torch.eye(len(rows))
    assert correlation.abs().max() < 4.5 / n**0.5


@pytest.mark.parametrize(("batch", "n_draws"), [(1, 40), (100, 17), (13, 60)])
def test_more_draws_in_a_chunk_than_are_seeded_ahead(batch, n_draws):
    """Every draw of a chunk is asked for in layer 0 before any is in layer 1."""
    stream = NoiseStream(AdditiveNoise(), (0.5, 0.5), 11, CPU)
    draws = range(n_draws)
    stream.open(3, draws)
    for chunk in plan(draws, batch, 512):
        rows = chunk_rows(chunk)
        for layer in range(2):
            found = stream.fill(chunk, layer, torch.empty(rows.stop - rows.start, 2))
            shape = (batch, 2)
            draws = [piece.draw for piece in chunk]
            expected = [epsilon(AdditiveNoise(), 0.5, 11, 3, draw, layer, shape, torch.float32) for draw in draws]
            assert torch.equal(found, torch.cat(expected))
