"""The loss and accuracy of a network without noise."""

from __future__ import annotations

import torch

from gnicli.gradients import losses


@torch.no_grad()
def evaluate(
    module: torch.nn.Module, loss: str, inputs: torch.Tensor, targets: torch.Tensor, batch: int = 1024
) -> tuple[float, float | None]:
    """Return the clean loss and, where targets are class labels, the accuracy in [0, 1] (else None).

    `inputs` (n, *input_shape) go through in pieces of `batch` examples, so memory does not grow with n.
    """
    rule = losses.get(loss)
    labeled = not targets.is_floating_point()
    total, correct = 0.0, 0
    for part, wanted in zip(inputs.split(batch), targets.split(batch), strict=True):
        outputs = module(part)
        value, _ = rule.sum_and_gradient(outputs, rule.prepare(wanted, outputs.shape[1], outputs.dtype))
        total += value.item()
        if labeled:
            correct += int((outputs.argmax(dim=1) == wanted).sum())
    return total / len(inputs), correct / len(inputs) if labeled else None
