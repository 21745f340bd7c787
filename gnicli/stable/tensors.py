"""The stable law on torch tensors: `logpdf` with gradients in x and all parameters, and `Stable`, a distribution.

This is the only module of `gnicli.stable` that imports torch; nothing of `gnicli.stable` imports it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable
from torch.distributions import Distribution, constraints
from torch.distributions.utils import broadcast_all

from gnicli.errors import UsageError
from gnicli.stable.density.inversion import IN_S1
from gnicli.stable.law import StableLaw
from gnicli.stable.parameterization import check_parameterization


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().to("cpu", torch.float64).numpy()


def _law(parameters: tuple[torch.Tensor, ...], parameterization: str) -> StableLaw:
    """The laws of some tensors; parameters of one value are numbers."""
    arrays = (_array(each) for each in parameters)
    alpha, beta, loc, scale = (a.flat[0] if a.size and (a == a.flat[0]).all() else a for a in arrays)
    return StableLaw(alpha, beta, loc, scale, parameterization)


class _Logpdf(torch.autograd.Function):
    """log pdf at points of tensors of one shape; the gradients are made with it, if one is asked for."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, *rest: Any) -> torch.Tensor:
        """log pdf in the shape and the type of x."""
        *parameters, parameterization = rest
        law, at = _law(tuple(parameters), parameterization), _array(x)
        wanted = ctx.needs_input_grad[:5]
        if any(wanted):
            slopes = law.logpdf_derivatives(at)
            ctx.save_for_backward(
                *(torch.as_tensor(s, dtype=x.dtype, device=x.device) for s, w in zip(slopes, wanted, strict=True) if w)
            )
        return torch.as_tensor(np.asarray(law.logpdf(at)), dtype=x.dtype, device=x.device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """The gradients of those that want one."""
        saved = iter(ctx.saved_tensors)
        return *(grad * next(saved) if wanted else None for wanted in ctx.needs_input_grad[:5]), None


def logpdf(
    x: Any, alpha: Any, beta: Any, loc: Any = 0.0, scale: Any = 1.0, parameterization: str = "S1"
) -> torch.Tensor:
    """log pdf of stable laws at x with gradients in all five arguments, in their common shape.

    x, alpha, beta, loc, scale: tensors or numbers, which broadcast; the ranges are those of `StableLaw`. Everything is
    computed in float64 on the CPU, and the result has the type and the device of the arguments. alpha and beta of one
    value are fast; each other pair of them is a law of its own. There are no second derivatives.
    Raises `UsageError` for parameters outside of their ranges.

    >>> alpha = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
    >>> logpdf(torch.tensor([0.3, -2.0], dtype=torch.float64), alpha, 0.5).sum().backward()
    >>> slopes = StableLaw(1.5, 0.5).logpdf_derivatives([0.3, -2.0])
    >>> bool(np.isclose(alpha.grad.item(), slopes.alpha.sum()))
    True
    """
    check_parameterization(parameterization)
    tensors = [each for each in (x, alpha, beta, loc, scale) if isinstance(each, torch.Tensor)]
    if not all(each.dtype.is_floating_point for each in tensors):
        raise UsageError("x and the parameters must be floating-point tensors or numbers")
    as_first = {"dtype": tensors[0].dtype, "device": tensors[0].device} if tensors else {"dtype": torch.float64}
    made = [
        each if isinstance(each, torch.Tensor) else torch.as_tensor(each, **as_first)
        for each in (x, alpha, beta, loc, scale)
    ]
    kind = made[0].dtype
    for each in made[1:]:
        kind = torch.promote_types(kind, each.dtype)
    return _Logpdf.apply(*torch.broadcast_tensors(*(each.to(kind) for each in made)), parameterization)


def _divided(z: torch.Tensor) -> torch.Tensor:
    """expm1(z) / z, with its gradient at 0."""
    small = z.abs() < 1e-4
    safe = torch.where(small, torch.ones_like(z), z)
    return torch.where(small, 1.0 + z * (0.5 + z * (1.0 / 6.0 + z / 24.0)), torch.expm1(safe) / safe)


def _cotangent(eps: torch.Tensor) -> torch.Tensor:
    """ε cot(πε/2), with its gradient at 0."""
    square = (0.5 * math.pi * eps) ** 2
    small = square < 0.01
    safe = torch.where(small, torch.ones_like(eps), eps)
    series = 1.0 - square * (1 / 3 + square * (1 / 45 + square * (2 / 945 + square * (1 / 4725 + square * 2 / 93555))))
    return torch.where(small, (2.0 / math.pi) * series, safe / torch.tan(0.5 * math.pi * safe))


class Stable(Distribution):
    """Stable laws as a distribution of torch, with gradients through `log_prob` and through draws (`rsample`).

    alpha, beta, loc, scale: tensors or numbers, which broadcast; ranges and parameterization as in `StableLaw`.
    `log_prob` is `logpdf` of this module. `rsample` is the transform of Chambers, Mallows and Stuck (1976), written so
    that nothing diverges at alpha = 1; torch's generator draws.

    >>> law = Stable(torch.tensor([1.2, 1.8], dtype=torch.float64), 0.5, scale=2.0)
    >>> law.rsample((3,)).shape, law.log_prob(torch.zeros(2, dtype=torch.float64)).shape
    (torch.Size([3, 2]), torch.Size([2]))
    """

    arg_constraints = {  # noqa: RUF012 - torch's own form
        "alpha": constraints.interval(torch.finfo(torch.float64).tiny, 2.0),
        "beta": constraints.interval(-1.0, 1.0),
        "loc": constraints.real,
        "scale": constraints.positive,
    }
    support = constraints.real
    has_rsample = True

    def __init__(
        self,
        alpha: Any,
        beta: Any,
        loc: Any = 0.0,
        scale: Any = 1.0,
        parameterization: str = "S1",
        validate_args: bool | None = None,
    ) -> None:
        check_parameterization(parameterization)
        self.parameterization = parameterization
        self.alpha, self.beta, self.loc, self.scale = broadcast_all(alpha, beta, loc, scale)
        super().__init__(self.alpha.shape, validate_args=validate_args)

    def expand(self, batch_shape: Any, _instance: Any = None) -> Stable:
        """The same laws in a larger batch, as torch has it."""
        shape = torch.Size(batch_shape)
        alpha, beta, loc, scale = (each.expand(shape) for each in (self.alpha, self.beta, self.loc, self.scale))
        return Stable(alpha, beta, loc, scale, self.parameterization, validate_args=False)

    def log_prob(self, value: torch.Tensor) -> torch.Tensor:
        """Natural logarithm of the density, with gradients in value and all parameters."""
        if self._validate_args:
            self._validate_sample(value)
        return logpdf(value, self.alpha, self.beta, self.loc, self.scale, self.parameterization)

    def cdf(self, value: torch.Tensor) -> torch.Tensor:
        """P(X <= value), without gradients."""
        parameters = (self.alpha, self.beta, self.loc, self.scale)
        found = _law(parameters, self.parameterization).cdf(_array(value))
        return torch.as_tensor(np.asarray(found), dtype=self.alpha.dtype, device=self.alpha.device)

    def rsample(self, sample_shape: Any = ()) -> torch.Tensor:
        """Draws with gradients in all parameters, of shape sample_shape + batch_shape."""
        shape = self._extended_shape(torch.Size(sample_shape))
        dtype, device = self.alpha.dtype, self.alpha.device
        tiny = torch.finfo(dtype).eps
        u = math.pi * (torch.rand(shape, dtype=dtype, device=device).clamp(0.25 * tiny, 1.0 - tiny) - 0.5)
        w = -torch.log1p(-torch.rand(shape, dtype=dtype, device=device)) + tiny**2
        small, in_s1 = self.alpha < IN_S1, self.parameterization == "S1"
        y = torch.zeros_like(u)
        if bool(small.any()):
            alpha = torch.where(small, self.alpha, torch.full_like(self.alpha, 0.5 * IN_S1))
            drawn = _spiky(alpha, self.beta, u, w, tiny)
            y = drawn if in_s1 else drawn - self.beta * torch.tan(0.5 * math.pi * alpha)
        if not bool(small.all()):
            alpha = torch.where(small, torch.ones_like(self.alpha), self.alpha)
            drawn = _smooth(alpha, self.beta, u, w, tiny)
            if in_s1:
                # loc₀ − loc₁ in scales, which at alpha = 1 is what is left of it in the limit of no shift
                at_one = (2.0 / math.pi) * self.beta * torch.log(self.scale)
                eps = alpha - 1.0
                safe = torch.where(eps == 0.0, torch.full_like(eps, 0.5), eps)
                drawn = drawn + torch.where(eps == 0.0, at_one, -self.beta / torch.tan(0.5 * math.pi * safe))
            y = torch.where(small, y, drawn)
        return self.loc + self.scale * y


def _smooth(alpha: torch.Tensor, beta: torch.Tensor, u: torch.Tensor, w: torch.Tensor, tiny: float) -> torch.Tensor:
    """Draws of standard S0 laws, from angles and exponential draws: the formula of `sampling`."""
    eps = alpha - 1.0
    cot = _cotangent(eps)  # ε / tan h: what is divided by tan h is first divided by ε
    angle, half = eps * u, 0.5 * eps * u
    sine_by_tan = u * torch.sinc(angle / math.pi) * cot
    square_by_tan = 0.5 * u * torch.sinc(half / math.pi) * torch.sin(half) * cot
    bent = torch.cos(angle) + beta * sine_by_tan
    waiting = torch.log(w * torch.cos(u) / bent.clamp_min(tiny)) / alpha
    lift = torch.exp(eps * waiting)
    tangent = torch.tan(u)
    grown = waiting * _divided(eps * waiting) * cot
    skew = grown - 2.0 * lift * square_by_tan - lift * tangent * sine_by_tan
    return lift * (tangent * torch.cos(angle) + torch.sin(angle)) - beta * skew


def _spiky(alpha: torch.Tensor, beta: torch.Tensor, u: torch.Tensor, w: torch.Tensor, tiny: float) -> torch.Tensor:
    """Draws of standard S1 laws, alpha < 1, as products: those of `sampling.transform_by_logarithms`."""
    turn = torch.atan(beta * torch.tan(0.5 * math.pi * alpha))
    rest = torch.cos((1.0 - alpha) * u - turn).clamp_min(tiny)
    log_size = ((1.0 - alpha) * torch.log(rest / w) - torch.log(torch.cos(turn)) - torch.log(torch.cos(u))) / alpha
    return torch.sin(alpha * u + turn) * torch.exp(log_size)
