"""`${…}` in configurations: which forms are taken from whom, and how far they may expand.

A reference to a key is data. Anything else between `${` and `}` is a call: of what reads the environment, files, the
clock or Hydra's own configuration.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gnicli.errors import UsageError

Path = tuple[object, ...]  # of a node in nested dicts and lists: keys and indices

PLAIN = re.compile(r"\$\{\.*[A-Za-z_]\w*(?:\.\w+)*\}")
# What may be called by who types it: nothing that reads the environment or files.
HARMLESS = ("now", "hydra", "python_version", "oc.select", "oc.create", "oc.decode", "oc.dict.keys", "oc.dict.values")
ENVIRONMENT = ("oc.env",)
RESOLVER = "gni_folder"  # gni's own, which decides on the folder of a run (`hydra_tasks`)
MAX_EXPANDED = 100_000
MAX_STEPS = 8


def refuse_calls(text: str, where: str) -> None:
    """Refuse every `${` of a file but a reference to a key of gni's own; escaped ones too, since escapes wear off."""
    rest = PLAIN.sub("", text)
    if "${" in rest or re.search(r"\$\\+\{", rest):
        raise UsageError(
            f"{where}: {_shown(text)}: in a file only references such as ${{lr}} or ${{noise.std}} are allowed; "
            "type the value in place of it"
        )
    for reference in PLAIN.findall(text):
        if "hydra" in re.split(r"\W+", reference):
            raise UsageError(f"{where}: {_shown(text)}: a file may not refer to Hydra's own keys; type the value")


def refuse_typed_calls(text: str, *, allow_env: bool, own: Sequence[str] = ()) -> None:
    """Refuse what the command line may not call: the environment unless it was allowed, and what nobody knows."""
    allowed = (*HARMLESS, *own, *(ENVIRONMENT if allow_env else ()))
    # An odd number of backslashes makes "${" a text, which nothing follows later (see `literal`).
    for match in re.finditer(r"(?<!\\)(?:\\\\)*\$\{\s*([^:{}\s]*)\s*(:?)", text):
        name, called = match.groups()
        if called and name in allowed:
            continue
        if name in ENVIRONMENT and not allow_env:
            raise UsageError(
                f"{_shown(text)}: reads the environment, and the value would be saved with the run; "
                "add --allow-env if that is what you want"
            )
        if called or not re.fullmatch(r"\.*[A-Za-z_][\w.\[\]-]*", name):
            known = ", ".join(f"${{{resolver}:…}}" for resolver in (*HARMLESS[:3], *ENVIRONMENT))
            raise UsageError(f"{_shown(text)}: only ${{key}} and {known} (with --allow-env) can be referred to")


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "…")


def strings(values: object, path: Path = ()) -> Iterator[tuple[Path, str]]:
    """Every text in nested dicts and lists with its path; keys that are texts count as well."""
    if isinstance(values, str):
        yield path, values
    elif isinstance(values, dict):
        for key, value in values.items():
            if isinstance(key, str) and "$" in key:
                yield (*path, key), key
            yield from strings(value, (*path, key))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from strings(value, (*path, index))


def refuse_growth(values: dict[str, object]) -> None:
    """Refuse references that lead in a circle, in more than `MAX_STEPS` steps, or to more than `MAX_EXPANDED` values.

    `values` is a configuration before its references are followed. Doublings (`a: ${b}${b}`, `b: ${c}${c}`, …) would
    otherwise fill the memory.
    """
    known: dict[Path, tuple[int, int]] = {}

    def measure(node: object, path: Path, walked: tuple[Path, ...]) -> tuple[int, int]:
        """How many values and characters a node comes to, and in how many steps."""
        if path in known:
            return known[path]
        if isinstance(node, dict | list):
            parts = node.items() if isinstance(node, dict) else enumerate(node)
            found = [measure(value, (*path, key), walked) for key, value in parts]
        else:
            texts = PLAIN.findall(node) if isinstance(node, str) else ()
            found = [follow(text, path, walked) for text in texts]
        own = 1 + len(node) if isinstance(node, str) else 1
        total, steps = own + sum(size for size, _ in found), max((steps for _, steps in found), default=0)
        if total > MAX_EXPANDED:
            raise UsageError(f"{_dotted(path)}: comes to more than {MAX_EXPANDED:,} values with what it refers to")
        if steps > MAX_STEPS:
            raise UsageError(f"{_dotted(path)}: refers to references in more than {MAX_STEPS} steps")
        known[path] = total, steps
        return total, steps

    def follow(text: str, path: Path, walked: tuple[Path, ...]) -> tuple[int, int]:
        target = _target(text, path)
        if path in walked or target == path[: len(target)]:
            raise UsageError(f"{_dotted(path)}: refers to itself")
        if len(walked) >= MAX_STEPS:
            raise UsageError(f"{_dotted(path)}: refers to references in more than {MAX_STEPS} steps")
        node: object = values
        for part in target:
            if isinstance(node, list) and str(part).isdecimal() and int(str(part)) < len(node):
                node = node[int(str(part))]
            elif isinstance(node, dict) and part in node:
                node = node[part]
            else:
                return 0, 1  # absent: whoever resolves it says so
        size, steps = measure(node, target, (*walked, path))
        return size, steps + 1

    for path, text in strings(values):
        if "${" in text:
            measure(text, path, ())


def _target(text: str, path: Path) -> Path:
    """The path that a reference in the node at `path` leads to."""
    name = text[2:-1]
    rest = name.lstrip(".")
    climbed = len(name) - len(rest)
    base = path[: max(len(path) - climbed, 0)] if climbed else ()
    return (*base, *rest.split("."))


def _dotted(path: Path) -> str:
    return ".".join(map(str, path))


def literal(values: object) -> object:
    """`values` as OmegaConf has to be given them so that every text stays what it is, `${` in it included."""
    if isinstance(values, str):
        return re.sub(r"(\\*)\$\{", lambda match: match.group(1) * 2 + "\\${", values)
    if isinstance(values, dict):
        return {key: literal(value) for key, value in values.items()}
    if isinstance(values, list):
        return [literal(value) for value in values]
    return values
