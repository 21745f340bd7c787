"""Range checks for the fields of a schema, with messages that name the key as it is typed.

Every function returns nothing and raises `FieldError`, a `UsageError`. A key may be any name: the argument of a
function, the field of a component. Types that OmegaConf can check itself (int, float, bool, str) are left to it; these
functions check ranges, choices and the fields typed `Unchecked`.
"""

from __future__ import annotations

import copy
import dataclasses
import math
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any, TypeGuard, TypeVar

from gnicli.errors import FieldError, UsageError

if TYPE_CHECKING:
    T = TypeVar("T")
    Unchecked = Annotated[T, "not checked by OmegaConf"]
else:

    class Unchecked:
        """The type `Unchecked[T]` of a field whose T (a component, a number or a list) OmegaConf has no type for.

        Type checkers read T. OmegaConf reads `Any`, and takes any value: `__post_init__` has to check it, or
        `launch.validation` puts a component there.
        """

        def __class_getitem__(cls, _: object) -> object:
            return Any


MAX_SEED = 2**63
MOST_DEPTH = 10_000  # layers of a network
MOST = 10**15  # of every count
MOST_DRAWS = 10**6  # of what one step does, because a request to stop waits for the end of the step
SIZES = (1e-30, 1e30)  # of every number that has no range of its own: float32 holds these, float64 their ninth powers
WIDE_SIZES = (1e-150, 1e150)  # of locations and scales of samples: float64 holds their squares


def key(default: object, meaning: str, *, choices: Iterable[object] = ()) -> Any:
    """A field of a schema dataclass: its default, one line of meaning and its choices, which `--help` prints."""
    metadata = {"help": meaning, "choices": tuple(choices)}
    if isinstance(default, list | dict):
        return dataclasses.field(default_factory=lambda: copy.deepcopy(default), metadata=metadata)
    if dataclasses.is_dataclass(default) and isinstance(default, type):
        return dataclasses.field(default_factory=default, metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


def is_number(value: object) -> TypeGuard[float]:
    """True for a finite int or float; False for bool, which Python counts as an int."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:  # an int beyond floats
        return False


def shown(value: object) -> str:
    """A value as a message shows it: an integer of very many digits by their number."""
    if isinstance(value, int) and value.bit_length() > 200:
        return f"an integer of {int(value.bit_length() * math.log10(2)) + 1} digits"
    return repr(value)


def number(
    key: str,
    value: object,
    *,
    least: float | None = None,
    above: float | None = None,
    most: float | None = None,
    below: float | None = None,
    sizes: tuple[float, float] | None = SIZES,
) -> None:
    """Check that `value` is finite and within the bounds: `least` and `most` inclusive, `above` and `below` not.

    Besides, it has to be 0 or of a size in `sizes`, beyond which float32, or powers and products, overflow or vanish;
    None: any finite number.
    """
    bounds = [
        (least, ">=", lambda v, b: v >= b),
        (above, ">", lambda v, b: v > b),
        (most, "<=", lambda v, b: v <= b),
        (below, "<", lambda v, b: v < b),
    ]
    active = [(bound, sign, test) for bound, sign, test in bounds if bound is not None]
    wanted = " and ".join(f"{sign} {bound:g}" for bound, sign, _ in active)
    if not is_number(value):
        raise FieldError(key, f": expected a number {wanted}".rstrip() + f", got {shown(value)}")
    if not all(test(value, bound) for bound, _, test in active):
        raise FieldError(key, f" must be {wanted}, got {shown(value)}")
    if sizes is not None and value != 0 and not sizes[0] <= abs(value) <= sizes[1]:
        raise FieldError(
            key,
            f" must be {'' if above is not None and above >= 0 else '0 or '}between {sizes[0]:g} and "
            f"{sizes[1]:g} in size, got {shown(value)}",
        )


def integer(key: str, value: object, *, least: int | None = None, below: int | None = None) -> None:
    """Check that `value` is an int in [least, below), and in any case below 10^15."""
    wanted = " and ".join(
        text for text in (f">= {least}" if least is not None else "", f"< {below}" if below is not None else "") if text
    )
    if isinstance(value, bool) or not isinstance(value, int):
        raise FieldError(key, f": expected an integer {wanted}".rstrip() + f", got {shown(value)}")
    if (least is not None and value < least) or (below is not None and value >= below):
        raise FieldError(key, f" must be an integer {wanted}, got {shown(value)}")
    if abs(value) > MOST:
        raise FieldError(key, f" must be an integer of at most 10^15, got {shown(value)}")


def at_most(key: str, value: int, most: int) -> None:
    """Check that an integer is at most `most`."""
    if value > most:
        raise FieldError(key, f" must be at most {most}, got {shown(value)}")


def choice(key: str, value: object, allowed: Iterable[object]) -> None:
    """Check that `value` is one of `allowed`, and name the nearest one if it is not."""
    options = list(allowed)
    if value in options:
        return
    import difflib

    near = difflib.get_close_matches(shown(value).strip("'"), [str(option) for option in options], n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise FieldError(key, f" must be one of {', '.join(map(str, options))}, got {shown(value)}{hint}")


def listed(key: str, value: object, what: str, example: str) -> None:
    """Check that `value` is a list that is not empty; `what` says what of, as in `example`."""
    if not isinstance(value, list | tuple) or not value:
        raise FieldError(key, f": expected a list of {what} such as {example}, got {value!r}")


def seed(key: str, value: object) -> None:
    """Check a seed: an integer in [0, 2^63)."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < MAX_SEED:
        raise FieldError(key, f" must be an integer in [0, 2^63), got {shown(value)}")


def home(key: str, path: str, *, existing: bool = True) -> str:
    """The path with a leading `~` (or `~user`) written out, as a shell does it; the key is for the message.

    With `existing` what lies there under that very name comes first. `UsageError` where nobody has such a home folder.
    """
    if not path.startswith("~") or (existing and os.path.lexists(path)):
        return path
    found = os.path.expanduser(path)
    if found.startswith("~"):
        raise UsageError(f"{key}={path}: no home folder for {path.split(os.sep)[0]}; write ./{path} for a name with ~")
    return found
