"""The commands that Hydra configures, and the one rule that joins their names.

Command `fit-stable` = module `gnicli.experiments.fit_stable` with `run` = schema `FitStableConfig` in it = config
`fit_stable.yaml` = folder `outputs/fit-stable/`.
"""

from __future__ import annotations

import dataclasses
import importlib
from types import ModuleType

from gnicli.launch import components
from gnicli.launch.components import GROUPS

MODULES = "gnicli.experiments"
COMMANDS = {
    "train": "Train a network with noise injected into its activations.",
    "gradient-noise": "Measure the law of the gradient noise, layer by layer.",
    "fit-stable": "Fit an alpha-stable law to data and test whether it fits.",
    "simulate-sde": "Simulate dw = −∇f(w) dt + ε dL with Lévy-stable noise L.",
    "kde-stationary": "Estimate the stationary density of dw = −∇f(w) dt + ε dL.",
}


def config_name(command: str) -> str:
    """The name of a command's main configuration file, module and task."""
    return command.replace("-", "_")


def module(command: str) -> ModuleType:
    """The module of `gnicli.experiments` that has the command's `run` and schema; it is imported here."""
    return importlib.import_module(f"{MODULES}.{config_name(command)}")


def schema(command: str) -> type:
    """The dataclass of all keys of a command."""
    name = "".join(part.capitalize() for part in command.split("-"))
    found: type = getattr(module(command), f"{name}Config")
    return found


def groups(command: str) -> list[str]:
    """The groups of components that a command has keys for."""
    return [field.name for field in dataclasses.fields(schema(command)) if field.name in GROUPS]


def register() -> components.Broken:
    """Tell Hydra the schemas of all commands and members, without which it composes none of them.

    Returns the members of other packages that could not be loaded.
    """
    return components.register({config_name(name): schema(name) for name in COMMANDS})
