"""The alpha-stable law: density, distribution, draws and fits (layer 1).

What is listed here is imported where it is first asked for: `gnicli.stable.domain` is for those who import no NumPy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gnicli.lazy import attach

if TYPE_CHECKING:
    from gnicli.stable.estimator_covariance import ecf_covariance, quantile_covariance
    from gnicli.stable.estimators import TailIndex, ecf_fit, hill, quantile_fit
    from gnicli.stable.fitting.result import StableFit
    from gnicli.stable.law import StableLaw
    from gnicli.stable.regression import StableRegression, autoregress, regress
    from gnicli.stable.scipy_words import fit, fit_many
    from gnicli.stable.shared_fit import SharedFit, fit_shared
    from gnicli.stable.spectral import SpectralStableLaw, fit_spectral
    from gnicli.stable.sum_index import SumIndex, mohammadi
    from gnicli.stable.tail_index import double_bootstrap, kernel, moment, pickands, power_tail

__all__ = [
    "SharedFit",
    "SpectralStableLaw",
    "StableFit",
    "StableLaw",
    "StableRegression",
    "SumIndex",
    "TailIndex",
    "autoregress",
    "double_bootstrap",
    "ecf_covariance",
    "ecf_fit",
    "fit",
    "fit_many",
    "fit_shared",
    "fit_spectral",
    "hill",
    "kernel",
    "mohammadi",
    "moment",
    "pickands",
    "power_tail",
    "quantile_covariance",
    "quantile_fit",
    "regress",
]

_MODULES = {
    "SharedFit": "gnicli.stable.shared_fit",
    "SpectralStableLaw": "gnicli.stable.spectral",
    "StableFit": "gnicli.stable.fitting.result",
    "StableLaw": "gnicli.stable.law",
    "StableRegression": "gnicli.stable.regression",
    "SumIndex": "gnicli.stable.sum_index",
    "TailIndex": "gnicli.stable.estimators",
    "autoregress": "gnicli.stable.regression",
    "double_bootstrap": "gnicli.stable.tail_index",
    "ecf_covariance": "gnicli.stable.estimator_covariance",
    "ecf_fit": "gnicli.stable.estimators",
    "fit": "gnicli.stable.scipy_words",
    "fit_many": "gnicli.stable.scipy_words",
    "fit_shared": "gnicli.stable.shared_fit",
    "fit_spectral": "gnicli.stable.spectral",
    "hill": "gnicli.stable.estimators",
    "kernel": "gnicli.stable.tail_index",
    "mohammadi": "gnicli.stable.sum_index",
    "moment": "gnicli.stable.tail_index",
    "pickands": "gnicli.stable.tail_index",
    "power_tail": "gnicli.stable.tail_index",
    "quantile_covariance": "gnicli.stable.estimator_covariance",
    "quantile_fit": "gnicli.stable.estimators",
    "regress": "gnicli.stable.regression",
}

__getattr__, __dir__ = attach(__name__, _MODULES)
