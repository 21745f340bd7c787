"""Memory: what is asked for before work begins is never more than what the work holds."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from scipy import stats

from gnicli.contracts.components import NoisyNetwork
from gnicli.gradients import room
from gnicli.gradients.noisy import NoisyGradient
from gnicli.measure.layers import figures
from gnicli.network.conv import Conv
from gnicli.network.mlp import Mlp
from gnicli.noise.mult import COMPONENT as MULT
from gnicli.sde.exits.simulated import count_interval
from gnicli.training import room as training_room


def network(component, shape, dtype=torch.float32):
    return component.build(shape, 3, torch.Generator().manual_seed(0), dtype)


@pytest.mark.parametrize("seed", range(6))
def test_the_buffers_of_a_gradient_hold_what_was_asked_for(seed):
    rng = np.random.default_rng(seed)
    depth, width, batch, n_in = (int(n) for n in (rng.integers(0, 4), rng.integers(1, 60), rng.integers(1, 1300), 5))
    dtype = (torch.float32, torch.float64)[seed % 2]
    module = network(Mlp(depth=depth, width=width, bias=bool(seed % 3)), (n_in,), dtype)
    gradient = NoisyGradient(NoisyNetwork(module, "mse", MULT(std=0.1)))
    _, gradients = gradient(0, torch.randn(batch, n_in, dtype=dtype), torch.randn(batch, 3, dtype=dtype))
    kept = {
        buffer.untyped_storage().data_ptr(): buffer.untyped_storage().nbytes()
        for layer in gradient._gradient._buffers[1:]
        for buffer in layer
    }
    asked = room.of_activations(module, (n_in,), batch, dtype.itemsize)
    assert 0.3 * sum(kept.values()) <= asked <= sum(kept.values())
    assert room.n_weights(module) == sum(each.numel() for each in gradients)


def test_the_stages_of_a_convolution_are_as_they_are():
    module = network(Conv(channels=[2, 5], kernel=[3, 2], stride=[2, 1]), (1, 9, 8))
    found, values = room.known_stages(module, (1, 9, 8)), torch.zeros(1, 1, 9, 8)
    for stage, part in zip(module.stages, found, strict=True):
        assert part.n_in == values.numel()
        values = stage(values)
        assert part.n_out == values.numel()
    assert [part.bends for part in found] == [True, True, False]


def test_of_stages_from_elsewhere_the_weights_alone_are_counted():
    class Own(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.stages = torch.nn.ModuleList([torch.nn.Linear(4, 7), torch.nn.Linear(7, 3)])

        def forward(self, x):
            return self.stages[1](self.stages[0](x))

    assert training_room.least(Own(), (4,), 100, 1000, "noisy", 2) == 3 * 4 * (4 * 7 + 7 + 7 * 3 + 3)


MEASURED = """
import torch
torch.set_num_threads(1)
from gnicli.contracts.components import NoisyNetwork
from gnicli.gradients.evaluation import evaluate
from gnicli.gradients.noisy import NoisyGradient
from gnicli.network.mlp import Mlp
from gnicli.noise.add import COMPONENT as ADD
from gnicli.training import room

def work(width):
    module = Mlp(depth=1, width=width).build((2,), 3, torch.Generator().manual_seed(0), torch.float32)
    inputs, targets = torch.randn(500, 2), torch.randn(500, 3)
    gradient = NoisyGradient(NoisyNetwork(module, "mse", ADD(std=0.1)))  # a run has it to its end
    gradient(0, inputs, targets)
    evaluate(module, "mse", inputs, targets)
    return room.least(module, (2,), 500, 500, "noisy", 0)

work(10)
def bytes_of(field):  # getrusage would give the most of whoever started this process, which may be larger
    (line,) = (line for line in open("/proc/self/status") if line.startswith(field))
    return 1024 * int(line.split()[1])

before = bytes_of("VmRSS")
least = work(20000)
print(least, bytes_of("VmHWM") - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_what_training_asks_for_is_what_its_process_grows_by():
    told = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True).stdout.split()
    least, grown = map(int, told)
    assert 0.5 * grown < least < 1.02 * grown  # the process held some pages before that it uses again


@pytest.mark.parametrize(
    ("population", "n", "df"), [("across_weights", 9, 15), ("over_draws", 900, 19), ("forward_point", 7, 6)]
)
def test_bands_over_draws_are_students_by_the_groups_behind_them(population, n, df):
    assert figures.half_width_over_draws(population, 0.5, n) == pytest.approx(0.5 * stats.t.ppf(0.975, df))
    assert figures.half_width_over_draws(population, 0.0, n) == 0.0


def test_the_interval_of_a_count_is_the_exact_one():
    counts = np.array([0, 1, 7, 5000])
    low, high = count_interval(counts)
    assert low[0] == 0.0
    assert stats.poisson.sf(counts[1:] - 1, low[1:]) == pytest.approx(0.025)
    assert stats.poisson.cdf(counts, high) == pytest.approx(0.025)
