"""The losses, their factors, gradients and curvatures.

A loss is a mean over examples of ℓ(ŷ, y), ŷ the network's c outputs:

=============== ======================================= ========================= ===================
loss            ℓ(ŷ, y)                                 gradient of ℓ in ŷ        Hessian H of ℓ in ŷ
=============== ======================================= ========================= ===================
`mse`           (1/c) Σ_j (ŷ_j − y_j)²                  (2/c) (ŷ − y)             (2/c) I
`cross_entropy` −log p_y, p = softmax(ŷ)                p − onehot(y)             diag(p) − p pᵀ
=============== ======================================= ========================= ===================

So `mse` is `torch.nn.functional.mse_loss` (mean over examples and outputs, no ½) and `cross_entropy` is
`torch.nn.functional.cross_entropy`. Under `mse` class labels become one-hot vectors.

The explicit regularizer needs factors of the Hessian, H = A Aᵀ: A = sqrt(2/c) I for `mse` and
A = diag(q) − p qᵀ with q = √p for `cross_entropy`. With u of independent signs v = A u has E[v vᵀ] = H:
these are the probes, v = q ∘ u − p (q · u).
"""

from __future__ import annotations

import math
from typing import Protocol

import torch
from torch.nn import functional

from gnicli import checks

NAMES = ("mse", "cross_entropy")


class Loss(Protocol):
    """A mean over examples; `outputs` are (n, c), `targets` what `prepare` returned."""

    def prepare(self, targets: torch.Tensor, n_outputs: int, dtype: torch.dtype) -> torch.Tensor:
        """Targets in the form the other methods take: (n, c) of `dtype`, or (n,) class indices."""
        ...

    def mean(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """The loss, 0-dimensional and differentiable."""
        ...

    def sum_and_gradient(self, outputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Σ ℓ over the examples, and its gradient in `outputs`, by formula (no graph)."""
        ...

    def factor_product(self, outputs: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        """A u for every example, u (n, c); differentiable in `outputs`."""
        ...


class MeanSquaredError:
    """The mean squared error, `loss=mse`; formulas at the head of the module."""

    def prepare(self, targets: torch.Tensor, n_outputs: int, dtype: torch.dtype) -> torch.Tensor:
        """Regressed values as they are; class labels (integers) as one-hot vectors."""
        if not targets.is_floating_point():
            return functional.one_hot(targets, n_outputs).to(dtype)
        return targets.to(dtype).reshape(len(targets), n_outputs)

    def mean(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean over examples and outputs of (ŷ − y)²."""
        return functional.mse_loss(outputs, targets)

    def sum_and_gradient(self, outputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Σ (1/c) |ŷ − y|² and (2/c) (ŷ − y)."""
        residual = outputs - targets
        n_outputs = outputs.shape[1]
        return residual.square().sum().div_(n_outputs), residual.mul_(2 / n_outputs)

    def factor_product(self, outputs: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        """Return sqrt(2/c) u."""
        return u * math.sqrt(2 / outputs.shape[1])


class CrossEntropy:
    """The cross-entropy, `loss=cross_entropy`; formulas at the head of the module."""

    def prepare(self, targets: torch.Tensor, n_outputs: int, dtype: torch.dtype) -> torch.Tensor:
        """Class indices as they are."""
        return targets

    def mean(self, outputs: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        """Mean over examples of −log p_y."""
        return functional.cross_entropy(outputs, targets)

    def sum_and_gradient(self, outputs: torch.Tensor, targets: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Σ −log p_y and p − onehot(y)."""
        log_p = functional.log_softmax(outputs, dim=1)
        column = targets[:, None]
        total = log_p.gather(1, column).sum().neg_()
        gradient = log_p.exp_()
        gradient.scatter_add_(1, column, torch.full_like(column, -1, dtype=gradient.dtype))
        return total, gradient

    def factor_product(self, outputs: torch.Tensor, u: torch.Tensor) -> torch.Tensor:
        """Return q ∘ u − p (q · u)."""
        # √p from the logarithm: the derivative of sqrt at a p that underflowed to 0 would be infinite.
        log_p = functional.log_softmax(outputs, dim=1)
        q = (log_p / 2).exp()
        return q * u - log_p.exp() * (q * u).sum(dim=1, keepdim=True)


def get(name: object) -> Loss:
    """The loss of that name (`mse` or `cross_entropy`); raises `UsageError` for anything else."""
    checks.choice("loss", name, NAMES)
    return MeanSquaredError() if name == "mse" else CrossEntropy()
