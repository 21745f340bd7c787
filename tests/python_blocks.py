"""The Python blocks of a page of documentation, and how they are run: one after another.

A comment in the line above a block says what keeps it from running: `<!-- not run: reason -->` leaves it out, and
`<!-- needs: package -->` leaves it out where the package is not installed.
"""

import importlib.util
import re
import sys
import types
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
BLOCK = re.compile(r"^(?:<!-- (?P<mark>.*?) -->\n)?```python\n(?P<code>.*?)^```", re.S | re.M)


class Block(NamedTuple):
    """A block of a page: the line where its code begins, the code, and the comment above it."""

    line: int
    code: str
    mark: str


def blocks(text: str) -> list[Block]:
    found = []
    for match in BLOCK.finditer(text):
        line = text.count("\n", 0, match.start("code")) + 1
        found.append(Block(line, match["code"], match["mark"] or ""))
    return found


def is_run(block: Block) -> bool:
    kind, _, what = block.mark.partition(": ")
    if kind == "needs":
        return importlib.util.find_spec(what) is not None
    return kind != "not run"


def run(name: str, text: str) -> dict:
    """The names that the blocks define; an error's traceback shows the line of the page."""
    page = types.ModuleType(re.sub(r"\W", "_", name))
    sys.modules[page.__name__] = page  # where dataclasses look for the names of annotations
    try:
        for block in blocks(text):
            if is_run(block):
                exec(compile("\n" * (block.line - 1) + block.code, name, "exec", dont_inherit=True), vars(page))
    finally:
        del sys.modules[page.__name__]
    return dict(vars(page))
