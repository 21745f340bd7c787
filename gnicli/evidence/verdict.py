"""What the evidence allows one to say, in a sentence or two."""

from __future__ import annotations

import math
from collections.abc import Mapping

from gnicli.evidence.blocks import Block
from gnicli.evidence.comparison import Ratio, Scores

LEVEL = 0.05


def sentence(
    n: int,
    interval: str,
    ratio: Ratio | None,
    p_values: Mapping[str, float],
    blocks: list[Block],
    scores: Mapping[str, Scores],
    why_untested: str = "n_bootstrap=0",
) -> str:
    """The verdict on the hypothesis that the samples follow a stable law.

    `interval` is alpha with its interval in words, `p_values` those of the stable law (`ks`, `ad`, `drift`). Evidence
    that is not there is not spoken of.
    """
    level = _level(p_values)
    rejected = _rejected(p_values)
    if ratio is not None and ratio.p_value > LEVEL:
        if not rejected:
            return (
                f"The {n:,} samples allow a Gaussian: a stable law gains {ratio.statistic / 2:.3g} nats over it "
                f"(p = {ratio.p_value:.2g}), so a tail index below 2 is not shown{_better(scores, 'normal')}."
            )
        return (
            f"Neither a stable law nor a Gaussian describes the {n:,} samples ({_tests(p_values, rejected)}), and a "
            f"stable law is no better than a Gaussian (p = {ratio.p_value:.2g}){_better(scores, 'stable')}."
        )
    gaussian = "" if ratio is None else f"A Gaussian is excluded (p {_p(ratio.p_value)}). "
    if p_values.get("drift", 1.0) <= level:
        return (
            f"{gaussian}The law is not stable: alpha of block sums goes from {blocks[0].alpha:.2f} to "
            f"{blocks[-1].alpha:.2f} for sums of {blocks[-1].size} (p {_p(p_values['drift'])}), as a lighter tail "
            f"than the fitted one makes it{_fits(p_values, rejected)}; alpha describes the shape of the histogram, "
            f"not the tail{_better(scores, 'stable')}."
        )
    if rejected:
        return (
            f"{gaussian}A stable law does not fit ({_tests(p_values, rejected)}), though alpha of block sums does not "
            f"drift{_better(scores, 'stable')}."
        )
    if not p_values:
        return f"{gaussian}Whether a stable law fits was not tested ({why_untested}){_better(scores, 'stable')}."
    return (
        f"{gaussian}The {n:,} samples are consistent with a stable law of alpha = {interval} "
        f"({_tests(p_values, list(p_values))}){_better(scores, 'stable')}."
    )


def fit_sentence(words: str, p_values: Mapping[str, float]) -> str:
    """How a law other than the stable one does in the tests."""
    rejected = _rejected(p_values)
    if rejected:
        return f"A {words} law does not fit ({_tests(p_values, rejected)})."
    return f"A {words} law is consistent with the samples ({_tests(p_values, ['ks', 'ad'])})."


def _level(p_values: Mapping[str, float]) -> float:
    """The level of each of several tests of one law, so that a true law is rejected in 5 % of cases at most."""
    return LEVEL / max(1, len(p_values))


def _rejected(p_values: Mapping[str, float]) -> list[str]:
    return [name for name in ("ks", "ad") if p_values.get(name, 1.0) <= _level(p_values)]


def _p(value: float) -> str:
    return f"= {value:.2g}" if value >= 1e-4 else "< 0.0001"


def _fits(p_values: Mapping[str, float], rejected: list[str]) -> str:
    return f", and its fit is rejected ({_tests(p_values, rejected)})" if rejected else ""


def _tests(p_values: Mapping[str, float], names: list[str]) -> str:
    words = {"ks": "Kolmogorov–Smirnov", "ad": "Anderson–Darling", "drift": "drift of block sums"}
    return ", ".join(f"{words[name]} p {_p(p_values[name])}" for name in names)


def _better(scores: Mapping[str, Scores], than: str) -> str:
    """The law with the best held-out log-likelihood, if it beats `than` by more than two standard errors."""
    if than not in scores or not math.isfinite(scores[than].heldout):
        return ""
    known = {name: score for name, score in scores.items() if math.isfinite(score.heldout)}
    best = max(known, key=lambda name: known[name].heldout)
    gap = known[best].heldout_gap - known[than].heldout_gap
    error = max(known[best].heldout_gap_stderr, known[than].heldout_gap_stderr)
    if best == than or not gap > 2.0 * error:
        return ""
    return f"; of the laws tried a {known[best].family.words} law predicts held-out samples best"
