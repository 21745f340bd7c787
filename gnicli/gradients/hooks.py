"""Noise in the activations of any `torch.nn.Module`, by hooks: `inject`.

The numbers are those of the command line: ε of noise layer i in a forward pass comes from the stream of
(seed, step, draw, i), row block by row block as in `gradients.generic`.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from collections.abc import Iterator

import torch
from torch import nn

from gnicli import checks
from gnicli.contracts.components import Noise
from gnicli.errors import UsageError
from gnicli.gradients.layer_hooks import LayerHooks
from gnicli.gradients.noise_argument import noise_of
from gnicli.gradients.noise_layers import Layers, NoiseLayer, noise_layers
from gnicli.gradients.streams import NoiseStream, Piece, row_blocks
from gnicli.noise.gaussian import Size

_OPEN = threading.local()  # the injections of this thread that are inside of their `with`


class Injection:
    """Noise that enters the noise layers of a module inside of a `with`.

    `layers` are their names and `stds` their standard deviations, in the order that numbers them. `step` and `draw` are
    the key of the next forward pass: each pass takes the draw and adds 1 to it. Set them to choose other ones.
    """

    def __init__(
        self, module: nn.Module, noise: Noise, layers: list[NoiseLayer], seed: int, step: int = 0, draw: int = 0
    ) -> None:
        self.layers = tuple(layer.name for layer in layers)
        self.stds = noise.stds(len(layers))
        self.seed, self.step, self.draw = seed, step, draw
        self._noise, self._multiply = noise, noise.operation == "multiply"
        noised = {index: layer for index, layer in enumerate(layers) if self.stds[index] > 0}
        self._modules = {layer.module: layer.name for layer in noised.values()}
        self._hooks = LayerHooks(module, noised, self._noised, self._begin)
        self._streams: dict[torch.device, NoiseStream] = {}
        self._key = (step, draw)
        self._repeated: set[int] = set()

    def __enter__(self) -> Injection:
        """Attach the hooks; raises `UsageError` where a layer has noise of the same seed already."""
        checks.seed("seed", self.seed)
        others: list[Injection] = _OPEN.__dict__.setdefault("injections", [])
        for other in others:
            shared = [name for part, name in self._modules.items() if part in other._modules]
            if shared and other.seed == self.seed:
                raise UsageError(
                    f"{shared[0]!r} gets noise of seed={self.seed} already, and this one would be the same numbers; "
                    "give it another seed"
                )
        self._hooks.__enter__()
        others.append(self)
        return self

    def __exit__(self, *error: object) -> None:
        """Remove the hooks."""
        self._hooks.__exit__(*error)
        _OPEN.injections.remove(self)

    def at(self, step: int, draw: int = 0) -> Injection:
        """Choose the key of the next forward pass; returns the injection."""
        self.step, self.draw = step, draw
        return self

    def unused(self) -> list[str]:
        """The names of the noised layers that no forward pass has called, where there was a pass."""
        if self._hooks.n_passes == 0:
            return []
        return [
            name
            for index, (name, std) in enumerate(zip(self.layers, self.stds, strict=True))
            if std > 0 and index not in self._hooks.called
        ]

    def _begin(self) -> None:
        checks.integer("step", self.step, least=0)
        checks.integer("draw", self.draw, least=0)
        self._key, self._repeated = (self.step, self.draw), set()
        for stream in self._streams.values():
            self._open(stream)
        self.draw += 1

    def _open(self, stream: NoiseStream) -> None:
        step, draw = self._key
        stream.open(step, range(draw, draw + 1))

    def _noised(self, layer: int, values: torch.Tensor) -> torch.Tensor:
        """h̃ from h; a layer that is called again in the same pass goes on in its stream."""
        if values.device not in self._streams:
            self._streams[values.device] = NoiseStream(self._noise, self.stds, self.seed, values.device)
            self._open(self._streams[values.device])
        stream, after = self._streams[values.device], int(layer in self._repeated)
        self._repeated.add(layer)
        epsilon = torch.empty_like(values, requires_grad=False)
        for start, stop in row_blocks(len(values)):
            # A piece that does not start at row 0 goes on where the last one ended.
            stream.fill([Piece(self._key[1], start + after, stop + after)], layer, epsilon[start:stop])
        return values * epsilon if self._multiply else values + epsilon


@contextlib.contextmanager
def inject(
    module: nn.Module,
    noise: str | Noise,
    *,
    std: Size | None = None,
    var: Size | None = None,
    layers: Layers | None = None,
    seed: int = 0,
    step: int = 0,
    draw: int = 0,
) -> Iterator[Injection]:
    """Inject Gaussian noise into the activations of any module inside of a `with`; autograd works through it.

    Every forward pass of `module` is the next draw: the first one is `draw`, then `draw` + 1 and so on. The injection
    that `with … as injection` gives has `step` and `draw`, which choose those of the next pass.

    The noise is bit for bit that of `gni train` at the same seed, step and draw. On a network of gni, loss and
    gradients are those of `gradients.generic` to the bit up to a batch of 511. Where `gni train` makes gradients by
    hand, its sums are rounded in another order, and `noisy_loss` gives its bits.

    Noise enters at the input of the noise layers, numbered from 0: the modules named by `layers`; else the `stages` of
    a gni network; else every weighted module (`nn.Linear`, convolutions, recurrent layers, …), in the order of
    `named_modules`. A module that is called twice in a pass gets fresh noise in the second call. An attention
    (`nn.MultiheadAttention`) gets noise at its query, key and value; where these are one tensor, so are their noises.
    Embeddings get none, unless `layers` names one: then at its output. Noise enters in training and in evaluation mode.
    Other threads see the module without noise.

    Arguments:
        module: the module that is called.
        noise: `add`, h̃ = h + ε with ε ~ N(0, std²); `mult`, h̃ = h · ε with ε ~ N(1, std²); `none`; or a noise object.
        std, var: standard deviation or variance of ε, at least 0: a number, or a list with one for each noise layer.
            Default: std 0.1 of `add`, 0.5 of `mult`.
        layers: names as in `module.named_modules()`, or modules.
        seed, step, draw: the key of the noise, integers of at least 0.

    Raises `UsageError` for arguments out of range, for a module without layers to noise, for a forward pass that calls
    none of them, for nested noise of the same seed, and for what computes a pass another time or in another way:
    gradient checkpointing (that of one's own is noticed only if the backward pass is inside of the `with`) and
    `torch.compile`. Warns at the end of layers that no pass has called.

    Source: (2.8) of the paper; `add` and `mult` there.

    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    >>> with inject(model, "mult", std=0.5, seed=0) as injection:
    ...     loss = model(torch.ones(8, 3)).square().mean()
    >>> loss.backward()
    >>> injection.layers
    ('0', '2')
    """
    found = noise_layers(module, layers)
    injection = Injection(module, noise_of(noise, std, var, len(found)), found, seed, step, draw)
    with injection:
        yield injection
    if unused := injection.unused():
        warnings.warn(f"no forward pass called {', '.join(unused)}: no noise entered there", stacklevel=3)
