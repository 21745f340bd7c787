"""Draws of the gradient of one weight of each layer of a network, over batches of several sizes.

Every row of a batch has noise of its own, so given the weights the gradients of the rows are independent.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from gnicli.contracts.components import Bench
from gnicli.contracts.observer import Observer
from gnicli.errors import UsageError
from gnicli.gradients.injected import gradient_noise_source
from gnicli.gradients.stages import learned, weight_tensors
from gnicli.seeding import numpy_stream


def network_means(
    bench: Bench,
    sizes: list[int],
    n_draws: int,
    observer: Observer,
    after_draw: Callable[[int], None] = lambda index: None,
) -> tuple[np.ndarray, list[int]]:
    """Draws (sizes, layers, n_draws) of the gradient of one weight of each layer, and which weight of the layer it is.

    `after_draw` is called with −1 after a draw that only chooses the weights, then with each draw's number.

    A batch of B is the first B examples of the bench in a random order; a layer is a weight tensor. The weight is a
    random one among those that the first of them reaches, or 0 where it reaches none. Raises `UsageError` where a batch
    is larger than the data or nothing is noisy.
    """
    if max(sizes) > len(bench.inputs):
        raise UsageError(f"measure.sizes asks for {max(sizes)} examples and there are {len(bench.inputs)}")
    source = gradient_noise_source(bench.network._replace(M=1), "this measure")
    order = torch.from_numpy(numpy_stream(bench.network.seed, "sample", bench.step).permutation(len(bench.inputs)))
    inputs, targets = (values[order.to(values.device)] for values in (bench.inputs, bench.targets))
    weights = weight_tensors(learned(bench.network.module))

    def draw(index: int, size: int) -> list[torch.Tensor]:
        _, gradients = source.over(bench.step, range(index, index + 1), inputs[:size], targets[:size])
        return [gradient.reshape(-1) for gradient in weight_tensors(gradients)]

    picked = []
    for layer, gradient in enumerate(draw(0, 1)):
        alive = np.flatnonzero(gradient.cpu().numpy())
        stream = numpy_stream(bench.network.seed, "sample", bench.step, layer)
        picked.append(int(stream.choice(alive)) if alive.size else 0)
    after_draw(-1)
    found = np.empty((len(sizes), len(weights), n_draws))
    for place, size in enumerate(sizes):
        for index in range(n_draws):
            # Draws go on from size to size: two batches share no noise.
            gradients = draw(place * n_draws + index, size)
            found[place, :, index] = [float(gradient[at]) for gradient, at in zip(gradients, picked, strict=True)]
            after_draw(place * n_draws + index)
            observer.progress(f"means over {size}", index + 1, n_draws, "draw")
    return found, picked
