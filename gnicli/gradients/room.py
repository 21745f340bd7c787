"""Memory that gradients and activations take at the least: what is refused because of it cannot fit.

Every figure is a lower bound in bytes of what is in memory at the same time. Of stages from other packages the weights
alone are counted, because nothing is known of their activations.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch

from gnicli.gradients.dense import is_dense
from gnicli.gradients.stages import has_stages, stages_of
from gnicli.gradients.streams import row_blocks
from gnicli.network.stages import ConvStage, DenseStage


class Stage(NamedTuple):
    """Numbers of one example in a stage: what enters, what leaves, and whether an activation function follows."""

    n_in: int
    n_out: int
    bends: bool


def known_stages(module: torch.nn.Module, input_shape: tuple[int, ...]) -> list[Stage]:
    """The stages up to the first one of another package."""
    found, shape = [], tuple(input_shape)
    for stage in stages_of(module, "memory") if has_stages(module) else []:
        n_in = math.prod(shape)
        if type(stage) is DenseStage:
            shape = (stage.weight.shape[0],)
        elif type(stage) is ConvStage and len(shape) == 3:
            filters, _, kernel, _ = stage.weight.shape
            shape = (filters, *((side - kernel) // stage.stride + 1 for side in shape[1:]))
        else:
            break
        found.append(Stage(n_in, math.prod(shape), stage.activation != "linear"))
    return found


def n_weights(module: torch.nn.Module) -> int:
    """Weights that learn, biases included."""
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def of_activations(
    module: torch.nn.Module, input_shape: tuple[int, ...], batch: int, itemsize: int, by_hand: bool = True
) -> int:
    """The activations that the gradient of a batch is made from, however many draws are averaged.

    Of a stack of dense stages differentiated `by_hand` (`gradients.dense`) two buffers for what enters each stage but
    the first; else one, which autograd keeps. A large batch goes through in blocks.
    """
    stages = known_stages(module, input_shape)
    rows = max(stop - start for start, stop in row_blocks(batch))
    buffers = 2 if by_hand and is_dense(module) else 1
    return itemsize * rows * buffers * sum(stage.n_in for stage in stages[1:])


def of_forward(module: torch.nn.Module, input_shape: tuple[int, ...], rows: int, itemsize: int) -> int:
    """The widest stage of a forward pass of so many examples: what enters, z, and what the activation makes of it."""
    stages = known_stages(module, input_shape)
    each = [(stage.n_in if k else 0) + stage.n_out * (1 + stage.bends) for k, stage in enumerate(stages)]
    return itemsize * rows * max(each, default=0)
