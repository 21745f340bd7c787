"""Claims and simulated runs for the tests of the judge."""

import numpy as np

from gnicli.claims.claim import Claim
from gnicli.claims.effects import Measurement, of_values
from gnicli.claims.measured import Ends, MeasuredRun


def claim(kind="below", id_="c", n=10, **fields):
    """A claim on a linear scale whose smallest effect is 1."""
    own = {"sentence": "s", "metric": "loss", "smallest": 1.0, "scale": "linear"}
    own["seeds"] = tuple(map(str, range(n)))
    if kind in ("ordering", "slope"):
        own |= {"along": "M", "levels": ("1", "2", "4"), "direction": "falls"}
    else:
        own |= {"a": "A", "b": "B"} | ({"c": "C", "gap": ("C", "B")} if kind == "follows" else {})
    return Claim(id=id_, kind=kind, **(own | fields))


def measured(claim, values, missing=()):
    """The measurement of a claim from window means (seeds, settings); infinite ones are runs that diverged."""
    values = np.asarray(values, float)
    names = tuple(claim.settings())
    shown, parts, tail = of_values(claim, names, values)
    lost = np.isinf(values).sum(axis=0)
    n = len(values)
    ends = {name: Ends(n, n - int(k), int(k), 0) for name, k in zip(names, lost, strict=True)}
    return Measurement(claim, tuple(map(str, range(n))), shown, parts, tail, tuple(missing), (), ends)


def pairs(gaps):
    """Values of A and B with these differences."""
    gaps = np.asarray(gaps, float)
    return np.column_stack([gaps, np.zeros_like(gaps)])


def spread(mean, half, n=10):
    """n numbers with this mean, half of them `half` above it and half below; asymmetric by a little."""
    x = np.where(np.arange(n) % 2, half, -half) + 0.01 * half * np.arange(n)
    return x - x.mean() + mean


def runs(values, metric="loss", status=None):
    """Runs of one value each from {setting: {seed: value}}; `status` by (setting, seed)."""
    from gnicli.claims.setting import parsed

    return [
        MeasuredRun(
            f"{name}/{seed}", str(seed), parsed(name), (status or {}).get((name, seed), "completed"),
            {metric: (np.zeros(1), np.array([value]))},
        )
        for name, by_seed in values.items()
        for seed, value in by_seed.items()
    ]  # fmt: skip
