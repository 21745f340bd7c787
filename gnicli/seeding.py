"""Random streams keyed by (seed, purpose, step, draw, layer): no global generator, no state to carry along.

A key is hashed (BLAKE2b) to 128 bits, or to what the generator takes. That matters for torch's CPU generator, a
Mersenne Twister that keeps only the low 32 bits of a seed: keys hashed into a seed would collide after some 2^16
streams. So its whole state is written instead, 624 words from SplitMix64 (Steele, Lea & Flood 2014) whose start and
increment are the 128 bits: for many keys at once that takes a few array operations, where a hash of 2496 bytes for each
key would take as long as the noise of a small layer. Streams depend on the key alone: not on chunks, threads, or the
number of draws M, so draw 0 of M = 16 is the draw of M = 1.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import random
import struct
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    import torch

Purpose = Literal["init", "data", "noise", "probe", "sample", "inject", "bootstrap", "simulate", "global"]

_MT_WORDS = 624
_TORCH_STATE_BYTES = 5056  # what torch.Generator.get_state() returns on the CPU since torch 1.5
_TORCH_WORDS_AT = 24  # after the_initial_seed, left, seeded, next; each word takes 8 bytes


def _digest(n_bytes: int, seed: int, purpose: str, counters: tuple[int, ...]) -> bytes:
    # The purpose is length-prefixed and every counter has a fixed width, so that no two keys share an encoding.
    name = purpose.encode()
    key = struct.pack(f"<QB{len(name)}s{len(counters)}Q", seed, len(name), name, *counters)
    return hashlib.blake2b(key, digest_size=n_bytes).digest()


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


_COUNT = np.arange(1, _MT_WORDS // 2 + 1, dtype=np.uint64)


def _split_mix(keys: np.ndarray) -> np.ndarray:
    """The first 312 outputs of SplitMix64 for each (start, increment) of `keys`, uint64 (n, 2); returns (n, 312)."""
    words = _COUNT * (keys[:, 1:] | np.uint64(1))
    words += keys[:, :1]
    shifted = words >> np.uint64(30)
    words ^= shifted
    words *= np.uint64(0xBF58476D1CE4E5B9)
    words ^= np.right_shift(words, np.uint64(27), out=shifted)
    words *= np.uint64(0x94D049BB133111EB)
    words ^= np.right_shift(words, np.uint64(31), out=shifted)
    return words


def torch_states(seed: int, purpose: Purpose, counters: Sequence[tuple[int, ...]]) -> list[torch.Tensor]:
    """The states that `torch_stream` gives CPU generators for many keys, for `Generator.set_state`, in their order.

    A loop that needs many streams makes their states ahead: between matrix products, with the caches full of other
    things, the same work takes three times as long.
    """
    import torch

    digests = b"".join([_digest(16, seed, purpose, each) for each in counters])
    template = _torch_template()
    states = np.empty((len(counters), len(template)), "<u8")
    states[:] = template
    at = _TORCH_WORDS_AT // 8
    states[:, at : at + _MT_WORDS] = _split_mix(np.frombuffer(digests, "<u8").reshape(-1, 2)).view("<u4")
    # Tensors of their own, not rows of one: set_state of torch 2.13 crashes on a tensor that is a view with an offset.
    return [torch.from_numpy(state) for state in states.view(np.uint8)]


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
    generator.set_state(torch_states(seed, purpose, [counters])[0])
    return generator


def key_global(seed: int, *counters: int) -> None:
    """Put the global generators of Python, NumPy and torch (where it is loaded) into a state of one key.

    Nothing in this package draws from them, but components from other packages may: torch layers draw their weights
    and dropout from torch's.
    """
    words = np.frombuffer(_digest(32, seed, "global", counters), "<u4")
    random.seed(words.tobytes())
    np.random.seed(words)
    if "torch" in sys.modules:
        import torch

        torch_stream(seed, "global", *counters, generator=torch.default_generator)
        if torch.cuda.is_available():
            torch.cuda.manual_seed_all(int(words[0]) << 32 | int(words[1]))


@contextlib.contextmanager
def isolated(seed: int, *counters: int) -> Iterator[None]:
    """Within it the global generators are those of `key_global`; after it they are as they were before."""
    with preserved():
        key_global(seed, *counters)
        yield


@contextlib.contextmanager
def preserved() -> Iterator[None]:
    """After it the global generators are as they were before it, whatever has drawn from them."""
    python, legacy = random.getstate(), np.random.get_state()
    with contextlib.ExitStack() as stack:
        if "torch" in sys.modules:
            import torch

            devices = list(range(torch.cuda.device_count())) if torch.cuda.is_available() else []
            stack.enter_context(torch.random.fork_rng(devices))
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy)
