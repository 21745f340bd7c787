"""Stable, or tempered? The tempered stable law beside the others, and the test of the stable law within it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from gnicli.contracts.number_text import plain
from gnicli.contracts.results import Value
from gnicli.errors import GniError
from gnicli.evidence import p_values
from gnicli.evidence.families import Family
from gnicli.stable import StableFit
from gnicli.stable.tempered import ALPHA_RANGE, TemperedFit, TemperedStableLaw, fit_tempered, tempering_test

NAME = "tempered"


class Tempering(NamedTuple):
    """What came of the question, in the samples' units.

    gain: by how many nats the tempered law is above the stable one, on the `n` samples that were tested. p: of the
    likelihood ratio, by `n_drawn` samples of the fitted stable law, of which `n_beyond` gain as much; NaN where it was
    not tested, and `why_not` says why. alpha, lower, upper: of the fitted tempered law.
    """

    n: int
    gain: float
    p: float
    n_drawn: int
    n_beyond: int
    n_planned: int
    alpha: float
    lower: float
    upper: float
    why_not: str = ""

    @property
    def is_shown(self) -> bool:
        """Whether the stable law is rejected within the tempered ones."""
        return not self.why_not and self.p <= p_values.LEVEL

    @property
    def is_near(self) -> bool:
        """Whether the stable law is in doubt."""
        return not self.why_not and self.p <= p_values.DOUBT

    @property
    def p_text(self) -> str:
        """The p-value, with the sign before it."""
        return p_values.text_or_bound(self.p, 1.0 / (1 + self.n_planned))


def untested(n: int, why: str) -> Tempering:
    """Nothing was tested of `n` samples, and why."""
    nan = float("nan")
    return Tempering(n, nan, nan, 0, 0, 0, nan, nan, nan, why)


def to_plain(found: Tempering) -> dict[str, str]:
    """Turn it into texts with every digit, which JSON can hold; `from_plain` is the inverse."""
    return {name: value if isinstance(value, str) else repr(value) for name, value in found._asdict().items()}


def from_plain(saved: Mapping[str, str]) -> Tempering:
    """Read what `to_plain` made. Raises `ValueError` or `TypeError` for anything else."""
    read = {"why_not": str, **dict.fromkeys(("n", "n_drawn", "n_beyond", "n_planned"), int)}
    return Tempering(**{name: read.get(name, float)(text) for name, text in saved.items()})


def family(parameterization: str) -> Family:
    """The tempered stable laws; n_free counts both temperings."""

    def law_of(x: np.ndarray) -> TemperedStableLaw:
        return fit_tempered(x, stderr=False).law

    return Family(NAME, "tempered stable", law_of, n_free=6, parameterization=parameterization)


def why_not(stable: StableFit) -> str:
    """Why tempered laws cannot be asked about samples of this fit; "" where they can."""
    least, most = ALPHA_RANGE
    if stable.alpha < least:
        return f"the fitted alpha is {stable.alpha:.3g}, and tempered laws begin at {least:g}"
    if stable.alpha > most:
        return f"the fitted alpha is {stable.alpha:.4g}, and tempered laws end at {most:g}"
    return ""


def ask(
    y: np.ndarray,
    stable: StableFit,
    n_bootstrap: int,
    rng: np.random.Generator,
    tell: Callable[[int, int], None] = lambda done, total: None,
    fitted: TemperedFit | None = None,
) -> Tempering:
    """Test the stable law within the tempered ones on samples y (n,), whose stable fit is `stable`.

    fitted: the tempered fit of these very samples, if it is there.
    """
    if why := why_not(stable):
        return untested(y.size, why)
    try:
        tested = tempering_test(y, n_bootstrap, rng, fitted, tell=tell)
    except GniError as error:
        return untested(y.size, str(error))
    law = tested.fit.law
    beyond = int((tested.null >= tested.statistic).sum())
    return Tempering(
        y.size, tested.fit.log_ratio, tested.p, tested.null.size, beyond, n_bootstrap,
        law.alpha, law.lower_tempering, law.upper_tempering,
    )  # fmt: skip


def in_units(found: Tempering, unit: float) -> Tempering:
    """The same of samples `unit` times as large."""
    return found._replace(lower=found.lower / unit, upper=found.upper / unit)


def sentence(found: Tempering) -> str:
    """Whether the samples are stable or tempered, and what that does not show."""
    if found.why_not:
        return f"whether the samples are stable or tempered was not tested: {found.why_not}"
    of = (
        f"a tempered stable law gains {plain(found.gain, 3)} nats over the stable one, and so much do "
        f"{found.n_beyond} of {found.n_drawn} samples of the fitted stable law (p {found.p_text})"
    )
    if found.gain == 0.0:
        of = "no tempering makes the samples likelier than the stable law does (p = 1)"
    if found.is_shown:
        return (
            f"the samples are tempered rather than stable: {of}. The fitted one has alpha = {plain(found.alpha, 3)} "
            f"and tails that fall off beyond {plain(1.0 / found.lower, 3)} below and {plain(1.0 / found.upper, 3)} "
            "above"
        )
    if found.is_near:
        return f"whether the samples are stable or tempered is in doubt: {of}"
    return (
        f"that the samples are tempered is not shown: {of}. That does not show a stable law: tails may fall off beyond "
        "the largest samples"
    )


def row(found: Tempering) -> tuple[str, str, str]:
    """The test's name, its statistic and p, for a table."""
    name = "likelihood ratio, tempered stable against stable"
    if found.why_not:
        return name, "", f"not tested: {found.why_not}"
    name += f", {found.n_drawn} bootstrap samples"
    return name, plain(2.0 * found.gain, 4), found.p_text.removeprefix("= ")


def values(found: Tempering) -> dict[str, Value]:
    """The likelihood ratio and its p-value by name; nothing where it was not tested."""
    if found.why_not:
        return {}
    return {
        "tempering": Value(2.0 * found.gain, n=found.n),
        "tempering_p": Value(found.p, n=found.n),
        "tempering_n_bootstrap": Value(float(found.n_drawn)),
    }
