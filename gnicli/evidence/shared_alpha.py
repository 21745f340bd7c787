"""One alpha for several groups of samples, each with a skewness, a location and a scale of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from gnicli.contracts.number_text import with_error
from gnicli.contracts.results import Results, Value
from gnicli.errors import GniError
from gnicli.stable import SharedFit, fit_shared

MOST_GROUPS = 100  # all parameters are fitted at once
SMALL = 0.01  # p-value, below which chance does not explain that alphas differ


def with_shared_alpha(results: Results, samples: Mapping[str, np.ndarray]) -> Results:
    """`results` of a stable fit to each group, with `alpha_shared`, `alpha_shared_p` and a sentence.

    As they are for fewer than two groups or more than 100, and where the groups have no joint fit.
    """
    if not 2 <= len(samples) <= MOST_GROUPS:
        return results
    try:
        found = fit_shared(samples.values(), shared=["alpha"])
    except GniError:
        return results
    n = sum(len(each) for each in samples.values())
    stderr = found.alpha_stderr if math.isfinite(found.alpha_stderr) else None
    values = {**results.values, "alpha_shared": Value(found.alpha, stderr, n)}
    if math.isfinite(found.p):
        values["alpha_shared_p"] = Value(found.p, n=n)
    return results._replace(values=values, notes=(*results.notes, sentence(found)))


def sentence(found: SharedFit) -> str:
    """What one alpha for all groups is, and whether chance explains that their own differ."""
    stderr = found.alpha_stderr if math.isfinite(found.alpha_stderr) else None
    said = f"one alpha for all {len(found.laws)} groups, fitted together, is {with_error(found.alpha, stderr)}"
    if not found.converged:
        return f"{said}, but the search for it did not end at a maximum"
    if math.isnan(found.p):
        return f"{said}; whether they share one is not tested, because a fit is at a parameter bound"
    told = f"p = {found.p:.2g} of the likelihood ratio against an alpha for each"
    if found.p < SMALL:
        return f"{said}, but the groups do not share one ({told})"
    return f"{said}; chance explains that their own differ ({told}), which does not show that they are equal"
