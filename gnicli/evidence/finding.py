"""Everything that is found out about one sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from gnicli.errors import GniError, UsageError
from gnicli.evidence import goodness, verdict
from gnicli.evidence.blocks import Block, block_alphas
from gnicli.evidence.comparison import Ratio, Scores, against_gaussian, compare
from gnicli.evidence.laws import OTHERS, Family, stable_family
from gnicli.evidence.shape import Shape, shape
from gnicli.seeding import numpy_stream
from gnicli.stable import StableFit, fit

DRIFT_BELOW = 1.95  # above it there is nowhere to drift to, and fits of sums next to alpha = 2 take longest
_DRAWN = ("stable", "normal", "student", "laplace", "subweibull")
_TEST, _HOLD, _BLOCKS = 1_000_000, 1_000_001, 1_000_002  # streams beside those of the groups' reservoirs


@dataclass(frozen=True)
class Plan:
    """What is to be done; `group` is the number of the sample among several, which keeps their streams apart."""

    law: str = "stable"
    parameterization: str = "S1"
    fixed: dict[str, float] | None = None
    n_bootstrap: int = 199
    n_tested: int = 20_000
    holdout: float = 0.2
    seed: int = 0
    group: int = 0

    def stream(self, purpose: int) -> np.random.Generator:
        """A generator of this sample's own."""
        return numpy_stream(self.seed, "sample", purpose, self.group)


class Finding(NamedTuple):
    """The stable fit, the law asked for (`family`, `law`), its scores beside the others', tests, blocks, pictures."""

    n: int
    fit: StableFit
    family: Family
    law: Any
    scores: dict[str, Scores]
    ratio: Ratio | None
    goodness: goodness.Goodness | None
    blocks: list[Block]
    shape: Shape
    sentence: str


def investigate(x: np.ndarray, plan: Plan, tell: Callable[[int, int], None] = lambda done, total: None) -> Finding:
    """Fit, compare and test one sample (n,). Raises as `gnicli.stable.fit` does, and `UsageError` where the law that
    was asked for cannot be fitted to it.
    """
    fixed = plan.fixed or {}
    stable = fit(x, plan.parameterization, fixed)
    x = np.asarray(x, np.float64)
    families = {"stable": stable_family(plan.parameterization, fixed)}
    families |= {
        name: each for name, each in OTHERS.items() if not each.is_one_sided or x.min() >= 0 or name == plan.law
    }
    fitted: dict[str, tuple[Family, Any]] = {"stable": (families["stable"], stable.law)}
    for name, family in families.items():
        if name not in fitted:
            fitted[name] = family, _attempt(family, x)
    family, law = fitted[plan.law]
    if isinstance(law, GniError):
        raise type(law)(f"law={plan.law}: {law}")
    scores = compare(x, fitted, plan.law, plan.holdout, plan.stream(_HOLD))
    ratio = None
    if set(fixed) <= {"beta"} and scores["normal"].law is not None:
        ratio = against_gaussian(stable.log_likelihood, scores["normal"].log_likelihood)
    tested = _test(x, family, law, plan, tell) if plan.n_bootstrap else None
    blocks = block_alphas(x, plan.stream(_BLOCKS), None if fixed else stable)
    good = {name: each for name, each in fitted.items() if not isinstance(each[1], GniError)}
    drawn = {name: good[name] for name in dict.fromkeys([plan.law, *_DRAWN]) if name in good}
    p_values = tested.p_values if tested is not None and plan.law == "stable" else {}
    why_untested = "n_bootstrap=0" if tested is None else f"law={plan.law}"
    said = verdict.sentence(x.size, _interval(stable), ratio, p_values, blocks, scores, why_untested)
    if tested is not None and plan.law != "stable":
        said = f"{verdict.fit_sentence(family.words, tested.p_values)} {said}"
    return Finding(x.size, stable, family, law, scores, ratio, tested, blocks, shape(x, drawn), said)


def _attempt(family: Family, x: np.ndarray) -> Any:
    try:
        return family.fit(x)
    except UsageError:
        raise
    except GniError as error:
        return error


def _interval(found: StableFit) -> str:
    interval = found.ci95("alpha")
    return f"{found.alpha:.3g}" + (f" ({interval[0]:.3g} … {interval[1]:.3g})" if interval else "")


def _test(x: np.ndarray, family: Family, law: Any, plan: Plan, tell: Callable[[int, int], None]) -> goodness.Goodness:
    """On a random part of `x` where it is larger than what is tested."""
    if x.size > plan.n_tested:
        x = x[np.sort(plan.stream(_TEST).choice(x.size, plan.n_tested, replace=False))]
    is_stable = plan.law == "stable"
    if is_stable and law.alpha == 2.0:
        # The bootstrap of a law at its bound: drawn and fitted as the Gaussian that it is, in closed form.
        family, is_stable = OTHERS["normal"], False
    return goodness.assess(
        x,
        family,
        seed=plan.seed,
        n_bootstrap=plan.n_bootstrap,
        with_blocks=is_stable and not plan.fixed and law.alpha < DRIFT_BELOW,
        is_short=plan.law == "stable",
        tell=tell,
    )
