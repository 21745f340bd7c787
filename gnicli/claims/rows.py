"""Claims read from plain data, such as the rows of a file: each word is known, and each value is of its type."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from gnicli import checks
from gnicli.claims import declared
from gnicli.claims.claim import ABOVE, BELOW, FOLLOWS, KINDS, ORDERING, SAME, SLOPE, Claim
from gnicli.errors import FieldError, shown

_COMMON = ("sentence", "kind", "metric", "window", "scale", "better", "smallest", "seeds", "family", "control", "where")
_SIDES = ("a", "b")
_TREND = ("along", "levels", "spacing", "direction")
KEYS_OF = {
    BELOW: (*_COMMON, *_SIDES),
    ABOVE: (*_COMMON, *_SIDES),
    SAME: (*_COMMON, *_SIDES),
    ORDERING: (*_COMMON, *_TREND),
    SLOPE: (*_COMMON, *_TREND, "reference"),
    FOLLOWS: (*_COMMON, *_SIDES, "c", "gap", "within"),
}
KEYS = tuple(field.name for field in dataclasses.fields(Claim) if field.name != "id")
_NEEDED = ("sentence", "kind", "metric", "smallest")
_SETTINGS = ("a", "c", "where")


def claim(id_: str, row: Mapping[object, object]) -> Claim:
    """The claim of a row; raises `FieldError`, whose field is the key that is wrong.

    >>> row = {"sentence": "A beats B.", "kind": "below", "a": "x=1", "b": "x=2", "metric": "loss", "smallest": "5 %"}
    >>> found = claim("first", row)
    >>> round(found.smallest, 4), len(found.seeds)
    (0.0488, 10)
    """
    for key in row:
        if key not in KEYS:
            refuse(key, KEYS)
    for key in _NEEDED:
        if key not in row:
            raise FieldError(key, " is missing")
    kind = row["kind"]
    checks.choice("kind", kind, KINDS)
    allowed = KEYS_OF[str(kind)]
    for key in row:
        if key not in allowed:
            raise FieldError(str(key), f" is not a key of kind: {kind}, which has {', '.join(allowed)}")
    fields: dict[str, object] = {str(key): value for key, value in row.items()}
    is_log = fields.get("scale", "log") != "linear"
    fields["smallest"] = declared.amount("smallest", fields["smallest"], is_log=is_log)
    for key in _SETTINGS:
        if key in fields:
            fields[key] = _setting(key, fields[key])
    if "b" in fields and not checks.is_number(fields["b"]):
        fields["b"] = _setting("b", fields["b"])
    if "gap" in fields:
        fields["gap"] = _pair(fields["gap"])
    if "within" in fields:
        fields["within"] = declared.share("within", fields["within"])
    if "levels" in fields:
        fields["levels"] = _levels(fields["levels"])
    if "seeds" in fields:
        fields["seeds"] = declared.seeds(fields["seeds"])
    for key in ("sentence", "metric", "family", "window", "along"):
        if key in fields:
            fields[key] = _words(fields[key]) if _is_plain(fields[key]) else _refuse_type(key, fields)
    return Claim(id=_words(id_), **fields)  # type: ignore[arg-type]  # each is checked here or in __post_init__


def refuse(key: object, known: tuple[str, ...]) -> None:
    """Raise a `FieldError` for a key that is not known, with the nearest one that is."""
    import difflib

    near = difflib.get_close_matches(str(key), known, n=1)
    meant = f"did you mean {near[0]}? " if near else ""
    raise FieldError(str(key), f" is no key of a claim; {meant}the keys are {', '.join(known)}")


def _words(value: object) -> str:
    """A text in one line of characters to look at: it may be a stranger's, and goes to files and to the screen."""
    return shown(" ".join(str(value).split()))


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _refuse_type(key: str, fields: Mapping[str, object]) -> str:
    raise FieldError(key, f": expected words, got {fields[key]!r}")


def _setting(key: str, value: object) -> str:
    """A setting as text; in place of a text a table of keys and values is read too."""
    if isinstance(value, str) and value.strip():
        return _words(value)
    if (
        isinstance(value, Mapping)
        and value
        and all(_is_plain(each) or isinstance(each, bool) for each in value.values())
    ):
        return _words(" ".join(f"{name}={_word(each)}" for name, each in value.items()))
    if value == "" and key == "where":
        return ""
    raise FieldError(key, f": expected a setting such as optimizer=adam, got {value!r}")


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pair(value: object) -> tuple[str, str]:
    if not isinstance(value, list) or len(value) != 2:
        raise FieldError("gap", f": expected two settings such as [M=1, M=16], got {value!r}")
    return _setting("gap", value[0]), _setting("gap", value[1])


def _levels(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(_is_plain(each) for each in value):
        raise FieldError("levels", f": expected a list such as [1, 4, 16], got {value!r}")
    return tuple(_words(each) for each in value)
