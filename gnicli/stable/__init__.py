"""The alpha-stable law: density, distribution, draws and fits (layer 1)."""

from gnicli.stable.estimator_covariance import ecf_covariance, quantile_covariance
from gnicli.stable.estimators import TailIndex, ecf_fit, hill, quantile_fit
from gnicli.stable.fitting.result import StableFit
from gnicli.stable.law import StableLaw
from gnicli.stable.regression import StableRegression, autoregress, regress
from gnicli.stable.scipy_words import fit, fit_many
from gnicli.stable.shared_fit import SharedFit, fit_shared
from gnicli.stable.sum_index import SumIndex, mohammadi
from gnicli.stable.tail_index import double_bootstrap, kernel, moment, pickands, power_tail

__all__ = [
    "SharedFit",
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
