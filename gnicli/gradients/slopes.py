"""Derivatives of the activation functions of `network.stages`, in place: for the hand-written backward pass.

`forward` overwrites the pre-activations z by the activations (or keeps z and returns them). Later `derive` turns what
is left in that memory into what `apply` needs to multiply a gradient by f'(z). They are apart because `derive` is
cheapest while the values are still in the cache. At a kink the derivative is torch's (0, or the leaky slope, at z = 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional

from gnicli.network.stages import LEAKY_SLOPE


class Slope(NamedTuple):
    """Three in-place functions; see the module's text."""

    forward: Callable[[torch.Tensor], torch.Tensor]
    derive: Callable[[torch.Tensor], torch.Tensor]
    apply: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def _times(gradient: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    return gradient.mul_(slope)


def _times_one_plus(gradient: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    return gradient.addcmul_(gradient, slope)


def _times_one_minus(gradient: torch.Tensor, slope: torch.Tensor) -> torch.Tensor:
    return gradient.addcmul_(gradient, slope, value=-1)


def _derive_gelu(z: torch.Tensor) -> torch.Tensor:
    # Φ(z) + z φ(z)
    density = torch.exp(z.square().mul_(-0.5)).mul_(z / math.sqrt(2 * math.pi))
    return z.mul_(math.sqrt(0.5)).erf_().add_(1).mul_(0.5).add_(density)


SLOPES = {
    "relu": Slope(torch.relu_, lambda h: h.sign_(), _times),
    "leaky_relu": Slope(
        lambda z: functional.leaky_relu_(z, LEAKY_SLOPE), lambda h: h.sign_().clamp_(min=LEAKY_SLOPE), _times
    ),
    "elu": Slope(functional.elu_, lambda h: h.clamp_(max=0), _times_one_plus),  # exp(z) = 1 + h where z <= 0
    "tanh": Slope(torch.tanh_, lambda h: h.square_(), _times_one_minus),
    "sigmoid": Slope(torch.sigmoid_, lambda h: h.addcmul_(h, h, value=-1), _times),
    "gelu": Slope(functional.gelu, _derive_gelu, _times),
    "linear": Slope(lambda z: z, lambda h: h, lambda gradient, slope: gradient),
}
