"""gni: measure what Gaussian noise injections do to gradients and to training.

What is offered here is imported when it is asked for: `import gnicli` takes no time, and `dir(gnicli)` lists it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnicli.lazy import attach

if TYPE_CHECKING:
    from gnicli.engine.judging.judge import judge
    from gnicli.engine.plots import plot
    from gnicli.engine.run import Run
    from gnicli.engine.runs import Runs, load_run, load_runs
    from gnicli.gradients.functional import explicit_regularizer, noisy_loss
    from gnicli.gradients.hooks import inject
    from gnicli.kde import density
    from gnicli.launch.from_python import run
    from gnicli.measure import GradientNoise, gradient_noise
    from gnicli.sde import LevyNoise, exit_rates, simulate, stationary_law
    from gnicli.stable import StableLaw, fit, fit_many

__version__ = "0.2.0"

# The module of each name; the block above says the same to editors and type checkers, and a test compares the two.
_MODULES = {
    "GradientNoise": "gnicli.measure",
    "LevyNoise": "gnicli.sde",
    "Run": "gnicli.engine.run",
    "Runs": "gnicli.engine.runs",
    "StableLaw": "gnicli.stable",
    "density": "gnicli.kde",
    "exit_rates": "gnicli.sde",
    "explicit_regularizer": "gnicli.gradients.functional",
    "fit": "gnicli.stable",
    "fit_many": "gnicli.stable",
    "gradient_noise": "gnicli.measure",
    "inject": "gnicli.gradients.hooks",
    "judge": "gnicli.engine.judging.judge",
    "load_run": "gnicli.engine.runs",
    "load_runs": "gnicli.engine.runs",
    "noisy_loss": "gnicli.gradients.functional",
    "plot": "gnicli.engine.plots",
    "run": "gnicli.launch.from_python",
    "simulate": "gnicli.sde",
    "stationary_law": "gnicli.sde",
}

__all__ = [
    "GradientNoise",
    "LevyNoise",
    "Run",
    "Runs",
    "StableLaw",
    "density",
    "exit_rates",
    "explicit_regularizer",
    "fit",
    "fit_many",
    "gradient_noise",
    "inject",
    "judge",
    "load_run",
    "load_runs",
    "noisy_loss",
    "plot",
    "run",
    "simulate",
    "stationary_law",
]

__getattr__, __dir__ = attach(__name__, _MODULES)
