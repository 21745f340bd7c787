"""The check that all formats share."""

from __future__ import annotations

import numpy as np

from gnicli.errors import DataError


def check_labels(labels: np.ndarray, name: str, least: int, most: int) -> None:
    """Raise `DataError` for the first label outside least … most; records are counted from 0."""
    wrong = np.flatnonzero(~((labels >= least) & (labels <= most)))  # so written, nan is wrong too
    if wrong.size:
        value = labels[wrong[0]]
        raise DataError(f"{name}: label {value:g} out of range {least} … {most} at record {wrong[0]}; refused")
