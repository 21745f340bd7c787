"""A claim as it is declared: what is compared, how, over which seeds, and what would count."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gnicli import checks
from gnicli.claims import declared, setting
from gnicli.errors import FieldError, UsageError

BELOW, ABOVE, SAME, ORDERING, SLOPE, FOLLOWS = "below", "above", "same", "ordering", "slope", "follows"
KINDS = (BELOW, ABOVE, SAME, ORDERING, SLOPE, FOLLOWS)
TRENDS = (ORDERING, SLOPE)
DIRECTIONS = {ORDERING: ("falls", "rises"), SLOPE: ("falls", "rises", "same")}
SPACINGS = ("log2", "log", "linear", "rank")
CONTROLS = ("", "positive", "negative")
_MOST_LEVELS = 30


@dataclass(frozen=True)
class Claim:
    """One row of a set of claims. Every field is part of what is declared, and of the set's sha256.

    `kind` is below, above or same (setting `a` against `b`, which may be a number), ordering or slope (over `levels`
    of the key `along`), or follows (`a` follows `b`, `c` does not, measured by the gap between the two settings of
    `gap`). `where` restricts all settings of the claim. `metric` is averaged over `window`; with a `*` in its name, the
    median of the metrics of that form. `scale` log takes logarithms first. `smallest` is the smallest effect of
    interest: a difference on that scale, for trends one of slopes, and for same the margin. `better` says which values
    are good, so that a run that diverged is the worst. `within` is the share of the gap within which `a` follows `b`.
    A `control` is positive (an effect that must be found) or negative (none may be found). Seeds are texts.

    Raises `FieldError` where a field cannot be what it is.
    """

    id: str
    sentence: str
    metric: str
    kind: str
    smallest: float
    a: str = ""
    b: str | float = ""
    c: str = ""
    gap: tuple[str, str] | None = None
    within: float = 0.1
    along: str = ""
    levels: tuple[str, ...] = ()
    spacing: str = "log2"
    direction: str = ""
    reference: float = 0.0
    where: str = ""
    window: str = "last 10 %"
    scale: str = "log"
    better: str = "lower"
    seeds: tuple[str, ...] = tuple(str(seed) for seed in range(10))
    family: str = "claims"
    control: str = ""

    def __post_init__(self) -> None:
        for field in ("id", "sentence", "metric", "family"):
            value = getattr(self, field)
            if not isinstance(value, str) or not value.strip():
                raise FieldError(field, f": expected words, got {value!r}")
        checks.choice("kind", self.kind, KINDS)
        checks.choice("scale", self.scale, ("log", "linear"))
        checks.choice("better", self.better, ("lower", "higher"))
        checks.choice("control", self.control, CONTROLS)
        checks.number("smallest", self.smallest, above=0)
        declared.window(self.window)
        declared.seeds(list(self.seeds))
        if self.kind in TRENDS:
            self._check_trend()
        else:
            self._check_sides()
        if self.control == "negative" and (self.kind in (SAME, FOLLOWS) or self.direction == "same"):
            raise FieldError("control", f": negative is for effects; a control of kind: {self.kind} is positive")

    def _check_sides(self) -> None:
        for field in ("a", "b") if self.kind != FOLLOWS else ("a", "b", "c"):
            value = getattr(self, field)
            is_number = field == "b" and self.kind != FOLLOWS and checks.is_number(value)
            if not is_number and (not isinstance(value, str) or not value.strip()):
                raise FieldError(field, f": expected a setting such as optimizer=adam, got {value!r}")
        if isinstance(self.b, int | float) and self.scale == "log" and self.b <= 0:
            raise FieldError("b", f" must be > 0 on a logarithmic scale, got {self.b!r}; or declare scale: linear")
        if self.kind == FOLLOWS:
            checks.number("within", self.within, above=0, below=1)
        sides = [setting.parsed(side) for side in (self.a, self.b, self.c) if isinstance(side, str) and side]
        if any(one == other for k, one in enumerate(sides) for other in sides[:k]):
            raise FieldError("b", ": a setting is compared with itself")

    def _check_trend(self) -> None:
        checks.choice("direction", self.direction, DIRECTIONS[self.kind])
        checks.choice("spacing", self.spacing, SPACINGS)
        checks.number("reference", self.reference)
        if self.kind == ORDERING and self.reference:
            raise FieldError("reference", " is of kind: slope; an ordering has none")
        if not 3 - (self.kind == SLOPE) <= len(self.levels) <= _MOST_LEVELS or len(set(self.levels)) < len(self.levels):
            least = "two" if self.kind == SLOPE else "three"
            raise FieldError(
                "levels", f": expected {least} to {_MOST_LEVELS} different values such as [1, 4, 16], got {self.levels}"
            )
        places = self.places()
        if any(one >= other for one, other in itertools.pairwise(places)):
            raise FieldError("levels", f": expected values that rise, got {', '.join(self.levels)}")

    @property
    def is_log(self) -> bool:
        """Whether logarithms of the metric are compared."""
        return self.scale == "log"

    def places(self) -> list[float]:
        """Where the levels of a trend lie on its axis, (k,)."""
        if self.spacing == "rank":
            return [float(place) for place in range(len(self.levels))]
        try:
            numbers = [float(level) for level in self.levels]
        except ValueError as error:
            raise FieldError("levels", f": {error}; words need spacing: rank") from error
        if not all(map(math.isfinite, numbers)):
            raise FieldError("levels", f": expected finite numbers, got {', '.join(self.levels)}")
        if self.spacing == "linear":
            return numbers
        if min(numbers) <= 0:
            raise FieldError("levels", f" must be > 0 for spacing: {self.spacing}, got {min(numbers):g}; or use linear")
        return [math.log2(number) if self.spacing == "log2" else math.log(number) for number in numbers]

    def settings(self) -> dict[str, setting.Setting]:
        """The settings whose runs the claim needs, each by the words that name it; `where` is in all of them."""
        common = setting.parsed(self.where)
        if self.kind in TRENDS:
            own = {
                f"{self.along}={level}" if self.along else level: {self.along: level} if self.along else level
                for level in self.levels
            }
        else:
            named = [self.a, self.b, self.c, *(self.gap or ())]
            own = {" ".join(side.split()): side for side in named if isinstance(side, str) and side}
        return {
            name: {**common, **(setting.parsed(words) if isinstance(words, str) else words)}
            for name, words in own.items()
        }

    def row(self) -> dict[str, object]:
        """The fields as plain data."""
        return json.loads(json.dumps(dataclasses.asdict(self)))


class ClaimSet(NamedTuple):
    """Claims and controls that are declared together; make it with `claim_set`."""

    claims: tuple[Claim, ...]
    sha256: str

    def families(self) -> dict[str, list[Claim]]:
        """The claims and controls of each family, in the order in which they are declared."""
        found: dict[str, list[Claim]] = {}
        for claim in self.claims:
            found.setdefault(claim.family, []).append(claim)
        return found


def claim_set(claims: Sequence[Claim]) -> ClaimSet:
    """The set of some claims with its sha256, which does not depend on their order.

    Raises `UsageError` where there is no claim, or two have one id.
    """
    if not claims:
        raise UsageError("no claim is declared")
    ids = [claim.id for claim in claims]
    twice = next((name for k, name in enumerate(ids) if name in ids[:k]), None)
    if twice is not None:
        raise UsageError(f"two claims have the id {twice!r}; give each its own")
    for family in {claim.family for claim in claims}:
        if all(claim.control for claim in claims if claim.family == family):
            raise UsageError(f"family {family!r} has controls and no claim")
    return ClaimSet(tuple(claims), digest([claim.row() for claim in sorted(claims, key=lambda claim: claim.id)]))


def digest(value: Sequence[Mapping[str, object]] | Mapping[str, object]) -> str:
    """The sha256 of plain data, in hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
