"""The noise that a caller from Python names: a word with its standard deviation or variance, or an object."""

from __future__ import annotations

from collections.abc import Sequence

from gnicli import checks
from gnicli.contracts.components import Noise
from gnicli.errors import UsageError
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise

Size = float | Sequence[float]
_NOISES: dict[str, type[AdditiveNoise] | type[MultiplicativeNoise]] = {
    "add": AdditiveNoise,
    "mult": MultiplicativeNoise,
}


def noise_of(noise: str | Noise, std: Size | None, var: Size | None, n_layers: int) -> Noise:
    """The noise of these arguments for a network of `n_layers` noise layers.

    `noise` is `add`, `mult`, `none`, or an object of `contracts.components.Noise`, which brings its own sizes. `std` or
    `var`, at least 0, is a number, or one for each noise layer; the defaults are those of the command line. Raises
    `UsageError` naming the argument.
    """
    if not isinstance(noise, str):
        if not all(hasattr(noise, name) for name in ("operation", "stds", "fill", "antithetic")):
            raise UsageError(f"noise: expected add, mult, none or a noise object, got {type(noise).__name__}")
        if std is not None or var is not None:
            raise UsageError("a noise object brings its own standard deviation; leave std and var out")
        noise.stds(n_layers)  # raises where it has a list of another length
        return noise
    checks.choice("noise", noise, (*_NOISES, "none"))
    if noise == "none":
        if std is not None or var is not None:
            raise UsageError("noise='none' takes no std and no var; leave them out, or use add or mult")
        return NoNoise()
    if std is not None and var is not None:
        raise UsageError(f"give std or var, not both; got std={std} and var={var}")
    for name, given in (("std", std), ("var", var)):
        entries = list(given) if isinstance(given, list | tuple) else [given]
        if isinstance(given, list | tuple) and len(entries) != n_layers:
            raise UsageError(
                f"{name} has {len(entries)} entries and the model {n_layers} noise layers; give one number, or one "
                "for each noise layer"
            )
        for entry in entries if given is not None else []:
            checks.number(name, entry, least=0)
    return _NOISES[noise](std=std, var=var)
