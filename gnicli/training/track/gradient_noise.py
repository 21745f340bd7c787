"""`track=gradient_noise`: a stable law fitted to the gradient noise of each layer during training (figure 8)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from gnicli import checks
from gnicli.checks import key
from gnicli.errors import UsageError

if TYPE_CHECKING:
    from gnicli.contracts.components import NoisyNetwork
    from gnicli.contracts.observer import Observer
    from gnicli.training.tracking import GradientNoiseTrack


@dataclass
class GradientNoise:
    """alpha, beta, scale, skewness and excess kurtosis of each layer's gradient noise, across the layer's weights."""

    name: str = key("gradient_noise", "a stable law fitted to each layer's gradient noise")
    every: Optional[int] = key(None, "steps between measurements; default: as often as the losses (eval_every)")
    n_mean: int = key(16, "fresh draws whose mean is subtracted from the measured draw, equation (3.2)")
    n_draws: int = key(
        0,
        "further draws at each measurement, for each weight's own scale and law over draws; 0: none, else 2 or more",
    )

    def __post_init__(self) -> None:
        if self.every is not None:
            checks.integer("track.every", self.every, least=1)
        checks.integer("track.n_mean", self.n_mean, least=1)
        checks.at_most("track.n_mean", self.n_mean, checks.MOST_DRAWS)
        checks.integer("track.n_draws", self.n_draws, least=0)
        checks.at_most("track.n_draws", self.n_draws, checks.MOST_DRAWS)
        if self.n_draws == 1:
            raise UsageError("track.n_draws=1 has no spread over draws; use 0 or at least 2")

    def build(self, network: NoisyNetwork, every: int, observer: Observer) -> GradientNoiseTrack:
        """The watcher of a training run; `every` is the cadence where none was given."""
        from gnicli.training.tracking import GradientNoiseTrack

        return GradientNoiseTrack(network, self.every or every, self.n_mean, self.n_draws, observer)


COMPONENT = GradientNoise
