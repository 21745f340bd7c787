"""The coordinates of a model that do not act on one another: each has a potential and a noise of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from gnicli.contracts.components import Potential
from gnicli.errors import UsageError
from gnicli.potential import members
from gnicli.sde.levy_noise import LevyNoise

T = TypeVar("T")


class Coordinate(NamedTuple):
    """A one-dimensional potential with its noise, and the `places` (from 0) of the coordinates that have both."""

    potential: Potential
    noise: LevyNoise
    places: tuple[int, ...]


def distinct(potential: Potential, noise: LevyNoise) -> list[Coordinate]:
    """The coordinates, equal ones taken together, because their drifts, laws and errors are the same and take seconds.

    Raises `UsageError` for a potential of several coordinates that is no sum over them, and for another number of
    betas.
    """
    parts = members(potential)
    if len(parts) != potential.dimension:
        raise UsageError(
            f"the potential {potential.name} is no sum over its {potential.dimension} coordinates; take one of one "
            "dimension, or potential=separable"
        )
    found: list[Coordinate] = []
    for place, (part, own) in enumerate(zip(parts, noise.coordinates(len(parts)), strict=True)):
        for i, (other, theirs, places) in enumerate(found):
            if own == theirs and _same(part, other):
                found[i] = Coordinate(other, theirs, (*places, place))
                break
        else:
            found.append(Coordinate(part, own, (place,)))
    return found


def for_each(potential: Potential, noise: LevyNoise, make: Callable[[Potential, LevyNoise], T]) -> list[T]:
    """What `make` gives of each coordinate, in their order, called once for equal ones.

    A `UsageError` from `make` says of which coordinate it is, where there are several.
    """
    made: dict[int, T] = {}
    for part, own, places in distinct(potential, noise):
        try:
            one = make(part, own)
        except UsageError as error:
            if potential.dimension == 1:
                raise
            raise UsageError(f"coordinate {places[0] + 1}: {error}") from error
        made |= dict.fromkeys(places, one)
    return [made[place] for place in range(len(made))]


def _same(one: Potential, other: Potential) -> bool:
    """Whether two potentials are equal; not where their class cannot say."""
    if one is other:
        return True
    try:
        return type(one) is type(other) and bool(one == other)
    except ValueError:  # fields that are arrays
        return False
