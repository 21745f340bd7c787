"""What moves chains on the loss of a network: training itself, and what is compared with it. One class for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from gnicli.contracts.components import Potential
from gnicli.model.measured.laws import CoordinateLaws, Gradients
from gnicli.seeding import numpy_stream
from gnicli.stable import StableLaw

_STEP_BLOCK = 32  # steps whose noise is drawn at once; part of the meaning of a seed


class Arm(Protocol):
    """One way to take a step."""

    def step(self, step: int, w: np.ndarray, chains: np.ndarray) -> np.ndarray:
        """The weights (d, n) after step number `step` (from 0) of the chains with the numbers `chains` (n,)."""
        ...


class Training:
    """w − η ∇L̃_M(w, ε): stochastic gradient descent under fresh draws in every step (4.1).

    `first` is added to the numbers of the chains: chains of another `first` have other draws.
    """

    def __init__(self, gradients: Gradients, eta: float, first: int = 0) -> None:
        self._gradients, self._eta, self._first = gradients, eta, first

    def step(self, step: int, w: np.ndarray, chains: np.ndarray) -> np.ndarray:
        """See `Arm.step`."""
        return w - self._eta * self._gradients(step, w, (chains + self._first).tolist())


class Descent:
    """w − η ∇f(w): gradient descent."""

    def __init__(self, potential: Potential, eta: float) -> None:
        self._potential, self._eta = potential, eta

    def step(self, step: int, w: np.ndarray, chains: np.ndarray) -> np.ndarray:
        """See `Arm.step`."""
        return w - self._eta * self._potential.gradient(w)


class Model:
    """w − η ∇f(w) + ε η^{1/α} ΔL: Euler's scheme (4.4) with the noise of each layer and chain (`CoordinateLaws`).

    `laws` hold from step 0, `every`, 2 `every`, … on, or the first of them for all steps where `every` is 0. `moving`
    (d, n) for each of them are the weights that have noise. Draws have the key (seed, "simulate", `stream`, block of
    steps, chain): those of one `stream` come from the same random numbers in all models, whatever their laws.
    """

    def __init__(
        self,
        potential: Potential,
        eta: float,
        layers: np.ndarray,
        laws: Sequence[CoordinateLaws],
        moving: Sequence[np.ndarray],
        seed: int,
        every: int = 0,
        stream: int = 0,
    ) -> None:
        self._descent, self._eta, self._layers = Descent(potential, eta), eta, layers
        self._laws, self._moving, self._every = laws, moving, every
        self._seed, self._stream = seed, stream
        self._block, self._noise = -1, np.empty(0)

    def step(self, step: int, w: np.ndarray, chains: np.ndarray) -> np.ndarray:
        """See `Arm.step`."""
        block, row = divmod(step, _STEP_BLOCK)
        if block != self._block:
            self._block, self._noise = block, self._draw(block)
        with np.errstate(over="ignore", invalid="ignore"):
            moved: np.ndarray = self._descent.step(step, w, chains) + self._noise[row][:, chains]
        return moved

    def _draw(self, block: int) -> np.ndarray:
        """The noise of a block of steps in all chains, also those that diverged: (steps, d, n)."""
        steps = np.arange(block * _STEP_BLOCK, (block + 1) * _STEP_BLOCK)
        held = steps // self._every if self._every else np.zeros_like(steps)
        held = np.minimum(held, len(self._laws) - 1)
        noise = np.zeros((_STEP_BLOCK, *self._moving[0].shape))
        for chain in range(noise.shape[2]):
            rng = numpy_stream(self._seed, "simulate", self._stream, block, chain)
            for number in np.unique(held).tolist():
                noise[held == number, :, chain] = self._of_chain(number, chain, int((held == number).sum()), rng)
        return noise

    def _of_chain(self, number: int, chain: int, n_steps: int, rng: np.random.Generator) -> np.ndarray:
        """Noise by the laws of one number, (steps, d)."""
        laws, drawn = self._laws[number], np.zeros((n_steps, len(self._layers)))
        sizes = laws.epsilon(self._eta)[:, chain] * self._eta ** (1 / laws.alpha[:, chain])
        for k, size in enumerate(sizes.tolist(), 1):
            here = (self._layers == k) & self._moving[number][:, chain]
            if size > 0 and here.any():
                law = StableLaw(float(laws.alpha[k - 1, chain]), float(laws.beta[k - 1, chain]), 0.0, size)
                drawn[:, here] = law.rvs((n_steps, int(here.sum())), rng)
        return drawn
