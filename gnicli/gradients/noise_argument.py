"""The noise that a caller from Python names: a word with its standard deviation or variance, or an object."""

from __future__ import annotations

import dataclasses

from gnicli import registry
from gnicli.contracts.components import Noise
from gnicli.errors import UsageError
from gnicli.noise.gaussian import Size

_PARTS = ("operation", "stds", "fill", "antithetic")


def noise_of(noise: str | Noise, std: Size | None, var: Size | None, n_layers: int) -> Noise:
    """The noise of these arguments for a network of `n_layers` noise layers.

    `noise` is the name of a member of the group `noise`, gni's own or another package's, or an object of
    `contracts.components.Noise`, which brings its own sizes. `std` or `var`, at least 0, is a number, or one for each
    noise layer; the defaults are those of the command line. Raises `UsageError` naming the argument.
    """
    sizes = {name: size for name, size in (("std", std), ("var", var)) if size is not None}
    if isinstance(noise, str):
        return _named(noise, sizes, n_layers)
    _require_noise(noise)
    if sizes:
        raise UsageError("a noise object brings its own standard deviation; leave std and var out")
    noise.stds(n_layers)  # raises where it has a list of another length
    return noise


def _named(name: str, sizes: dict[str, Size], n_layers: int) -> Noise:
    """The noise of that name with these sizes."""
    keys = [field.name for field in dataclasses.fields(registry.find("noise", name))]
    lacking = [size for size in ("std", "var") if size not in keys]
    if refused := [size for size in lacking if size in sizes]:
        raise UsageError(f"noise={name!r} takes no {' and no '.join(lacking)}; leave {' and '.join(refused)} out")
    found = registry.build("noise", {"name": name, **sizes})
    _require_noise(found)
    found.stds(n_layers)
    return found


def _require_noise(noise: object) -> None:
    missing = [part for part in _PARTS if not hasattr(noise, part)]
    if missing:
        raise UsageError(
            f"noise: expected {', '.join(registry.members('noise'))} or a noise object with {', '.join(_PARTS)}; "
            f"got {type(noise).__name__}, which lacks {', '.join(missing)}"
        )
