"""The laws that a sample is compared with, side by side: their fitted parameters and their scores."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gnicli.contracts.number_text import plain
from gnicli.contracts.results import Table, Value
from gnicli.evidence.comparison import Scores
from gnicli.stable import StableFit

_HEADS = ("law", "log-likelihood", "AIC above the least")


def parameters(score: Scores, fit: StableFit, n: int) -> dict[str, Value]:
    """The parameters of a fitted law by name; of the stable law `fit` has their standard errors and intervals."""
    if score.law is None:
        return {}
    if score.family.name == "stable":
        return stable_parameters(fit, n)
    return {name: Value(value, n=n) for name, value in score.family.parameters(score.law).items()}


def stable_parameters(fit: StableFit, n: int) -> dict[str, Value]:
    """The parameters of a stable law by name, with standard errors and 95 % intervals where there are any."""
    return {
        name: Value(getattr(fit, name), getattr(fit, f"{name}_stderr"), n, ci95=fit.ci95(name))
        for name in ("alpha", "beta", "loc", "scale")
    }


def values(scores: Mapping[str, Scores], own: str, fit: StableFit, n: int) -> dict[str, Value]:
    """The parameters of every fitted law but `own`, as `<parameter>_<law>`."""
    return {
        f"{parameter}_{name}": value
        for name, score in scores.items()
        if name != own
        for parameter, value in parameters(score, fit, n).items()
    }


def table(scores: Mapping[str, Scores], own: str, fit: StableFit, n: int) -> Table:
    """One row a law, the best first; held-out scores in nats a sample with one standard error; `own` is compared with.

    What was not fitted is in the last rows.
    """
    known = sorted((s for s in scores.values() if s.law is not None), key=lambda s: s.aic)
    least = known[0].aic
    rows = [
        (
            s.family.words,
            f"{s.log_likelihood:,.2f}",
            f"{s.aic - least:,.2f}",
            _gap(s),
            ", ".join(f"{name} = {plain(value.number, 4)}" for name, value in parameters(s, fit, n).items()),
        )
        for s in known
    ]
    rows += [(s.family.words, "not fitted", "", "", "") for s in scores.values() if s.law is None]
    own_words = scores[own].family.words
    return Table((*_HEADS, f"held-out log-density above the {own_words} law's", "parameters"), tuple(rows))


def _gap(score: Scores) -> str:
    gap, stderr = score.heldout_gap, score.heldout_gap_stderr
    if score.n_impossible:
        return f"−∞: density 0 at {score.n_impossible:,} of {score.n_heldout:,}"
    if math.isnan(gap):
        return ""
    if gap == math.inf:  # the other law has density 0 somewhere
        return "+∞"
    return f"{gap:+.4f} ± {stderr:.4f}" if stderr > 0 else f"{gap:+.4f}" if gap else "0"
