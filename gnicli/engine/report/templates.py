"""The templates of reports, compiled at their first use: jinja2 is imported where a report is written."""

from __future__ import annotations

import functools
import importlib.resources
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jinja2


def read(name: str) -> str:
    """The text of a file of this package."""
    return importlib.resources.files("gnicli.engine.report").joinpath(name).read_text(encoding="utf-8")


@functools.cache
def load(name: str, *, autoescape: bool, **filters: Callable[..., str]) -> jinja2.Template:
    """The template in the file `name`; with `autoescape` all that it writes is escaped for HTML."""
    import jinja2

    environment = jinja2.Environment(
        trim_blocks=True, lstrip_blocks=True, autoescape=autoescape, undefined=jinja2.StrictUndefined
    )
    environment.filters |= filters
    return environment.from_string(read(name))
