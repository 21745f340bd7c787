"""Alpha by the growth of sums, Mohammadi's estimator, beside that of the likelihood."""

from __future__ import annotations

import math

import numpy as np

from gnicli.contracts.number_text import with_error
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


def sentence(sums: SumIndex, fit: StableFit) -> str:
    """The two alphas, whether chance explains their difference, and what that does and does not show."""
    stderr = fit.alpha_stderr or 0.0
    gap, spread = abs(sums.alpha - fit.alpha), math.hypot(sums.stderr, stderr)
    both = (
        f"alpha by the growth of sums (Mohammadi) is {with_error(sums.alpha, sums.stderr)}, "
        f"by maximum likelihood {with_error(fit.alpha, fit.alpha_stderr)}"
    )
    if gap > CHANCE * spread:
        return (
            f"{both}: they differ by more than {CHANCE:g} standard errors, and of independent samples of one stable "
            "law both are estimates of the same alpha"
        )
    return (
        f"{both}: they differ by no more than {CHANCE:g} standard errors. That does not show a stable law: for a "
        "mixture of Gaussians of unequal scales both can be below 2"
    )
