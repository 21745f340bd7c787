"""The gradient of the M-draw objective (4.5) of a module without `stages`, by hooks and autograd.

Whether its examples are independent is not known (normalization over the batch makes them dependent), so each draw of
the whole batch goes through by itself. `gradients.generic` does the same in chunks for modules with stages.
"""

from __future__ import annotations

import torch

from gnicli.contracts.components import NoisyNetwork, ValueAndGradients
from gnicli.gradients.calls import called, mean_loss, n_examples
from gnicli.gradients.hooks import Injection
from gnicli.gradients.noise_layers import noise_layers
from gnicli.gradients.stages import learned, require_several
from gnicli.gradients.weighted import Weights, accumulate


class HookedGradient:
    """Mean over draws of the gradient of the loss under noise."""

    def __init__(self, network: NoisyNetwork) -> None:
        module = network.module
        self._module, self._loss = module, mean_loss(network.loss)
        self._parameters = learned(module)
        self._gradients = [torch.empty_like(parameter) for parameter in self._parameters]
        self._injection = Injection(module, network.noise, noise_layers(module, network.layers), network.seed)

    @torch.enable_grad()
    def __call__(
        self, step: int, draws: range, inputs: torch.Tensor, targets: torch.Tensor, weights: Weights | None = None
    ) -> ValueAndGradients:
        """The mean loss over `draws`, and its gradients or their sums with `weights`; they hold until the next call."""
        require_several(self._module, n_examples(inputs))
        total = self._parameters[0].new_zeros(())
        with self._injection as injection:
            for draw in draws:
                injection.at(step, draw)
                value = self._loss(called(self._module, inputs), targets) / len(draws)
                gradients = torch.autograd.grad(value, self._parameters, allow_unused=True)
                scales = None if weights is None else weights[:, draws.index(draw)] * len(draws)
                accumulate(self._gradients, gradients, draw == draws[0], scales)
                total += value.detach()
        return total, self._gradients
