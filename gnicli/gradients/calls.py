"""How a model of any kind is called: its input as positional or keyword arguments, its outputs, and a loss of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import torch
from torch.utils._pytree import tree_leaves, tree_map

from gnicli.errors import UsageError
from gnicli.gradients import losses

T = TypeVar("T")
Criterion = str | Callable[..., torch.Tensor]


def called(model: torch.nn.Module, x: object) -> object:
    """What the model returns; a tuple or list `x` holds positional arguments, a mapping those by keyword."""
    if isinstance(x, Mapping):
        return model(**x)
    return model(*x) if isinstance(x, tuple | list) else model(x)


def outputs_of(found: object) -> torch.Tensor:
    """The outputs as a tensor, taken from `logits` where the model returns an object or a mapping."""
    if isinstance(found, torch.Tensor):
        return found
    outputs = found.get("logits") if isinstance(found, Mapping) else getattr(found, "logits", None)
    if not isinstance(outputs, torch.Tensor):
        raise UsageError(
            f"the model returned {type(found).__name__}, neither a tensor nor anything with logits; "
            "wrap it so that it returns its outputs"
        )
    return outputs


def mean_loss(criterion: Criterion) -> Callable[..., torch.Tensor]:
    """The loss as a function of (what the model returned, targets): a criterion itself, or the loss of that name."""
    if not isinstance(criterion, str):
        return criterion
    loss = losses.get(criterion)

    def mean(found: object, y: torch.Tensor) -> torch.Tensor:
        outputs = outputs_of(found)
        return loss.mean(outputs, loss.prepare(y, outputs.shape[1], outputs.dtype))

    return mean


def n_examples(x: object) -> int:
    """The first size of the first tensor in `x`; raises `UsageError` where there is none."""
    sizes = [len(each) for each in tree_leaves(_plain(x)) if isinstance(each, torch.Tensor) and each.dim() > 0]
    if not sizes:
        raise UsageError(f"x holds no tensor with a row for each example, got {type(x).__name__}")
    return sizes[0]


def examples(x: T, start: int, stop: int) -> T:
    """Rows `start` … `stop` − 1 of every tensor in `x` that has a row for each example; the rest as it is."""
    n = n_examples(x)

    def rows(each: object) -> object:
        return each[start:stop] if isinstance(each, torch.Tensor) and each.dim() > 0 and len(each) == n else each

    found: T = tree_map(rows, _plain(x))
    return found


def _plain(x: object) -> object:
    """Mappings of other packages as dictionaries, which torch's trees know."""
    return dict(x) if isinstance(x, Mapping) else x
