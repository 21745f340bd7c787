"""The losses: gradients and Hessian factors against automatic differentiation, and clean evaluation."""

import pytest
import torch
from gradient_oracles import LOSSES, data, network

from gnicli.errors import UsageError
from gnicli.gradients import losses
from gnicli.gradients.evaluation import evaluate


@pytest.mark.parametrize("name", losses.NAMES)
def test_sum_and_gradient_match_autograd(name):
    loss = losses.get(name)
    outputs, targets = data(9, name, n_in=4)
    outputs.requires_grad_()
    value, gradient = loss.sum_and_gradient(outputs.detach(), targets)
    (expected,) = torch.autograd.grad(9 * LOSSES[name](outputs, targets), outputs)
    assert torch.allclose(value, 9 * LOSSES[name](outputs, targets).detach(), rtol=1e-12)
    assert torch.allclose(gradient, expected, rtol=1e-12, atol=1e-14)
    assert loss.mean(outputs, targets) == LOSSES[name](outputs, targets)


@pytest.mark.parametrize("name", losses.NAMES)
def test_factors_multiply_to_the_hessian(name):
    loss = losses.get(name)
    outputs, targets = data(1, name, n_in=4)
    hessian = torch.autograd.functional.hessian(lambda y: LOSSES[name](y[None], targets), outputs[0])
    columns = loss.factor_product(outputs.expand(4, 4), torch.eye(4, dtype=torch.float64)).T
    assert torch.allclose(columns @ columns.T, hessian, rtol=1e-12, atol=1e-14)


def test_class_labels_become_one_hot_under_mse():
    loss = losses.get("mse")
    outputs, labels = torch.tensor([[0.5, 0.0, 2.0]]), torch.tensor([2])
    value = loss.mean(outputs, loss.prepare(labels, 3, torch.float32))
    assert value == pytest.approx((0.25 + 0 + 1) / 3)


def test_unknown_losses_are_refused():
    with pytest.raises(UsageError, match="loss must be one of mse, cross_entropy"):
        losses.get("mae")


@pytest.mark.parametrize("batch", [1, 7, 20, 64])
def test_evaluation_is_the_clean_loss_and_accuracy(batch):
    module = network()
    inputs, labels = data(20, "cross_entropy")
    value, accuracy = evaluate(module, "cross_entropy", inputs, labels, batch)
    outputs = module(inputs)
    assert value == pytest.approx(LOSSES["cross_entropy"](outputs, labels).item(), rel=1e-12)
    assert accuracy == (outputs.argmax(1) == labels).double().mean().item()
    _, targets = data(20, "mse")
    value, accuracy = evaluate(module, "mse", inputs, targets, batch)
    assert value == pytest.approx(LOSSES["mse"](outputs, targets).item(), rel=1e-12)
    assert accuracy is None
    assert evaluate(module, "mse", inputs, labels, batch)[1] is not None


def test_evaluation_leaves_gradients_alone():
    module = network()
    inputs, targets = data(5, "mse")
    evaluate(module, "mse", inputs, targets, 2)
    assert all(parameter.grad is None for parameter in module.parameters())
