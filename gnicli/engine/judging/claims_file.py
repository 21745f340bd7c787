"""A file of claims: YAML, which may be a stranger's, read into rows that are checked one by one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from gnicli.claims import rows
from gnicli.claims.claim import Claim, ClaimSet, claim_set
from gnicli.engine import yaml_files
from gnicli.errors import FieldError, UsageError, shown

if TYPE_CHECKING:
    import yaml

_PARTS = ("title", "defaults", "claims")


class ClaimsFile(NamedTuple):
    """What a file declares."""

    title: str
    claims: ClaimSet


def read(path: str | os.PathLike[str]) -> ClaimsFile:
    """The claims of a file. Raises `UsageError`, in one line with file and line, for whatever is no claim."""
    name = os.fspath(path)
    try:
        document = yaml_files.read(name)
    except yaml_files.Malformed as error:
        raise UsageError(str(error)) from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UsageError(f"{name}: {reason}; the first argument is a file of claims") from error
    return declared(document)


def declared(document: yaml_files.Document, others: tuple[str, ...] = (), family: str = "") -> ClaimsFile:
    """The claims in a file that was read. It may have the parts `others` too; `family` is that of rows without one.

    Raises `UsageError` as `read` does.
    """
    content = document.content
    for part in content:
        if part not in (*_PARTS, *others):
            raise UsageError(f"{at(document, part)}: {part!r} is none of {', '.join((*_PARTS, *others))}")
    given = content.get("claims")
    if not isinstance(given, Mapping) or not given:
        raise UsageError(f"{at(document, 'claims')}: expected claims, each under its id, got {_what(given)}")
    defaults = content.get("defaults") or {}
    if not isinstance(defaults, Mapping):
        raise UsageError(f"{at(document, 'defaults')}: expected keys of claims and values, got {_what(defaults)}")
    try:
        for key in defaults:
            if key not in rows.KEYS:
                rows.refuse(key, rows.KEYS)
    except FieldError as error:
        raise UsageError(f"{at(document, 'defaults', error.field)}: defaults: {error}") from error
    if family:
        defaults = {"family": family, **defaults}
    claims = [_claim(document, id_, row, defaults) for id_, row in given.items()]
    try:
        return ClaimsFile(_title(document), claim_set(claims))
    except UsageError as error:
        raise UsageError(f"{document.path}: {error}") from error


def _title(document: yaml_files.Document) -> str:
    title = document.content.get("title", "")
    if not isinstance(title, str):
        raise UsageError(f"{at(document, 'title')}: title: expected words, got {title!r}")
    return shown(" ".join(title.split()))


def _claim(document: yaml_files.Document, id_: object, row: object, defaults: Mapping[object, object]) -> Claim:
    """A row with the defaults that its kind has keys for."""
    if not isinstance(row, Mapping):
        raise UsageError(f"{at(document, 'claims', id_)}: claim {id_}: expected keys and values, got {_what(row)}")
    kind = str(row.get("kind", defaults.get("kind")))
    known: dict[object, object] = {
        key: value for key, value in defaults.items() if key in rows.KEYS_OF.get(kind, rows.KEYS)
    }
    try:
        return rows.claim(str(id_), {**known, **row})
    except FieldError as error:
        own = ("claims", id_, error.field) if error.field in row else ("claims", id_)
        place = ("defaults", error.field) if error.field in known and error.field not in row else own
        raise UsageError(f"{at(document, *place)}: claim {id_}: {error}") from error


def _what(value: object) -> str:
    return "nothing" if value is None else f"{value!r}"[:60]


def at(document: yaml_files.Document, *keys: object) -> str:
    """Where in a file the keys lead: the file and, where the keys lead to a line of it, that line."""
    import yaml

    node: yaml.Node | None = document.tree
    line = None
    for key in keys:
        pairs = node.value if isinstance(node, yaml.MappingNode) else []
        found = next((pair for pair in pairs if pair[0].value == str(key)), None)
        if found is None:
            break
        line, node = found[0].start_mark.line + 1, found[1]
    return document.path if line is None else f"{document.path}:{line}"
