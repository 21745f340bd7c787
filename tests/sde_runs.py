"""Runs of `gni simulate-sde` and `gni kde-stationary` that take little time, and what they left in their folders."""

import json

import numpy as np

QUICK = ("n_chains=300", "n_steps=1500", "eta=0.02", "burn_in=250", "n_bins=2000")


def results(folder):
    return json.loads((folder / "results.json").read_text())


def arrays(folder):
    with np.load(folder / "arrays.npz") as read:
        return dict(read)


def number(found, name):
    return found[name]["value"]
