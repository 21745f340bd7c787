"""Alpha by the growth of sums, Mohammadi's estimator, beside that of the likelihood."""

from __future__ import annotations

import math

import numpy as np

from gnicli.errors import GniError
from gnicli.stable import StableFit, SumIndex, mohammadi

CHANCE = 3.0  # standard errors of a difference that chance explains
NEEDS = {
    "likelihood": "independent samples of one stable law; any location and skewness",
    "sums": "independent samples of one stable law; any other law of finite variance gives 2 for long sums alone",
}


def sum_alpha(x: np.ndarray, rng: np.random.Generator) -> SumIndex | None:
    """Mohammadi's alpha of samples (n,) in random order; None where there is none to be had.

    Of the differences of pairs of them: these are symmetric about 0, as the estimator needs, whatever the location and
    the skewness are. In random order, because the question is about the law of the samples.
    """
    pairs = rng.permutation(x)[: x.size // 2 * 2].reshape(-1, 2)
    apart = pairs[:, 0] - pairs[:, 1]
    try:
        return mohammadi(apart[apart != 0.0])
    except GniError:
        return None


def disagreement(sums: SumIndex, fit: StableFit) -> str | None:
    """What it means that the two alphas differ by more than chance explains; None where they do not.

    Where they do not, nothing is said, because that does not show a stable law: for a mixture of Gaussians of unequal
    scales both can be below 2.
    """
    gap, spread = abs(sums.alpha - fit.alpha), math.hypot(sums.stderr, fit.alpha_stderr or 0.0)
    if gap <= CHANCE * spread:
        return None
    return (
        f"alpha by the growth of sums and alpha by maximum likelihood differ by more than {CHANCE:g} standard errors, "
        "and of independent samples of one stable law both are estimates of the same alpha"
    )
