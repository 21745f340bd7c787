"""The names of the results of each coordinate."""

from __future__ import annotations


def coordinate_names(dimension: int) -> list[str]:
    """Suffixes of names of results: none in one dimension, else /w1, /w2, …"""
    return [""] if dimension == 1 else [f"/w{i + 1}" for i in range(dimension)]
