"""The analysis of one sample: fits, comparisons, tests, block sums and the verdict."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from gnicli.errors import GniError, UsageError
from gnicli.evidence import goodness, tempering, verdict
from gnicli.evidence.blocks import Block, block_alphas
from gnicli.evidence.comparison import Ratio, Scores, against_gaussian, compare, in_units, rivals
from gnicli.evidence.families import OTHERS, Attempt, Family, FittedLaw, stable_family, without_errors
from gnicli.evidence.shape import Shape, shape
from gnicli.evidence.sums import sum_alpha
from gnicli.evidence.tempering import Tempering
from gnicli.seeding import numpy_stream
from gnicli.stable import StableFit, StableLaw, SumIndex, fit
from gnicli.stable.fitting.search_problem import ALPHA_RANGE, NODES_FROM
from gnicli.stable.tempered import TemperedFit, fit_tempered

DRIFT_BELOW = 1.95  # above it there is nowhere to drift to, and fits of sums next to alpha = 2 take longest
# Quick to fit to each bootstrap sample; from the fourth on for positive ones.
_RIVALS = ("student", "laplace", "subweibull", "log_normal", "gamma", "weibull", "pareto")
_FARTHEST = 1e290  # units of spread: a sample beyond it counts as that far
_TIED = 0.01
_ALWAYS_DRAWN = ("stable", "normal", tempering.NAME)
_MOST_DRAWN = 6  # curves that a reader can tell apart
_TEST, _HOLD, _BLOCKS, _SUMS, _TEMPERING = range(1_000_000, 1_000_005)  # streams beside those of the groups' reservoirs


@dataclass(frozen=True)
class Plan:
    """The settings of an analysis; `group` is the sample's number among several, which keeps their streams apart."""

    law: str = "stable"
    parameterization: str = "S1"
    fixed: dict[str, float] | None = None
    n_bootstrap: int = 199
    n_tested: int = 20_000
    holdout: float = 0.2
    n_tempering: int = 0
    seed: int = 0
    group: int = 0

    def stream(self, purpose: int) -> np.random.Generator:
        """A generator of this sample's own."""
        return numpy_stream(self.seed, "sample", purpose, self.group)


class Finding(NamedTuple):
    """The stable fit, the law asked for (`family`, `law`), its scores beside the others', tests, blocks, pictures.

    `ties` is a sentence about equal values or empty, `held` names the parameters that were held. `sums` has alpha by
    the growth of sums, where the stable law was asked for and alpha not held.
    `tempering` is whether the samples are stable or tempered, where that was asked.
    """

    n: int
    fit: StableFit
    family: Family
    law: FittedLaw
    scores: dict[str, Scores]
    ratio: Ratio | None
    goodness: goodness.Goodness | None
    blocks: list[Block]
    shape: Shape
    outcome: verdict.Outcome
    sentence: str
    ties: str
    held: tuple[str, ...]
    sums: SumIndex | None = None
    tempering: Tempering | None = None


def investigate(x: np.ndarray, plan: Plan, tell: Callable[[int, int], None] = lambda done, total: None) -> Finding:
    """Fit, compare and test one sample (n,). Raises as `gnicli.stable.fit` does, and `UsageError` where the law that
    was asked for cannot be fitted to it.
    """
    look = Look(x, plan)
    return conclude(look, look.test(tell) if plan.n_bootstrap else None, look.ask_tempering())


