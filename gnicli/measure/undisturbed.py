"""Measuring a model without changing it or the global generators."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import torch

from gnicli.seeding import isolated


@contextlib.contextmanager
def undisturbed(model: torch.nn.Module, seed: int, step: int) -> Iterator[None]:
    """Within it `model` may be called; after it its buffers and modes are as they were.

    The global generators of Python, NumPy and torch are keyed with (seed, step) within, which a dropout draws from, and
    go on after it as if nothing had been drawn.
    """
    buffers = [(buffer, buffer.detach().clone()) for buffer in model.buffers()]
    modes = [(module, module.training) for module in model.modules()]
    try:
        with isolated(seed, step):
            yield
    finally:
        with torch.no_grad():
            for buffer, kept in buffers:
                buffer.copy_(kept)
        for module, mode in modes:
            module.training = mode
