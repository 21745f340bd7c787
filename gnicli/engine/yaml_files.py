"""Reading YAML that a stranger may have written, and writing it.

What is not plain data of modest size is refused before it is built.

YAML can hold a tree of 9^9 nodes in ten lines (aliases), one that contains itself, tags that build Python objects, and
integers whose digits take minutes to read; a path can lead to a pipe that never ends. All of it is found in one pass
over the parser's events, whose cost grows with the bytes of the file alone.
"""

from __future__ import annotations

import functools
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import yaml

# A configuration has some hundred lines; these leave room for a hundred times that.
MAX_BYTES = 100_000
MAX_NODES = 10_000
MAX_DEPTH = 30
MAX_DIGITS = 100
MAX_TEXT = 10_000
_NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
# OmegaConf's: YAML 1.1 asks for a point and a sign of the exponent.
_FLOAT = re.compile(
    r"""^(?:
     [-+]?[0-9]+(?:_[0-9]+)*\.[0-9_]*(?:[eE][-+]?[0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+)
    |\.[0-9]+(?:_[0-9]+)*(?:[eE][-+][0-9]+)?
    |[-+]?[0-9]+(?:_[0-9]+)*(?::[0-5]?[0-9])+\.[0-9_]*
    |[-+]?\.(?:inf|Inf|INF)
    |\.(?:nan|NaN|NAN))$""",
    re.VERBOSE,
)


class Malformed(Exception):  # noqa: N818 - what the file is, not what went wrong here
    """Why a file is not read, in one line that names the file and, where there is one, the line."""


class Document(NamedTuple):
    """A file as it was read: its text, its tree with the line of each node (None: empty), and its plain content."""

    path: str
    text: str
    tree: yaml.Node | None
    content: dict[object, object]


def read(path: str | os.PathLike[str]) -> Document:
    """Read a YAML file that holds a mapping or nothing. Raises `Malformed`, and OSError where it cannot be opened.

    Aliases are followed as long as what they stand for stays within `MAX_NODES`.
    """
    path = os.fspath(path)
    # Without O_NONBLOCK opening a pipe waits for somebody to write into it.
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Malformed(f"{path}: not a regular file")
        return parse(path, stream.read(MAX_BYTES + 1))


def parse(path: str, content: bytes) -> Document:
    """What `read` does with the bytes of a file."""
    if len(content) > MAX_BYTES:
        raise Malformed(f"{path}: longer than {MAX_BYTES:,} bytes; a configuration is a few hundred lines")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        wrong = content[error.start]
        raise Malformed(f"{path}:{line}: not UTF-8 (byte 0x{wrong:02x}); save the file as UTF-8") from error
    tree = _tree(path, text)
    return Document(path, text, tree, _content(path, text, tree))


@functools.lru_cache(maxsize=64)  # a sweep composes the same files for each of its jobs
def _tree(path: str, text: str) -> yaml.Node | None:
    import yaml

    try:
        _check_events(path, yaml.SafeLoader(text))
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise Malformed(explain(error, path)) from error
    if tree is not None and not isinstance(tree, yaml.MappingNode):
        what = "a list" if isinstance(tree, yaml.SequenceNode) else f"the single value {tree.value[:40]!r}"
        raise Malformed(f"{path}: expected keys and values such as 'lr: 0.1', got {what}")
    return tree


def _check_events(path: str, loader: yaml.SafeLoader) -> None:
    """Refuse tags, too many nodes (aliases count as what they stand for), depth, circles, and absurd scalars."""
    import yaml

    n_nodes = 0
    sizes: dict[str, int] = {}  # of what an anchor names, once it is complete
    inside: list[tuple[str | None, int]] = []  # the collections around an event: anchor, nodes before it

    def refuse(event: yaml.Event, why: str) -> None:
        raise Malformed(f"{path}:{event.start_mark.line + 1}: {why}")

    while loader.check_event():
        event = loader.get_event()
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                refuse(event, f"*{event.anchor} stands for something that is not complete here")
            n_nodes += sizes[event.anchor]
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = inside.pop()
            if anchor is not None:
                sizes[anchor] = n_nodes - before
        elif isinstance(event, yaml.NodeEvent):
            if event.tag is not None:
                refuse(event, f"tag {event.tag.replace('tag:yaml.org,2002:', '!!')} is not allowed")
            n_nodes += 1
            if isinstance(event, yaml.CollectionStartEvent):
                inside.append((event.anchor, n_nodes - 1))
            else:
                _check_scalar(event, loader, refuse)
                if event.anchor is not None:
                    sizes[event.anchor] = 1
        if n_nodes > MAX_NODES:
            refuse(event, f"more than {MAX_NODES:,} values")
        if len(inside) > MAX_DEPTH:
            refuse(event, f"nested more than {MAX_DEPTH} deep")


