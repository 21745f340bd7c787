"""`track=antithetic`: what mirrored pairs of draws do to the variance and the law of the gradient noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Optional

from gnicli import checks
from gnicli.checks import key

if TYPE_CHECKING:
    from gnicli.contracts.components import NoisyNetwork
    from gnicli.contracts.observer import Observer
    from gnicli.training.antithetic import AntitheticTrack


@dataclass
class Antithetic:
    """Variance, skewness and alpha of the gradient of M/2 mirrored pairs beside that of M plain draws (M even)."""

    name: str = key("antithetic", "mirrored pairs of draws beside plain draws, at equal cost")
    every: Optional[int] = key(None, "steps between measurements; default: as often as the losses (eval_every)")
    n_repeats: int = key(8, "gradients of each kind, at fixed weights, from which the variance is estimated")

    def __post_init__(self) -> None:
        if self.every is not None:
            checks.integer("track.every", self.every, least=1)
        checks.integer("track.n_repeats", self.n_repeats, least=2)
        checks.at_most("track.n_repeats", self.n_repeats, checks.MOST_DRAWS)

    def build(self, network: NoisyNetwork, every: int, observer: Observer) -> AntitheticTrack:
        """The watcher of a training run; `every` is the cadence where none was given."""
        from gnicli.training.antithetic import AntitheticTrack

        return AntitheticTrack(network, self.every or every, self.n_repeats, observer)


COMPONENT = Antithetic
