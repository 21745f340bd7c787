"""The keyed streams: distinct for distinct keys, equal for equal ones, and sound as random numbers."""

import itertools
import math

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from gnicli.seeding import numpy_stream, torch_stream

PURPOSES = ("init", "data", "noise", "probe")


def keys():
    seeds = (0, 1, 2**32, 1 + 2**32, 2**63 - 1)
    for seed, purpose in itertools.product(seeds, PURPOSES):
        yield (seed, purpose)
        for step, draw, layer in itertools.product((0, 1, 2**32), (0, 1, 15), (0, 1)):
            yield (seed, purpose, step, draw, layer)


def test_all_keys_have_streams_of_their_own():
    # 128 bits of each stream: two of a thousand independent ones agree with probability 1e-33.
    firsts = {tuple(torch.empty(2, dtype=torch.int64).random_(generator=torch_stream(*key)).tolist()) for key in keys()}
    assert len(firsts) == len(list(keys()))
    firsts = {tuple(numpy_stream(*key).integers(0, 2**63, 2).tolist()) for key in keys()}
    assert len(firsts) == len(list(keys()))


def test_many_streams_do_not_collide():
    # Keys hashed into the 32 bits that torch's CPU generator keeps of a seed would give 4.7 collisions on average.
    n = 200_000
    generator = torch.Generator()
    states = set()
    for step in range(n):
        states.add(torch_stream(0, "noise", step, generator=generator).get_state()[24:56].numpy().tobytes())
    assert len(states) == n


@given(seed=st.integers(0, 2**63 - 1), step=st.integers(0, 2**40), draw=st.integers(0, 10**6))
def test_equal_keys_give_equal_streams(seed, step, draw):
    reused = torch_stream(seed, "noise", 0, 0)
    torch.randn(7, generator=reused)  # leaves a half-used state behind
    fresh = torch.randn(40, generator=torch_stream(seed, "noise", step, draw))
    again = torch.randn(40, generator=torch_stream(seed, "noise", step, draw, generator=reused))
    assert torch.equal(fresh, again)
    assert (numpy_stream(seed, "noise", step).random(4) == numpy_stream(seed, "noise", step).random(4)).all()


def test_global_generators_are_not_touched():
    torch_state, numpy_state = torch.random.get_rng_state(), np.random.get_state()[1].copy()
    torch.randn(9, generator=torch_stream(1, "noise"))
    numpy_stream(1, "noise").random(9)
    assert torch.equal(torch.random.get_rng_state(), torch_state)
    assert (np.random.get_state()[1] == numpy_state).all()


def test_neighboring_streams_are_independent_standard_normals():
    n_streams, n = 200, 2000
    rows = torch.stack([torch.randn(n, generator=torch_stream(0, "noise", 0, draw, 0)) for draw in range(n_streams)])
    total = n_streams * n
    assert abs(rows.mean()) < 4 / math.sqrt(total)
    assert abs(rows.square().mean() - 1) < 4 * math.sqrt(2 / total)
    # Sample correlations of independent rows are N(0, 1/n): their mean square over all pairs is 1/n.
    correlation = torch.corrcoef(rows)[tuple(torch.triu_indices(n_streams, n_streams, 1))]
    pairs = correlation.numel()
    assert abs(correlation.square().mean() * n - 1) < 4 * math.sqrt(2 / pairs)
    # The first number of each stream is normal as well: seeding leaves no trace at the start.
    first = rows[:, 0]
    assert abs(first.mean()) < 4 / math.sqrt(n_streams)
    assert abs(first.square().mean() - 1) < 4 * math.sqrt(2 / n_streams)