def _check_scalar(event: yaml.ScalarEvent, loader: yaml.SafeLoader, refuse: Callable[[yaml.Event, str], None]) -> None:
    import yaml

    if len(event.value) > MAX_TEXT:
        refuse(event, f"a value of {len(event.value):,} characters; at most {MAX_TEXT:,}")
    if len(event.value) > MAX_DIGITS and loader.resolve(yaml.ScalarNode, event.value, event.implicit) in _NUMBERS:
        refuse(event, f"a number of {len(event.value):,} digits; at most {MAX_DIGITS}")


def _content(path: str, text: str, tree: yaml.Node | None) -> dict[object, object]:
    """The plain content; a key that is given twice is refused."""
    import yaml

    if tree is None:
        return {}
    try:
        return yaml.load(text, Loader=_loader())
    except yaml.YAMLError as error:
        raise Malformed(explain(error, path)) from error
    except Exception as error:  # keys that are no words, numbers that Python refuses: each a kind of its own
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
        raise Malformed(f"{path}: {first}") from error


@functools.cache
def _loader() -> type[yaml.SafeLoader]:
    """PyYAML's safe loader with OmegaConf's two rules: 1e-3 is a number, a date is text; and no key twice."""
    import yaml

    class Loader(yaml.SafeLoader):
        """Reads what OmegaConf writes and reads."""

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
            seen = set()
            for key, _ in node.value:
                if key.tag == yaml.resolver.BaseResolver.DEFAULT_SCALAR_TAG:
                    if key.value in seen:
                        problem = f"found duplicate key {key.value}"
                        raise yaml.constructor.ConstructorError(None, node.start_mark, problem, key.start_mark)
                    seen.add(key.value)
            return super().construct_mapping(node, deep=deep)

    Loader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in Loader.yaml_implicit_resolvers.items()
    }
    return Loader


def written(content: object) -> str:
    """Plain data (nested dicts, lists and scalars) as YAML that `read` and OmegaConf read as the same data."""
    import yaml

    return yaml.dump(content, Dumper=_dumper(), default_flow_style=False, allow_unicode=True, sort_keys=False)


@functools.cache
def _dumper() -> Any:
    """PyYAML's safe dumper in C, where that is built: it takes a third of the time, for each job of a sweep.

    Text that OmegaConf reads as a number is quoted, so is what other readers of YAML 1.1 take for yes or no, and
    nothing is an alias.
    """
    import yaml

    base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

    class Dumper(base):
        """Writes what OmegaConf and `read` read."""

        def ignore_aliases(self, data: object) -> bool:
            return True

    Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
    Dumper.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^[yYnN]$"), list("yYnN"))
    return Dumper


def explain(error: Exception, path: str | None = None) -> str:
    """Where a YAML file is wrong, and how; `path` names it where the parser does not know."""
    mark, problem = getattr(error, "problem_mark", None), str(getattr(error, "problem", None) or "")
    problem = problem or next((line.strip() for line in str(error).splitlines() if line.strip()), "")
    where = f"{path or mark.name}:{mark.line + 1}: " if mark else f"{path}: " if path else ""
    if problem.startswith("found duplicate key"):
        return f"{where}key {problem.removeprefix('found duplicate key').strip()!r} given twice"
    if "could not determine a constructor for the tag" in problem:
        tag = problem.rpartition("tag ")[2].strip("'").replace("tag:yaml.org,2002:", "!!")
        return f"{where}tag {tag} is not allowed"
    return f"{where}not valid YAML: {problem}"


def lies_within(path: str, folder: str | os.PathLike[str]) -> bool:
    """Whether a path lies in a folder once all links are followed."""
    return Path(path).resolve().is_relative_to(Path(folder).resolve())