def conclude(look: Look, tested: goodness.Goodness | None, tempered: Tempering | None = None) -> Finding:
    """Judge a sample by its fits and, where there are any, their tests."""
    plan = look.plan
    outcome, said = verdict.decide(look.evidence(tested if plan.law == "stable" else None, tempered))
    family, law = look.good[plan.law]
    if tested is not None and plan.law != "stable":
        said = f"{verdict.fit_sentence(family.words, tested)} {said}"
    scores = compare(look.y, look.fitted, plan.law, plan.holdout, plan.stream(_HOLD))
    drawn = {name: look.good[name] for name in drawn_laws(plan.law, scores)}
    return Finding(
        look.y.size,
        look.stable,
        family,
        look.stable.law if plan.law == "stable" else family.in_units(law, look.unit),
        {name: in_units(score, look.unit, look.y.size) for name, score in scores.items()},
        look.ratio,
        None if tested is None else goodness.in_units(tested, look.unit),
        look.blocks,
        shape(look.y, drawn).in_units(look.unit),
        outcome,
        said,
        ties_note(look.y),
        look.held,
        sum_alpha(look.y, plan.stream(_SUMS)) if plan.law == "stable" and "alpha" not in look.held else None,
        None if tempered is None else tempering.in_units(tempered, look.unit),
    )


def drawn_laws(law: str, scores: Mapping[str, Scores]) -> tuple[str, ...]:
    """The names of the laws that figures show, at most six: `law`, the law in question, is the first.

    The stable law, the Gaussian and the tempered stable law follow, where they were fitted. Then the law that is best
    by Akaike's criterion, the one that predicts the held-out samples best, and the others in the order of the former.
    """
    fitted = {name: score for name, score in scores.items() if score.law is not None}
    by_aic = sorted(fitted, key=lambda name: _last_if_nan(fitted[name].aic))
    by_heldout = sorted(fitted, key=lambda name: _last_if_nan(-fitted[name].heldout))
    first = [name for name in (law, *_ALWAYS_DRAWN) if name in fitted]
    return tuple(dict.fromkeys([*first, *by_aic[:1], *by_heldout[:1], *by_aic]))[:_MOST_DRAWN]


def _last_if_nan(value: float) -> float:
    return math.inf if math.isnan(value) else value


