"""Time of one training step: a plain version, gni, and the floor set by the matrix products and the noise.

    python benchmarks/train_step.py [--repeats 15] [--noise add] [--clock wall] [--only mlp-4x256]

One thread; the contestants take turns, so that other load on the machine meets all of them; medians. M = 16 draws.

(a) plain  what a user would write by hand: the batch tiled M times, `torch.randn_like` for each layer, autograd, SGD.
(b) gni    the gradient function of `objective=noisy` and the same optimizer, as `gni train` calls them.
(c) floor  the matrix products of the step at the rate of `torch.mm`, each at the faster of two shapes (all M draws at
           once, or a chunk of them), plus the time in which `torch.randn` draws the noise. Convolutions count as the
           products that they are equal to (the patches, as rows, times the filters).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

import torch
from torch.nn import functional

from gnicli.contracts.components import Network, Noise, NoisyNetwork
from gnicli.gradients.objective.noisy import Noisy
from gnicli.gradients.stages import learned
from gnicli.network.conv import Conv
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.training.optimizer import take_step

M = 16
STD = 0.1
LEARNING_RATE = 1e-4
CHUNK_ROWS = 512
CLOCKS = {"wall": time.perf_counter, "cpu": time.thread_time}
LOSSES = {"mse": functional.mse_loss, "cross_entropy": functional.cross_entropy}


class Workload(NamedTuple):
    """A network, a batch for it, and the ratios that are asked for."""

    name: str
    network: Network
    input_shape: tuple[int, ...]
    batch: int
    n_outputs: int
    loss: str
    least_speedup: float
    most_over_floor: float | None


WORKLOADS = (
    Workload("mlp-4x256", Mlp(depth=4, width=256), (1,), 200, 1, "mse", 1.2, 1.2),
    Workload("mlp-2x256-elu", Mlp(depth=2, width=256, activation="elu"), (3072,), 512, 10, "cross_entropy", 1.35, 1.2),
    Workload("conv", Conv(), (3, 32, 32), 64, 10, "cross_entropy", 1.0, None),
)
NOISES: dict[str, Noise] = {"add": AdditiveNoise(std=STD), "mult": MultiplicativeNoise(std=STD)}


def make_data(work: Workload) -> tuple[torch.Tensor, torch.Tensor]:
    """Random inputs and targets of the workload's shapes."""
    generator = torch.Generator().manual_seed(1)
    inputs = torch.rand(work.batch, *work.input_shape, generator=generator)
    if work.loss == "mse":
        return inputs, torch.randn(work.batch, work.n_outputs, generator=generator)
    return inputs, torch.randint(0, work.n_outputs, (work.batch,), generator=generator)


def make_module(work: Workload) -> torch.nn.Module:
    """The workload's network, always with the same weights."""
    return work.network.build(work.input_shape, work.n_outputs, torch.Generator().manual_seed(0), torch.float32)


def plain_step(work: Workload, noise: Noise) -> Callable[[], object]:
    """A step as one would write it by hand."""
    module = make_module(work)
    inputs, targets = make_data(work)
    optimizer = torch.optim.SGD(module.parameters(), lr=LEARNING_RATE)
    multiply = noise.operation == "multiply"

    def step() -> None:
        values = inputs.repeat(M, *[1] * len(work.input_shape))
        tiled = targets.repeat(M, *[1] * (targets.dim() - 1))
        for stage in module.stages:
            noised = STD * torch.randn_like(values)
            values = stage(values * (1 + noised) if multiply else values + noised)
        loss = LOSSES[work.loss](values, tiled)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def gni_step(work: Workload, noise: Noise) -> Callable[[], object]:
    """A step as the training loop makes it."""
    module = make_module(work)
    inputs, targets = make_data(work)
    optimizer = torch.optim.SGD(module.parameters(), lr=LEARNING_RATE)
    gradient_function = Noisy().build(NoisyNetwork(module, work.loss, noise, M))
    parameters = learned(module)
    counter = iter(range(10**9))

    def step() -> None:
        _, gradients = gradient_function(next(counter), inputs, targets)
        take_step(optimizer, parameters, gradients)

    return step


