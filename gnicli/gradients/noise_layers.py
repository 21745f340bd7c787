"""The noise layers of any module: at which of its modules noise enters, and which of their inputs it meets."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import nn
from torch.nn.parameter import is_lazy
from torch.nn.utils.parametrize import is_parametrized

from gnicli.errors import UsageError
from gnicli.gradients.stages import has_stages, stages_of

EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)
# Modules whose noised inputs are known by name, in the order of their positions; others: the first one that fits.
_NAMED_INPUTS: dict[type[nn.Module], tuple[str, ...]] = {
    nn.MultiheadAttention: ("query", "key", "value"),
    nn.Bilinear: ("input1", "input2"),
    nn.RNNBase: ("input",),
}

Layers = Sequence[str | nn.Module] | str | nn.Module


class NoiseLayer(NamedTuple):
    """A module at which noise enters: at its input, or `at_output`, and its name in the whole module."""

    name: str
    module: nn.Module
    at_output: bool = False


def noise_layers(module: nn.Module, layers: Layers | None = None) -> list[NoiseLayer]:
    """The noise layers of a module, in the order that numbers them from 0.

    Those named by `layers` (names as in `named_modules`, or modules), in that order. Else the stages of a module that
    has them. Else every weighted module, in the order of `named_modules`: one with a parameter of two dimensions or
    more of its own, and none inside of it. `nn.MultiheadAttention`, which uses the weights of its output projection
    without calling it, counts as one weighted module. Embeddings are left out, because indices cannot be noised; one
    that is named gets its noise at the output.

    Raises `UsageError` for a name or module that is not in `module`, for one that is never called, and where nothing
    is left.
    """
    if layers is not None:
        return _chosen(module, layers)
    if has_stages(module):
        names = {part: name for name, part in module.named_modules()}
        stages = stages_of(module, "noise")
        return [NoiseLayer(names.get(stage, f"stages.{i}"), stage) for i, stage in enumerate(stages)]
    found: dict[nn.Module, NoiseLayer] = {}
    for name, part in _weighted(module, ""):
        found.setdefault(part, NoiseLayer(name, part))  # a module that two others hold is one noise layer
    if not found:
        raise UsageError(
            f"{type(module).__name__} has no weighted layer at whose input noise could enter; name modules with layers="
        )
    return list(found.values())


def noised_inputs(module: nn.Module, args: tuple, kwargs: dict) -> list[int | str]:
    """Which arguments of a call of `module` are noised: positions in `args` and keys of `kwargs`.

    The query, key and value of an attention, both inputs of `nn.Bilinear`, the input of a recurrent layer; else the
    first argument that is a tensor of floating-point numbers. Raises `UsageError` where there is none.
    """
    for kind, names in _NAMED_INPUTS.items():
        if isinstance(module, kind):
            places = [place if place < len(args) else name for place, name in enumerate(names)]
            values = [args[place] if isinstance(place, int) else kwargs.get(place) for place in places]
            found = [place for place, value in zip(places, values, strict=True) if _is_noisable(value)]
            break
    else:
        everything = [*enumerate(args), *kwargs.items()]
        found = [place for place, value in everything if _is_noisable(value)][:1]
    if not found:
        raise UsageError(
            f"{type(module).__name__} was called without a dense tensor of floating-point numbers to which noise "
            "could be added; leave it out with layers="
        )
    return found


def _is_noisable(value: object) -> bool:
    return isinstance(value, torch.Tensor) and value.is_floating_point() and not value.is_nested


def _weighted(module: nn.Module, name: str) -> Iterator[tuple[str, nn.Module]]:
    """The weighted modules in `module`, itself included, by name."""
    if isinstance(module, EMBEDDINGS):
        return
    if isinstance(module, nn.MultiheadAttention):
        yield name, module
        return
    inside = [
        each
        for child, part in module.named_children()
        if not (child == "parametrizations" and is_parametrized(module))
        for each in _weighted(part, f"{name}.{child}" if name else child)
    ]
    if inside:
        yield from inside
    elif _has_weights(module):
        yield name, module


def _has_weights(module: nn.Module) -> bool:
    """Whether a module has a parameter of two dimensions or more of its own, reparametrized ones included."""
    parameters = list(module.parameters(recurse=False))
    if is_parametrized(module):
        parameters += list(module.get_submodule("parametrizations").parameters())
    if any(is_lazy(parameter) for parameter in parameters):
        raise UsageError(f"{type(module).__name__} has no weights yet; call the model once before noise is injected")
    return any(parameter.dim() > 1 for parameter in parameters)


def _chosen(module: nn.Module, layers: Layers) -> list[NoiseLayer]:
    wanted = [layers] if isinstance(layers, str | nn.Module) else list(layers)
    if not wanted:
        raise UsageError("layers is an empty list; leave it out for all weighted layers, or name some")
    modules = dict(module.named_modules(remove_duplicate=False))
    names = {part: name for name, part in reversed(modules.items())}
    found: list[NoiseLayer] = []
    for each in wanted:
        part = modules.get(each) if isinstance(each, str) else each
        if part is None or not isinstance(part, nn.Module) or part not in names:
            near = difflib.get_close_matches(str(each), modules, n=1) if isinstance(each, str) else []
            shown = repr(each) if isinstance(each, str) else type(each).__name__
            hint = f"; did you mean {near[0]!r}?" if near else "; names are those of named_modules()"
            raise UsageError(f"layers: {shown} is no module of {type(module).__name__}{hint}")
        if any(part is layer.module for layer in found):
            raise UsageError(f"layers names {names[part]!r} twice")
        _require_called(module, part, names[part])
        found.append(NoiseLayer(names[part], part, isinstance(part, EMBEDDINGS)))
    return found


def _require_called(module: nn.Module, part: nn.Module, name: str) -> None:
    """Refuse a module whose hooks never fire: a list of modules, or the output projection of an attention."""
    if type(part).forward is nn.Module.forward:
        raise UsageError(f"layers: {name!r} is a {type(part).__name__}, which is never called; name what is in it")
    for whole, attention in module.named_modules():
        if isinstance(attention, nn.MultiheadAttention) and part in list(attention.modules())[1:]:
            raise UsageError(
                f"layers: {name!r} is used by nn.MultiheadAttention without being called, so no noise can enter "
                f"there; name {whole!r} for noise at its query, key and value"
            )
