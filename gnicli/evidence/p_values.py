"""The p-values of the tests of a law as text, and what so many bootstrap samples can reject."""

from __future__ import annotations

import math

from gnicli.evidence.goodness import Goodness

LEVEL = 0.01  # a law is rejected at this level, by all tests together or by the ratio test
DOUBT = 0.05  # up to it a law is not said to be preferred
TESTS = {
    "ks": "Kolmogorov–Smirnov",
    "ad": "Anderson–Darling",
    "drift": "drift of block sums",
    "rival": "lead of other laws",
}


def least_p(tests: Goodness, n_bootstrap: int) -> float:
    """The least p-value of all tests together that so many bootstrap samples can give."""
    return (2.0 if "rival" in tests.p_values else 1.0) / (n_bootstrap + 1)


def fewest(tests: Goodness) -> int:
    """The bootstrap samples without which nothing can be rejected."""
    return math.ceil(least_p(tests, 0) / LEVEL - 1e-9) - 1


def can_reject(tests: Goodness | None) -> bool:
    """Whether the tests could have rejected at all."""
    return tests is not None and bool(tests.p_values) and tests.n_planned >= fewest(tests)


def is_least(p: float, least: float) -> bool:
    """Whether no bootstrap sample reached the observed statistic."""
    return p <= least * (1.0 + 1e-9)


def text_or_bound(p: float, least: float) -> str:
    """`= p`, or `≤ least` where no bootstrap sample reached the observed statistic."""
    return f"≤ {least:.2g}" if is_least(p, least) else f"= {p:.2g}"


def p_text(p: float, tests: Goodness) -> str:
    """A test's p-value as text; where no bootstrap sample reached the observed statistic it is a bound."""
    return text_or_bound(p, 1.0 / (tests.n_bootstrap + 1))


def p_together(tests: Goodness) -> str:
    """The p-value of all tests together, as text."""
    return text_or_bound(tests.together, least_p(tests, tests.n_bootstrap))


def p_each(tests: Goodness) -> str:
    """The p-values of all tests together and of each."""
    each = [f"{TESTS[name]} p {p_text(p, tests)}" for name, p in tests.p_values.items()]
    return f"all tests together p {p_together(tests)}; " + ", ".join(each)
