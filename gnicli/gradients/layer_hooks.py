"""Hooks on the noise layers of a module, which exist only inside of a `with` and act only in its thread."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping

import torch
from torch import nn

from gnicli.errors import UsageError
from gnicli.gradients.noise_layers import NoiseLayer, noised_inputs

Change = Callable[[int, torch.Tensor], torch.Tensor]


class LayerHooks:
    """Inside of a `with`, what enters noise layer i of `module` becomes `change(i, values)`.

    `begin` is called at the start of each forward pass of `module`. A module that stands for several noise layers is
    the first of them in its first call of a pass, and so on; calls beyond repeat the last. `called` holds the layers
    met so far.

    Raises `UsageError` inside of a forward pass where noise could not enter: a layer that is called outside of a pass
    of `module` or in a backward pass, a layer without an input that fits, a pass that calls none of the layers.
    """

    def __init__(
        self,
        module: nn.Module,
        layers: Mapping[int, NoiseLayer],
        change: Change,
        begin: Callable[[], None] = lambda: None,
    ) -> None:
        self.called: set[int] = set()
        self.n_passes = 0
        self._module, self._change, self._begin_pass = module, change, begin
        self._at_output = {layer.module: layer.at_output for layer in layers.values()}
        self._names = {layer.module: layer.name for layer in layers.values()}
        self._indices: dict[nn.Module, list[int]] = {}
        for index, layer in layers.items():
            self._indices.setdefault(layer.module, []).append(index)
        self._calls: Counter[nn.Module] = Counter()
        self._depth = self._thread = 0
        self._handles: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> LayerHooks:
        """Attach the hooks."""
        _refuse_other_passes(self._module)
        self._thread, self._depth = threading.get_ident(), 0
        if not self._indices:
            return self
        self._handles.append(self._module.register_forward_pre_hook(self._begin, prepend=True))
        for part, at_output in self._at_output.items():
            if at_output:
                self._handles.append(part.register_forward_hook(self._leaving))
            else:
                self._handles.append(part.register_forward_pre_hook(self._entering, with_kwargs=True))
        # Called after an exception as well, or the next pass would count as a part of the one that failed.
        self._handles.append(self._module.register_forward_hook(self._end, always_call=True))
        return self

    def __exit__(self, *error: object) -> None:
        """Remove the hooks."""
        while self._handles:
            self._handles.pop().remove()

    def _begin(self, module: nn.Module, args: tuple) -> None:
        if threading.get_ident() != self._thread:
            return
        if self._depth == 0:
            self._calls.clear()
            self._begin_pass()
        self._depth += 1

    def _end(self, module: nn.Module, args: tuple, output: object) -> None:
        if threading.get_ident() != self._thread:
            return
        self._depth -= 1
        if self._depth > 0 or output is None:  # None: the pass failed
            return
        if not self._calls:
            raise UsageError(
                f"the forward pass of {type(self._module).__name__} called none of its noise layers "
                f"({', '.join(self._names.values())}), so no noise entered; name modules that it calls with layers="
            )
        self.n_passes += 1

    def _entering(self, module: nn.Module, args: tuple, kwargs: dict | None = None) -> tuple[tuple, dict] | None:
        # Without kwargs: another thread is inside of a call while this hook is attached or removed.
        if kwargs is None or not self._acts(module):
            return None
        index = self._next_index(module)
        changed: dict[int, torch.Tensor] = {}  # by identity: one tensor given twice is one activation
        new_args, new_kwargs = list(args), dict(kwargs)
        for place in noised_inputs(module, args, kwargs):
            values = args[place] if isinstance(place, int) else kwargs[place]
            if id(values) not in changed:
                changed[id(values)] = self._change(index, values)
            if isinstance(place, int):
                new_args[place] = changed[id(values)]
            else:
                new_kwargs[place] = changed[id(values)]
        return tuple(new_args), new_kwargs

    def _leaving(self, module: nn.Module, args: tuple, output: torch.Tensor) -> torch.Tensor | None:
        return self._change(self._next_index(module), output) if self._acts(module) else None

    def _acts(self, module: nn.Module) -> bool:
        """Whether the hook acts on this call; raises `UsageError` where it should and cannot."""
        name = self._names[module] or type(module).__name__
        if torch._C._current_graph_task_id() != -1:
            # Its noise would be another draw, and the gradient one of no loss at all.
            raise UsageError(
                f"{name} was called in a backward pass, as gradient checkpointing does; noise cannot enter a pass that "
                "is computed twice: switch checkpointing off"
            )
        if threading.get_ident() != self._thread:
            return False
        if self._depth == 0:
            raise UsageError(
                f"{name} was called outside of a forward pass of {type(self._module).__name__}, which decides the draw "
                "of the noise; inject into the module that is called"
            )
        return True

    def _next_index(self, module: nn.Module) -> int:
        indices = self._indices[module]
        index = indices[min(self._calls[module], len(indices) - 1)]
        self._calls[module] += 1
        self.called.add(index)
        return index


def _refuse_other_passes(module: nn.Module) -> None:
    """Refuse what would leave the hooks out, or call them once more in the backward pass, where that can be seen."""
    for part in module.modules():
        if type(part).__name__ == "OptimizedModule" or getattr(part, "_compiled_call_impl", None) is not None:
            raise UsageError(
                f"noise cannot enter {type(module).__name__}, which torch.compile has compiled; give the module that "
                "it was made from"
            )
        if getattr(part, "gradient_checkpointing", False) is True and part.training:  # as models of transformers say it
            raise UsageError(
                f"noise cannot enter {type(module).__name__} under gradient checkpointing, which computes the forward "
                "pass twice; switch it off"
            )