def stage_products(work: Workload) -> tuple[list[tuple[int, int, int]], int]:
    """(rows, n_in, n_out) of each stage's forward product for one draw, and the noise values of one draw."""
    values, _ = make_data(work)
    shapes, n_noise = [], 0
    with torch.no_grad():
        for stage in make_module(work).stages:
            n_noise += values.numel()
            values = stage(values)
            n_out = stage.weight.shape[0]
            shapes.append((values.numel() // n_out, stage.weight[0].numel(), n_out))
    return shapes, n_noise


def products_of(rows: int, n_in: int, n_out: int, first: bool) -> list[Callable[[], object]]:
    """Forward, weight-gradient and (but for the first stage) input-gradient product of a stage, into buffers."""
    entering, weight = torch.rand(rows, n_in), torch.rand(n_out, n_in)
    leaving, gradient, back = torch.rand(rows, n_out), torch.empty(n_out, n_in), torch.empty(rows, n_in)
    transposed = weight.t().contiguous()
    calls: list[Callable[[], object]] = [
        lambda: torch.mm(entering, transposed, out=leaving),
        lambda: torch.mm(leaving.t(), entering, out=gradient),
    ]
    return calls if first else [*calls, lambda: torch.mm(leaving, weight, out=back)]


def floor_parts(work: Workload) -> dict[str, list[tuple[float, Callable[[], object]]]]:
    """Named parts of the floor: each a list of alternatives (how often per step, call), the fastest of which counts."""
    shapes, n_noise = stage_products(work)
    draws_per_chunk = max(1, CHUNK_ROWS // work.batch)
    parts: dict[str, list[tuple[float, Callable[[], object]]]] = {}
    for index, (rows, n_in, n_out) in enumerate(shapes):
        for n_draws in (M, draws_per_chunk, 1):
            sized = products_of(max(1, int(rows * n_draws)), n_in, n_out, first=index == 0)
            for kind, call in enumerate(sized):
                parts.setdefault(f"stage {index} product {kind}", []).append((M / n_draws, call))
    parts["noise"] = [(M, lambda: torch.randn(n_noise))]
    return parts


def seconds(call: Callable[[], object], clock: Callable[[], float]) -> float:
    """Time of one call."""
    begin = clock()
    call()
    return clock() - begin


def measure(work: Workload, noise: Noise, repeats: int, clock: Callable[[], float]) -> tuple[float, float, float]:
    """Medians of (a), (b) and (c) in seconds, from `repeats` rounds in which each has its turn."""
    plain, gni, parts = plain_step(work, noise), gni_step(work, noise), floor_parts(work)
    times: dict[object, list[float]] = {}
    for turn in range(repeats + 1):
        contestants = [("plain", plain), ("gni", gni)]
        contestants += [((name, n), call) for name, options in parts.items() for n, (_, call) in enumerate(options)]
        for name, call in contestants:
            elapsed = seconds(call, clock)
            if turn > 0:  # the first round warms up
                times.setdefault(name, []).append(elapsed)
    floor = sum(
        min(count * median(times[name, n]) for n, (count, _) in enumerate(options)) for name, options in parts.items()
    )
    return median(times["plain"]), median(times["gni"]), floor


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--noise", choices=sorted(NOISES), default="add")
    parser.add_argument(
        "--clock", choices=sorted(CLOCKS), default="wall", help="cpu: of this thread, on a busy machine"
    )
    parser.add_argument("--only", choices=[work.name for work in WORKLOADS])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"torch {torch.__version__}, 1 thread, M = {M}, noise={options.noise}")
    print(f"medians of {options.repeats} interleaved repetitions, ms per step ({options.clock} clock)")
    print(
        f"{'workload':14} {'(a) plain':>10} {'(b) gni':>9} {'(c) floor':>10} "
        f"{'a/b':>6} {'asked':>7} {'b/c':>6} {'asked':>7}"
    )
    for work in WORKLOADS:
        if options.only in (None, work.name):
            plain, gni, floor = measure(work, NOISES[options.noise], options.repeats, CLOCKS[options.clock])
            most = f"<= {work.most_over_floor:g}" if work.most_over_floor else "-"
            print(
                f"{work.name:14} {plain * 1e3:10.1f} {gni * 1e3:9.1f} {floor * 1e3:10.1f} {plain / gni:6.2f} "
                f"{f'>= {work.least_speedup:g}':>7} {gni / floor:6.2f} {most:>7}",
                flush=True,
            )


if __name__ == "__main__":
    main()
