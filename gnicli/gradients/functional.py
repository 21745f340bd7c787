"""Losses of any module under noise, as scalars to differentiate: `noisy_loss` (4.5) and `explicit_regularizer` (R)."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.autograd.function import BackwardCFunction, FunctionCtx, once_differentiable
from torch.nn import functional

from gnicli import checks
from gnicli.contracts.components import Noise, NoisyNetwork, ValueAndGradients
from gnicli.errors import UsageError
from gnicli.gradients import losses
from gnicli.gradients.calls import Criterion, called, mean_loss, outputs_of
from gnicli.gradients.hooks import inject
from gnicli.gradients.losses import Loss
from gnicli.gradients.noise_argument import noise_of
from gnicli.gradients.noise_layers import Layers, noise_layers
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.regularizer import NoisedActivations, require_separate_examples
from gnicli.gradients.stages import learned
from gnicli.network.stages import Stack
from gnicli.noise.gaussian import Size
from gnicli.seeding import torch_stream


def noisy_loss(
    model: nn.Module,
    criterion: Criterion,
    x: object,
    y: object,
    *,
    noise: str | Noise,
    std: Size | None = None,
    var: Size | None = None,
    M: int = 1,
    seed: int = 0,
    step: int = 0,
    layers: Layers | None = None,
) -> torch.Tensor:
    """The loss under noise, averaged over M draws: L̃_M = (1/M) Σ_m L̃(ε_m), a differentiable 0-dimensional tensor.

    Draw m of step k is that of `gni train`, and of `inject` at `draw=m`. A network of gni with a loss by name is
    differentiated by the code of `gni train`, which gives its numbers bit for bit; such a result can be differentiated
    once, in the weights. Any other takes one forward pass for each draw, and is differentiable as the model is. Buffers
    that a pass changes (running means) change M times.

    Arguments:
        model: any module.
        criterion: `mse`, `cross_entropy`, or a function of (what the model returns, y) that gives a scalar. To a name
            the model's outputs are a tensor (n, c), or an object that has it as `logits`.
        x: the input; a tuple or list holds positional arguments, a mapping those by keyword.
        y: targets, as `criterion` takes them: for `mse` (n, c) or class labels (n,), for `cross_entropy` labels (n,).
        noise, std, var, seed, step, layers: as in `inject`.
        M: draws to average, an integer of at least 1.

    Raises `UsageError` for arguments out of range, and as `inject` does.

    Source: (4.5) of the paper.

    >>> import torch
    >>> model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.ReLU(), torch.nn.Linear(4, 1))
    >>> x, y = torch.ones(8, 3), torch.zeros(8, 1)
    >>> loss = noisy_loss(model, torch.nn.MSELoss(), x, y, noise="add", std=0.1, M=4)
    >>> loss.backward()
    >>> loss.shape, model[0].weight.grad.shape
    (torch.Size([]), torch.Size([4, 3]))
    """
    checks.integer("M", M, least=1)
    checks.integer("step", step, least=0)
    checks.seed("seed", seed)
    noise = noise_of(noise, std, var, len(noise_layers(model, layers)))
    if (
        isinstance(criterion, str)
        and layers is None
        and isinstance(x, torch.Tensor)
        and isinstance(y, torch.Tensor)
        and _is_plain(model, x)
    ):
        gradient = NoisyGradient(NoisyNetwork(model, criterion, noise, M, seed))
        return _Differentiated.apply(lambda: gradient(step, x, y), *learned(model))
    mean = mean_loss(criterion)
    n_draws = 1 if noise.operation == "none" else M  # without noise all draws are alike
    with inject(model, noise, layers=layers, seed=seed, step=step):
        return torch.stack([mean(called(model, x), y) for _ in range(n_draws)]).mean()


def explicit_regularizer(
    model: nn.Module,
    criterion: Criterion,
    x: object,
    *,
    noise: str | Noise,
    std: Size | None = None,
    var: Size | None = None,
    exact: bool = True,
    n_probes: int = 1,
    seed: int = 0,
    step: int = 0,
    layers: Layers | None = None,
) -> torch.Tensor:
    """The explicit regularizer R of the loss under noise, a differentiable 0-dimensional tensor.

    R = (1/n) Σ_x ½ Σ_i std_i² Tr(J_iᵀ H J_i), over examples x and noise layers i; J_i is the Jacobian of the outputs in
    what enters layer i without noise, times diag(h_i) under multiplicative noise, and H the Hessian of the loss of one
    example in its outputs. R is the Gauss–Newton part of the second order of E_ε[ΔL]: all of it for a model that is
    linear in the noise.

    Arguments:
        model, x: as in `noisy_loss`.
        criterion: `mse`, `cross_entropy`, or torch's modules and functions of these names, averaged and without
            weights. Outputs are (n, c); of `mse` any shape that begins with n.
        exact: the trace itself, by one vector–Jacobian product for each of the c outputs; the model must treat
            examples independently. Else an unbiased estimate from `n_probes` (at least 1) random vectors, which are
            drawn for (seed, step).
        noise, std, var, seed, step, layers: as in `inject`.

    Raises `UsageError` for arguments out of range, for another criterion, for batch normalization in training mode
    where `exact`, and as `inject` does.

    Source: Camuto et al. 2020, "Explicit Regularisation in Gaussian Noise Injections".

    >>> import torch
    >>> model = torch.nn.Linear(2, 1, bias=False)
    >>> with torch.no_grad():
    ...     _ = model.weight.copy_(torch.tensor([[3.0, 4.0]]))
    >>> found = explicit_regularizer(model, "mse", torch.ones(5, 2), noise="add", std=0.1)  # std² |w|²
    >>> round(found.item(), 6)
    0.25
    """
    checks.integer("n_probes", n_probes, least=1)
    checks.integer("step", step, least=0)
    checks.seed("seed", seed)
    loss = _standard(criterion)
    found = noise_layers(model, layers)
    activations = NoisedActivations(model, noise_of(noise, std, var, len(found)), found)
    if exact:
        require_separate_examples(model, "exact=True", "exact=False")
    with torch.enable_grad():
        with activations:
            outputs = _in_rows(outputs_of(called(model, x)), loss)
        generator = torch_stream(seed, "probe", step, generator=torch.Generator(outputs.device))
        terms = activations.terms(outputs, loss, None if exact else n_probes, generator)
        total = sum(terms, outputs.new_zeros(()))
    return total if torch.is_grad_enabled() else total.detach()


class _Differentiated(torch.autograd.Function):
    """A value whose gradients in some parameters are computed along with it."""

    @staticmethod
    def forward(ctx: FunctionCtx, compute: Callable[[], ValueAndGradients], *parameters: torch.Tensor) -> torch.Tensor:
        value, gradients = compute()
        ctx.save_for_backward(*gradients)
        return value

    @staticmethod
    @once_differentiable
    def backward(ctx: BackwardCFunction, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        return None, *(grad * gradient for gradient in ctx.saved_tensors)


def _is_plain(model: nn.Module, x: torch.Tensor) -> bool:
    """Whether a network of gni is called in the way that its hand-written gradients know: nothing else takes part."""
    hooked = any(
        part._forward_hooks or part._forward_pre_hooks or part._backward_hooks or part._backward_pre_hooks
        for part in model.modules()
    )
    return (
        type(model) is Stack
        and not hooked
        and any(parameter.requires_grad for parameter in model.parameters())
        and not x.requires_grad
        and not torch.is_autocast_enabled(x.device.type)
    )


def _in_rows(outputs: torch.Tensor, loss: Loss) -> torch.Tensor:
    """The outputs as (n, c), for which the Hessian of the loss is known; `UsageError` for another shape."""
    if isinstance(loss, losses.MeanSquaredError):
        outputs = outputs.flatten(1)
    if outputs.dim() != 2:
        raise UsageError(f"criterion: cross-entropy needs outputs (n, c), and the model gives {tuple(outputs.shape)}")
    return outputs


def _standard(criterion: Criterion) -> Loss:
    """The loss whose Hessian is known; `UsageError` for another criterion."""
    if isinstance(criterion, str):
        return losses.get(criterion)
    kind, plain = type(criterion), getattr(criterion, "reduction", "mean") == "mean"
    if criterion is functional.mse_loss or (kind is nn.MSELoss and plain):
        return losses.get("mse")
    weighted = getattr(criterion, "weight", None) is not None
    if criterion is functional.cross_entropy or (kind is nn.CrossEntropyLoss and plain and not weighted):
        return losses.get(
            "cross_entropy"
        )  # label smoothing is linear in the outputs but for log Σ exp: the same Hessian
    raise UsageError(
        "criterion: the Hessian of the loss is known for mse and cross_entropy (by name, or torch's, averaged and "
        f"without class weights), got {getattr(criterion, '__name__', kind.__name__)}"
    )