class Look:
    """One sample, in units of its spread, with every law fitted: what the comparisons and tests of it share.

    The unit is a power of two, which divides without rounding, so that nothing depends on the samples' scale. Where a
    location or scale is held the unit is 1, because what is held has the samples' unit.
    """

    def __init__(self, x: np.ndarray, plan: Plan) -> None:
        self.plan, fixed = plan, plan.fixed or {}
        self.stable = fit(x, plan.parameterization, fixed)
        x = np.asarray(x, np.float64)
        self.unit = 1.0 if {"loc", "scale"} & set(fixed) else 2.0 ** round(math.log2(self.stable.scale))
        with np.errstate(over="ignore"):
            self.y = np.clip(x / self.unit, -_FARTHEST, _FARTHEST)
        family = stable_family(plan.parameterization, fixed)
        self.fitted: dict[str, tuple[Family, Attempt]] = {
            "stable": (family, family.in_units(self.stable.law, 1 / self.unit))
        }
        for name, other in OTHERS.items():
            if other.takes(self.y) or name == plan.law:
                self.fitted[name] = other, _attempt(other, self.y)
        self.tempered: TemperedFit | None = None
        if plan.n_tempering and not tempering.why_not(self.stable):
            self._fit_tempered()
        if isinstance(error := self.fitted[plan.law][1], GniError):
            raise error.at(f"law={plan.law}")
        self.good = without_errors(self.fitted)
        self.held = tuple(fixed)
        self.rivals = rivals(self.y, {name: each for name, each in self.fitted.items() if name != tempering.NAME})
        self.ratio = None
        if set(fixed) <= {"beta"} and "normal" in self.rivals:
            totals = [float(self.good[name][1].logpdf(self.y).sum()) for name in ("stable", "normal")]
            self.ratio = against_gaussian(*totals)
        self._blocks: list[Block] | None = None

    @property
    def blocks(self) -> list[Block]:
        """Alpha of block sums."""
        if self._blocks is None:
            whole = None if self.plan.fixed else self.stable
            self._blocks = block_alphas(self.y, self.plan.stream(_BLOCKS), whole)
        return self._blocks

    def evidence(self, tested: goodness.Goodness | None, tempered: Tempering | None = None) -> verdict.Evidence:
        """The evidence from which the verdict follows."""
        why = f"law={self.plan.law}" if self.plan.n_bootstrap else "n_bootstrap=0"
        held = ", ".join(f"{name} = {value:g}" for name, value in (self.plan.fixed or {}).items())
        blocks = self.blocks if tested is not None else []
        return verdict.Evidence(
            self.y.size,
            _interval(self.stable),
            self.ratio,
            tested,
            why,
            blocks,
            self.rivals,
            held and f"{held} held",
            _at_least(self.stable),
            tempered,
        )

    def _fit_tempered(self) -> None:
        """Put the tempered stable law beside the others. It is no rival: the stable laws are among the tempered."""
        family = tempering.family(self.plan.parameterization)
        try:
            self.tempered = fit_tempered(self.y, stderr=False)
        except GniError as error:
            self.fitted[tempering.NAME] = family, error
        else:
            self.fitted[tempering.NAME] = family, self.tempered.law

    def ask_tempering(self, tell: Callable[[int, int], None] = lambda done, total: None) -> Tempering | None:
        """Whether the samples are stable or tempered, on a random part as in `test`; None where that is not asked."""
        plan, y, fitted = self.plan, self.y, self.tempered
        if not plan.n_tempering:
            return None
        if y.size > plan.n_tested:
            y, fitted = y[np.sort(plan.stream(_TEST).choice(y.size, plan.n_tested, replace=False))], None
        return tempering.ask(y, self.stable, plan.n_tempering, plan.stream(_TEMPERING), tell, fitted)

    def test(self, tell: Callable[[int, int], None] = lambda done, total: None) -> goodness.Goodness:
        """Test the law that was asked for, on a random part of the sample where it is larger than what is tested."""
        plan, y = self.plan, self.y
        family, law = self.good[plan.law]
        if y.size > plan.n_tested:
            y = y[np.sort(plan.stream(_TEST).choice(y.size, plan.n_tested, replace=False))]
            law = family.fit(y)
        drawn_from: FittedLaw | None = law
        others, with_blocks = [], False
        if isinstance(law, StableLaw):
            others = [OTHERS[name] for name in _RIVALS if name in self.good]
            with_blocks = not plan.fixed and law.alpha < DRIFT_BELOW
            family = stable_family(plan.parameterization, plan.fixed, exact=False)
            if law.alpha == 2.0:
                # The bootstrap of a law at its bound: drawn and fitted as the Gaussian that it is, in closed form.
                family, drawn_from = OTHERS["normal"], None
        return goodness.assess(
            y,
            family,
            seed=plan.seed,
            n_bootstrap=plan.n_bootstrap,
            with_blocks=with_blocks,
            is_short=plan.law == "stable",
            rivals=others,
            drawn_from=drawn_from,
            tell=tell,
        )


def _attempt(family: Family, x: np.ndarray) -> Attempt:
    try:
        return family.fit(x)
    except UsageError:
        raise
    except GniError as error:
        return error


def _at_least(found: StableFit) -> float | None:
    """The alpha of a fit that would have a smaller one if fits did not end there; None for other fits."""
    is_there = found.alpha_stderr is None and found.alpha < 2.0 and "alpha" not in found.held
    return found.alpha if is_there and found.alpha in (ALPHA_RANGE[0], NODES_FROM) else None


def _interval(found: StableFit) -> str:
    interval = found.ci95("alpha")
    return f"{found.alpha:.3g}" + (f" ({interval[0]:.3g} … {interval[1]:.3g})" if interval else "")


def ties_note(x: np.ndarray) -> str:
    """A sentence about samples that share their value with another, where they are more than a hundredth; else ''."""
    _, counts = np.unique(x, return_counts=True)
    tied = int(counts[counts > 1].sum())
    if tied <= _TIED * x.size:
        return ""
    most = int(counts.max())
    return (
        f"{tied} of {x.size} values equal another one, and {most} share one value: samples of a law with a density "
        "have no ties, so a rejection may come from rounding; adding noise of half the resolution removes the ties"
    )
