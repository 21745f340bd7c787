"""Which key of the noise the figures of a sweep are drawn along."""

from __future__ import annotations

import math
from collections.abc import Sequence

from gnicli.contracts.results import RunRecord
from gnicli.engine.summary import varying

KEYS = ("alpha", "beta", "epsilon")


def along(records: Sequence[RunRecord]) -> str | None:
    """The first of alpha, beta and epsilon that varies; None where none does, or beta is a list."""
    changed = varying(records)
    return next((key for key in KEYS if key in changed and all(is_number(r.overrides.get(key)) for r in records)), None)


def is_number(text: str | None) -> bool:
    """Whether a typed value is a finite number."""
    try:
        return text is not None and math.isfinite(float(text))
    except ValueError:
        return False
