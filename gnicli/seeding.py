"""Random streams keyed by (seed, purpose, step, draw, layer): no global generator, no state to carry along.

A key is hashed (SHAKE-128) to as many bits as the generator has. That matters for torch's CPU generator, which keeps
only the low 32 bits of a seed: keys hashed into a seed would collide after some 2^16 streams, so its whole state (624
words) is written instead. Streams depend on the key alone: not on chunks, threads, or the number of draws M, so draw 0
of M = 16 is the draw of M = 1.
"""

from __future__ import annotations

import functools
import hashlib
import struct
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import torch

Purpose = Literal["init", "data", "noise", "probe", "sample", "inject", "bootstrap", "simulate"]

_MT_WORDS = 624
_TORCH_STATE_BYTES = 5056  # what torch.Generator.get_state() returns on the CPU since torch 1.5
_TORCH_WORDS_AT = 24  # after the_initial_seed, left, seeded, next


def _digest(n_bytes: int, seed: int, purpose: str, counters: tuple[int, ...]) -> bytes:
    # The purpose is length-prefixed and every counter has a fixed width, so that no two keys share an encoding.
    name = purpose.encode()
    key = struct.pack(f"<QB{len(name)}s{len(counters)}Q", seed, len(name), name, *counters)
    return hashlib.shake_128(key).digest(n_bytes)


def numpy_stream(seed: int, purpose: Purpose, *counters: int) -> np.random.Generator:
    """A NumPy generator for one key; counters are non-negative integers (step, draw, layer, …)."""
    return np.random.Generator(np.random.PCG64(int.from_bytes(_digest(32, seed, purpose, counters), "little")))


@functools.cache
def _torch_template() -> np.ndarray:
    import torch

    state = torch.Generator().manual_seed(0).get_state().numpy().copy()
    if state.size != _TORCH_STATE_BYTES:  # pragma: no cover - another torch than the one this was written for
        raise RuntimeError(f"torch's CPU generator has {state.size} bytes of state, expected {_TORCH_STATE_BYTES}")
    # left = 1 and next = 0: the next draw begins a fresh block of 624 words; no cached normal number.
    state[8:12] = np.frombuffer(struct.pack("<i", 1), np.uint8)
    state[16:24] = 0
    state[_TORCH_WORDS_AT + 8 * _MT_WORDS :] = 0
    return state.view("<u8")


def torch_state(seed: int, purpose: Purpose, *counters: int) -> torch.Tensor:
    """What `torch_stream` gives a CPU generator for this key, for `Generator.set_state` later on.

    Between matrix products a hash takes three times as long as in a row (the caches are full of other things), so a
    loop that needs many streams makes their states ahead.
    """
    import torch

    state = _torch_template().copy()
    words = np.frombuffer(_digest(4 * _MT_WORDS, seed, purpose, counters), "<u4")
    state[_TORCH_WORDS_AT // 8 : _TORCH_WORDS_AT // 8 + _MT_WORDS] = words  # each in 8 bytes of its own
    return torch.from_numpy(state.view(np.uint8))


def torch_stream(
    seed: int, purpose: Purpose, *counters: int, generator: torch.Generator | None = None
) -> torch.Generator:
    """A torch generator for one key; `generator`, if given, is reused (its device decides) and returned.

    On the CPU the whole Mersenne-Twister state comes from the key. On CUDA (a counter-based Philox) the key gives the
    64-bit seed.
    """
    import torch

    if generator is None:
        generator = torch.Generator()
    if generator.device.type != "cpu":
        generator.manual_seed(int.from_bytes(_digest(8, seed, purpose, counters), "little") >> 1)
        return generator
    generator.set_state(torch_state(seed, purpose, *counters))
    return generator
