"""Slow, plain versions that the gradients are tested against: whole draws, autograd, no chunks, no buffers."""

import torch
from torch.nn import functional

from gnicli.network.mlp import Mlp
from gnicli.seeding import torch_stream

LOSSES = {"mse": functional.mse_loss, "cross_entropy": functional.cross_entropy}


def network(depth=2, width=6, n_in=3, n_out=4, seed=0, dtype=torch.float64, **keys):
    """An MLP whose biases are not zero: a symmetric case hides errors."""
    keys.setdefault("init", "default")
    return Mlp(depth=depth, width=width, **keys).build((n_in,), n_out, torch.Generator().manual_seed(seed), dtype)


def data(batch, loss, n_in=3, n_out=4, seed=1, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(batch, n_in, dtype=dtype, generator=generator) + 0.3
    if loss == "mse":
        return inputs, torch.randn(batch, n_out, dtype=dtype, generator=generator)
    return inputs, torch.randint(0, n_out, (batch,), generator=generator)


def epsilon(noise, std, seed, step, draw, layer, shape, dtype):
    mirrored = noise.antithetic and draw % 2 == 1
    stream = torch_stream(seed, "noise", step, draw - mirrored, layer)
    values = noise.fill(torch.empty(shape, dtype=dtype), std, stream)
    mean = 1 if noise.operation == "multiply" else 0
    return 2 * mean - values if mirrored else values


def noisy_loss(module, loss, noise, seed, step, draw, inputs, targets):
    values = inputs
    for layer, (std, stage) in enumerate(zip(noise.stds(len(module.stages)), module.stages, strict=True)):
        if std > 0:
            drawn = epsilon(noise, std, seed, step, draw, layer, values.shape, values.dtype)
            values = values * drawn if noise.operation == "multiply" else values + drawn
        values = stage(values)
    return LOSSES[loss](values, targets)


def noisy_gradient(module, loss, noise, seed, step, draws, inputs, targets):
    """The mean loss over draws and its gradients, by autograd."""
    value = sum(noisy_loss(module, loss, noise, seed, step, draw, inputs, targets) for draw in draws) / len(draws)
    return value.detach(), torch.autograd.grad(value, list(module.parameters()))


def second_order(module, loss, noise, inputs, targets, gauss_newton=False):
    """½ Σ σ² Tr of the Hessian of the loss in the injected noise at ε = 0 (or its Gauss–Newton part)."""
    stages, total = list(module.stages), 0.0
    values = inputs
    for layer, std in enumerate(noise.stds(len(stages))):
        clean = values.detach()

        def output(flat, clean=clean, layer=layer):
            moved = flat.view_as(clean)
            moved = clean * (1 + moved) if noise.operation == "multiply" else clean + moved
            for stage in stages[layer:]:
                moved = stage(moved)
            return moved

        zero = torch.zeros(clean.numel(), dtype=clean.dtype)
        if gauss_newton:
            jacobian = torch.autograd.functional.jacobian(output, zero).flatten(0, 1)
            outputs = output(zero).detach()
            in_output = torch.autograd.functional.hessian(
                lambda flat, like=outputs: LOSSES[loss](flat.view_as(like), targets), outputs.flatten()
            )
            trace = torch.trace(jacobian.T @ in_output @ jacobian)
        else:
            hessian = torch.autograd.functional.hessian(lambda flat, f=output: LOSSES[loss](f(flat), targets), zero)
            trace = torch.trace(hessian)
        total += 0.5 * std**2 * trace.item()
        values = stages[layer](values)
    return total


def relative_error(found, expected):
    """Largest difference over all tensors, relative to the largest entry of each."""
    return max(
        float((a - b).abs().max() / b.abs().max().clamp(min=1e-300)) for a, b in zip(found, expected, strict=True)
    )


def kept(value_and_gradients):
    """The gradients of a `GradientFunction`, copied: the function may write the next ones into the same memory."""
    return [gradient.clone() for gradient in value_and_gradients[1]]
