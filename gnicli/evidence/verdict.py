"""The verdict on a sample: whether a stable law is rejected, supported or undecided, in a sentence or two.

The rules, in this order. `p` is the p-value of all tests together. A lead is clear from 3 nats and two standard errors.

1. p ≤ 1 %: a stable law is rejected (a Gaussian is one).
2. Another law has a clear lead over the stable law, or over the Gaussian where that is not excluded; or, where p ≤ 5 %
   and the Gaussian is excluded, any lead over the stable law of 3 nats: it is better.
3. The ratio test does not exclude the Gaussian at 1 %: a Gaussian is not rejected.
4. It was asked whether the samples are tempered, with p ≤ 1 %: a tempered stable law is better.
5. No test could reject: untested.
6. p ≤ 5 %, or some law is not clearly behind, or tempering has p ≤ 5 %: undecided.
7. Else the stable law is preferred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gnicli.contracts.number_text import with_error
from gnicli.evidence.blocks import Block
from gnicli.evidence.comparison import LEAST_LEAD, Lead, Ratio, Rival
from gnicli.evidence.goodness import Goodness
from gnicli.evidence.p_values import DOUBT, LEVEL, TESTS, can_reject, fewest, is_least, p_each, p_together
from gnicli.evidence.tempering import Tempering


class Outcome(StrEnum):
    """What can be said about the hypothesis of a stable law."""

    REJECTED = "stable rejected"
    BETTER = "another law is better"
    GAUSSIAN = "Gaussian not rejected"
    UNTESTED = "untested"
    UNDECIDED = "undecided"
    PREFERRED = "stable preferred"


@dataclass(frozen=True)
class Evidence:
    """What is known of `n` samples. Missing evidence is None or empty, and no sentence mentions it.

    alpha: that of the fitted stable law with its interval, as text. least_alpha: the least that fits have, where the
    fitted one is that; a law of smaller alpha may have made the samples. tempering: whether they are stable or
    tempered. held: the parameters that were held, as text.
    ratio: the ratio test of the stable law against the Gaussian. tests: those of the stable law. why_untested: the
    reason where there are none. rivals: the other laws by name.
    """

    n: int
    alpha: str
    ratio: Ratio | None = None
    tests: Goodness | None = None
    why_untested: str = "n_bootstrap=0"
    blocks: list[Block] = field(default_factory=list)
    rivals: Mapping[str, Rival] = field(default_factory=dict)
    held: str = ""
    least_alpha: float | None = None
    tempering: Tempering | None = None

    @property
    def stable(self) -> str:
        """The hypothesis in words."""
        return f"stable law with {self.held}" if self.held else "stable law"

    @property
    def ends_here(self) -> str:
        """A sentence about samples whose fit is at the least alpha; "" for others."""
        if self.least_alpha is None:
            return ""
        return f" Fits end at alpha = {self.least_alpha:g}: whether a stable law of smaller alpha fits was not tested."

    @property
    def allows_gaussian(self) -> bool:
        """Whether the ratio test leaves room for alpha = 2."""
        return self.ratio is not None and self.ratio.p_value > LEVEL

    @property
    def others(self) -> dict[str, Rival]:
        """The laws that stable laws compete with; the Gaussian is one only where there is no ratio test."""
        return {name: rival for name, rival in self.rivals.items() if name != "normal" or self.ratio is None}


def decide(evidence: Evidence) -> tuple[Outcome, str]:
    """The outcome, and the sentences that report it."""
    outcome, said = _decide(evidence)
    return outcome, said + evidence.ends_here


def _decide(evidence: Evidence) -> tuple[Outcome, str]:
    tests = evidence.tests
    tested = can_reject(tests)
    if tested and tests is not None and tests.together <= LEVEL:
        return Outcome.REJECTED, _rejected(evidence, tests)
    is_doubted = tested and tests is not None and tests.together <= DOUBT and not evidence.allows_gaussian
    ahead = {
        name: rival
        for name, rival in evidence.others.items()
        for lead in [rival.over_normal if evidence.allows_gaussian else rival.over_stable]
        if lead.is_clear or (is_doubted and lead.nats >= LEAST_LEAD)
    }
    if ahead:
        return Outcome.BETTER, _better(evidence, ahead)
    if evidence.allows_gaussian:
        return _gaussian_stays(evidence)
    tempering = evidence.tempering
    if tempering is not None and tempering.is_shown:
        return Outcome.BETTER, _tempered(evidence, tempering)
    if not tested or tests is None:
        return Outcome.UNTESTED, f"{_excluded(evidence)}{_untested(evidence)} {_standing(evidence)}"
    near = _not_behind(evidence)
    if near or tests.together <= DOUBT or (tempering is not None and tempering.is_near):
        return Outcome.UNDECIDED, _undecided(evidence, tests, near)
    return Outcome.PREFERRED, (
        f"{_excluded(evidence)}A {evidence.stable} of alpha = {evidence.alpha} is not rejected (p {p_together(tests)}) "
        f"and is preferred over every other law tried{_nearest(evidence)}."
    )


def fit_sentence(words: str, tests: Goodness) -> str:
    """Whether the tests reject a law other than the stable one."""
    if not can_reject(tests):
        return _too_few(tests)
    if tests.together <= LEVEL:
        return f"A {words} law is rejected ({p_each(tests)})."
    return f"A {words} law is not rejected ({p_each(tests)})."


# ----------------------------------------------------------------------------------------------------------- sentences


def _rejected(evidence: Evidence, tests: Goodness) -> str:
    gaussian = ", the Gaussian among them," if evidence.allows_gaussian else ""
    tried = f" of alpha >= {evidence.least_alpha:g}" if evidence.least_alpha is not None else ""
    subject = f"A {evidence.stable}{tried}{gaussian} is rejected"
    if not evidence.held:
        subject = f"Stable laws{tried}{gaussian} are rejected"
    said = f"{_excluded(evidence)}{subject} ({p_each(tests)})."
    blocks = evidence.blocks
    if tests.p_values.get("drift", 1.0) <= LEVEL and len(blocks) > 1 and blocks[-1].alpha > blocks[0].alpha:
        said += (
            f" Alpha of block sums goes from {blocks[0].alpha:.2f} to {blocks[-1].alpha:.2f} for sums of "
            f"{blocks[-1].size}, so the tail is lighter than the fitted one: alpha describes the shape of the "
            "histogram, not the tail."
        )
    best = _best(evidence.others)
    if best is not None and best.over_stable.is_clear:
        said += (
            f" Of the laws tried a {best.words} predicts the samples best: {_ahead(best.over_stable, 'stable law')}."
        )
    return said


def _better(evidence: Evidence, ahead: Mapping[str, Rival]) -> str:
    if evidence.allows_gaussian and evidence.ratio is not None:
        best = max(ahead.values(), key=lambda rival: rival.over_normal.nats)
        return (
            f"A {best.words} predicts the {evidence.n:,} samples better than a Gaussian: "
            f"{_ahead(best.over_normal, 'Gaussian')}. A stable law of alpha below 2 is not shown to be better than a "
            f"Gaussian (p {_p(evidence.ratio.p_value)}): neither is supported{_yet(evidence)}."
        )
    best = max(ahead.values(), key=lambda rival: rival.over_stable.nats)
    return (
        f"{_excluded(evidence)}A {best.words} predicts the {evidence.n:,} samples better than a {evidence.stable}: "
        f"{_ahead(best.over_stable, 'stable law')}. A {evidence.stable} is not supported{_yet(evidence)}."
    )


def _gaussian_stays(evidence: Evidence) -> tuple[Outcome, str]:
    ratio, tests = evidence.ratio, evidence.tests
    assert ratio is not None
    against = f"a stable law gains {ratio.statistic / 2:.3g} nats over it, p = {ratio.p_value:.2g}"
    said = f"A Gaussian is not rejected against a stable law ({against}): a tail index below 2 is not shown."
    if not can_reject(tests) or tests is None:
        return Outcome.GAUSSIAN, f"{said} {_untested(evidence)}"
    if tests.together <= DOUBT:
        return (
            Outcome.UNDECIDED,
            f"{said} The other tests cast doubt on its fit ({p_each(tests)}): the samples do not decide.",
        )
    return Outcome.GAUSSIAN, f"{said} The other tests do not reject it either ({p_each(tests)})."


def _undecided(evidence: Evidence, tests: Goodness, near: list[Rival]) -> str:
    doubt, tempering = tests.together <= DOUBT, evidence.tempering
    said = f"{_excluded(evidence)}A {evidence.stable} of alpha = {evidence.alpha} is not rejected at {LEVEL:.0%}"
    said += f" but is in doubt ({p_each(tests)})" if doubt else f" (p {p_together(tests)})"
    if near:
        said += f"{', and it is' if doubt else ', but it is'} not distinguishable from {_listed(near)}"
    if tempering is not None and tempering.is_near:
        word = "and" if doubt or near else "but"
        said += f", {word} a tempered stable law may be better (p {tempering.p_text})"
    return f"{said}: the {evidence.n:,} samples do not decide."


def _tempered(evidence: Evidence, tempering: Tempering) -> str:
    return (
        f"{_excluded(evidence)}A tempered stable law predicts the {evidence.n:,} samples better than a "
        f"{evidence.stable}: p {tempering.p_text} of the likelihood ratio. A {evidence.stable} is not "
        f"supported{_yet(evidence)}."
    )


def _standing(evidence: Evidence) -> str:
    """How the stable law stands among the others where no test was made."""
    near = _not_behind(evidence)
    subject = f"The {evidence.stable} of alpha = {evidence.alpha}"
    if near:
        return f"{subject} is not distinguishable from {_listed(near)}."
    return f"{subject} is ahead of every other law tried{_nearest(evidence)}."


def _excluded(evidence: Evidence) -> str:
    if evidence.ratio is None or evidence.allows_gaussian:
        return ""
    return f"A Gaussian is excluded (p {_p(evidence.ratio.p_value)}). "


def _untested(evidence: Evidence) -> str:
    if evidence.tests is None or not evidence.tests.p_values:
        return f"Whether a {evidence.stable} fits was not tested ({evidence.why_untested})."
    return _too_few(evidence.tests)


def _too_few(tests: Goodness) -> str:
    n = tests.n_bootstrap
    beyond = [TESTS[name] for name, p in tests.p_values.items() if is_least(p, 1.0 / (n + 1))]
    seen = f"the observed {' and '.join(beyond)} exceed{'s' * (len(beyond) == 1)} all {n}: " if beyond else ""
    return (
        f"{tests.n_planned} bootstrap samples cannot reject anything at {LEVEL:.0%}; {seen}take n_bootstrap >= "
        f"{fewest(tests)}."
    )


def _yet(evidence: Evidence) -> str:
    """What the tests add where they do not reject."""
    tests = evidence.tests
    if tests is None or not can_reject(tests):
        return ""
    if tests.together <= DOUBT:
        return f", and its fit is in doubt ({p_each(tests)})"
    return f", though the tests do not reject it at {LEVEL:.0%} (p {p_together(tests)})"


# --------------------------------------------------------------------------------------------------------------- words


def _p(value: float) -> str:
    return f"= {value:.2g}" if value >= 1e-4 else "< 0.0001"


def _best(rivals: Mapping[str, Rival]) -> Rival | None:
    return max(rivals.values(), key=lambda rival: rival.over_stable.nats, default=None)


def _not_behind(evidence: Evidence) -> list[Rival]:
    """The laws that the stable law does not lead clearly, the best first."""
    near = [rival for rival in evidence.others.values() if not rival.of_stable.is_clear]
    return sorted(near, key=lambda rival: -rival.over_stable.nats)


def _nearest(evidence: Evidence) -> str:
    best = _best(evidence.others)
    return "" if best is None else f" (the nearest, a {best.words}, is {_nats(best.of_stable)} behind)"


def _listed(rivals: list[Rival]) -> str:
    each = [
        f"a {rival.words} ({_nats(lead)} {'ahead' if lead.nats > 0 else 'behind'})"
        for rival in rivals
        for lead in [rival.over_stable]
    ]
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}"


def _nats(lead: Lead) -> str:
    return f"{with_error(abs(lead.nats), lead.stderr, digits=3)} nats"


def _ahead(lead: Lead, of: str) -> str:
    return f"it is {_nats(lead)} ahead of the {of} (AIC {2 * lead.nats:.3g} lower)"
