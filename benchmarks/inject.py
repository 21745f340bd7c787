"""Time of a per-layer fit against that of the training step it belongs to: 4 x 256 network, M = 16, full batch.

    python benchmarks/inject.py [--repeats 15] [--noise add]

One thread; the contestants take turns; medians and minima of the ratios. The fit sees the real gradient noise of each
round's own step, with weights of He's initialization; `step` is the gradient of the objective and the optimizer.
"""

from __future__ import annotations

import argparse
import itertools
import time
from statistics import median

import torch

from gnicli.contracts.components import Noise, NoisyNetwork
from gnicli.contracts.observer import SilentObserver
from gnicli.dataset.sinusoids import Sinusoids
from gnicli.gradients.injected_laws import StableFamily
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.stages import learned, weight_tensors
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.seeding import numpy_stream, torch_stream
from gnicli.training.optimizer import take_step

M = 16
NOISES: dict[str, Noise] = {"add": AdditiveNoise(std=0.1), "mult": MultiplicativeNoise(std=0.5)}


def rounds(noise: Noise, repeats: int) -> list[tuple[float, float, float, float]]:
    """Seconds of (step, draw 0, fits of all layers, draws of all layers) of each round."""
    split = Sinusoids(inputs="standardized").load(0, SilentObserver()).train
    inputs, targets = torch.from_numpy(split.inputs), torch.from_numpy(split.targets)
    module = Mlp(depth=4, width=256).build((1,), 1, torch_stream(0, "init"), torch.float32)
    gradient = NoisyGradient(NoisyNetwork(module, "mse", noise, M))
    optimizer = torch.optim.SGD(module.parameters(), lr=1e-4)
    model = StableFamily()
    found = []
    for step in range(repeats + 2):
        times = [time.perf_counter()]
        _, gradients = gradient(step, inputs, targets)
        take_step(optimizer, learned(module), gradients)
        times.append(time.perf_counter())
        means = [mean.clone() for mean in weight_tensors(gradients)]
        _, gradients = gradient.over(step, range(1), inputs, targets)
        noises = [(g - mean).reshape(-1).numpy() for g, mean in zip(weight_tensors(gradients), means, strict=True)]
        noises = [values[values != 0] for values in noises]
        times.append(time.perf_counter())
        laws = model.fit(noises)
        times.append(time.perf_counter())
        for layer, (law, values) in enumerate(zip(laws, noises, strict=True)):
            if law is not None:
                model.draw(law[0], values.size, numpy_stream(0, "inject", step, layer))
        times.append(time.perf_counter())
        found.append(tuple(after - before for before, after in itertools.pairwise(times)))
    return found[2:]  # the first rounds warm up


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--noise", choices=sorted(NOISES))
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, 1 thread, M = {M}, medians of {options.repeats} rounds, ms")
    print(f"{'noise':6} {'step':>8} {'draw 0':>8} {'fits':>8} {'draws':>8} {'fits/step':>10} {'most':>6} {'asked':>6}")
    for name, noise in NOISES.items():
        if options.noise in (None, name):
            found = rounds(noise, options.repeats)
            ratios = [fits / step for step, _, fits, _ in found]
            cells = " ".join(f"{1e3 * median(column):8.1f}" for column in zip(*found, strict=True))
            print(f"{name:6} {cells} {median(ratios):10.3f} {max(ratios):6.3f} {'< 1':>6}", flush=True)


if __name__ == "__main__":
    main()
