"""Derivatives of the activation functions of `network.stages`, in place: for the hand-written backward pass.

A forward function overwrites the pre-activations z by the activations; a backward function multiplies a gradient by
the derivative, computed from what the forward function left behind. At a kink the derivative is torch's (0, or the
leaky slope, at z = 0).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from torch.nn import functional

from gnicli.network.stages import LEAKY_SLOPE


class Slope(NamedTuple):
    """`forward(z)` works in place; `backward(gradient, kept)` too, and may destroy `kept`: f(z), or z itself."""

    forward: Callable[[torch.Tensor], torch.Tensor]
    backward: Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
    keeps_input: bool = False


def _relu_backward(gradient: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    return gradient.mul_(out.sign_())


def _leaky_backward(gradient: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    return gradient.mul_(out.sign_().clamp_(min=LEAKY_SLOPE))


def _elu_backward(gradient: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    # exp(z) = out + 1 where z <= 0, and 1 elsewhere: 1 + min(out, 0)
    return gradient.addcmul_(gradient, out.clamp_(max=0))


def _tanh_backward(gradient: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    return gradient.addcmul_(gradient, out.square_(), value=-1)


def _sigmoid_backward(gradient: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    return gradient.mul_(out.addcmul_(out, out, value=-1))


def _gelu_backward(gradient: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
    # Φ(z) + z φ(z)
    density = torch.exp(z.square().mul_(-0.5)).mul_(z / math.sqrt(2 * math.pi))
    return gradient.mul_(density.add_(z.mul_(math.sqrt(0.5)).erf_().add_(1), alpha=0.5))


SLOPES = {
    "relu": Slope(torch.relu_, _relu_backward),
    "leaky_relu": Slope(lambda z: functional.leaky_relu_(z, LEAKY_SLOPE), _leaky_backward),
    "elu": Slope(functional.elu_, _elu_backward),
    "tanh": Slope(torch.tanh_, _tanh_backward),
    "sigmoid": Slope(torch.sigmoid_, _sigmoid_backward),
    "gelu": Slope(functional.gelu, _gelu_backward, keeps_input=True),
    "linear": Slope(lambda z: z, lambda gradient, out: gradient),
}
