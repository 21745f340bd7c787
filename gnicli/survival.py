"""When runs or chains diverged: the share that had not, along the steps."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from gnicli.contracts.results import Curve, Panel

_LEVEL = 0.95


def shares(steps: np.ndarray, diverged: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Steps, Kaplan and Meier's (1958) share without divergence after each, and its interval (log-log, 95 %).

    `steps` (n,) are the last ones of each run, and `diverged` (n,) says whether it diverged there; others were followed
    up to theirs. Where the interval is not defined, before the first divergence and where no run is left, its ends are
    the share.
    """
    from scipy import stats

    if not diverged.any():
        return steps.max(keepdims=True), np.ones(1), np.ones(1), np.ones(1)
    found = stats.ecdf(stats.CensoredData(uncensored=steps[diverged], right=steps[~diverged])).sf
    with np.errstate(divide="ignore", invalid="ignore"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
        ends = found.confidence_interval(_LEVEL, method="log-log")
    share = found.probabilities
    low, high = (np.where(np.isnan(end.probabilities), share, end.probabilities) for end in (ends.low, ends.high))
    return found.quantiles, share, low, high


def curve(label: str, steps: np.ndarray, diverged: np.ndarray) -> Curve:
    """These shares as a step function from step 1 on, with their band."""
    x, y, low, high = shares(steps, diverged)
    corners = np.concatenate([[1.0], np.repeat(x, 2)])
    y, low, high = (np.repeat(np.concatenate([[1.0], each]), 2)[:-1] for each in (y, low, high))
    return Curve(label, corners, y, low, high, key=label)


def panel(curves: Sequence[Curve], what: str) -> Panel:
    """The panel of such curves; `what` are the things that diverge, in the plural."""
    label = f"share of {what} that have not diverged"
    return Panel(tuple(curves), "step", label, x_scale="log", y_range=(0.0, 1.0))
