"""Potentials f of the model dw = −∇f(w) dt + ε dL; a component is one file. `build` makes one from its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gnicli import checks, registry
from gnicli.errors import UsageError

if TYPE_CHECKING:
    from gnicli.contracts.components import Potential

_PARTS = ("name", "dimension", "coefficients", "value", "gradient", "flow", "minima", "saddles")


def names() -> list[str]:
    """The potentials that a name makes; that of a network is built from layers which potentials do not know."""
    return [name for name in registry.members("potential") if name != "network"]


def build(potential: str | Mapping[str, Any] | Potential, **parameters: Any) -> Potential:
    """The potential of a name and its parameters; one that is an object already is given back.

    A name is one of `names()`. Parameters are keywords, or stand beside the name in a mapping. An object has what
    `contracts.components.Potential` asks for. Raises `UsageError` for anything else.

    >>> build("double_well").minima()
    array([-1.,  1.])
    >>> build("multi_well", wells=[-1.0, 2.0], between=[0.3]).saddles()
    array([0.3])
    >>> build({"name": "quadratic", "curvature": 2.0}).dimension
    1
    """
    if not isinstance(potential, str | Mapping):
        missing = [part for part in _PARTS if not hasattr(potential, part)]
        if missing:
            raise UsageError(
                f"potential: expected one of {', '.join(names())}, a mapping with such a name, or an object with "
                f"{', '.join(_PARTS)}; got {type(potential).__name__}, which lacks {', '.join(missing)}"
            )
        if parameters:
            raise UsageError(f"potential: {', '.join(parameters)} go with a name, and {potential.name} is an object")
        return potential
    keys = {"name": potential} if isinstance(potential, str) else dict(potential)
    checks.choice("potential", keys.get("name"), names())
    built: Potential = registry.build("potential", {**keys, **parameters})
    return built


def members(potential: Potential) -> tuple[Potential, ...]:
    """The one-dimensional potentials of the coordinates; the potential itself where it has none."""
    found: tuple[Potential, ...] = getattr(potential, "members", (potential,))
    return found
