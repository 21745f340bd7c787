"""`noisy_loss` and `explicit_regularizer` against the code of the command line, oracles, and formulas in float64."""

import pytest
import torch
from gradient_oracles import LOSSES, data, kept, network, noisy_gradient, relative_error, second_order
from test_inject_hooks import Language, block, drawn
from torch import nn
from torch.func import functional_call, jacrev

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import UsageError
from gnicli.gradients.functional import explicit_regularizer, noisy_loss
from gnicli.gradients.hooks import inject
from gnicli.gradients.noisy import NoisyGradient
from gnicli.gradients.regularizer import ExplicitGradient
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise

STDS = [0.3, 0.6, 0.2]
NOISES = {"add": AdditiveNoise(std=STDS), "mult": MultiplicativeNoise(std=STDS)}


def derivatives(value, module):
    return torch.autograd.grad(value, list(module.parameters()))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("loss", LOSSES)
def test_on_a_network_of_gni_the_noisy_loss_is_that_of_training_bit_for_bit(noise, loss):
    module = network(activation="tanh", dtype=torch.float32, width=40)
    inputs, targets = data(600, loss, dtype=torch.float32)
    value = noisy_loss(module, loss, inputs, targets, noise=noise, std=STDS, M=3, seed=4, step=2)
    expected, gradients = NoisyGradient(NoisyNetwork(module, loss, NOISES[noise], 3, 4))(2, inputs, targets)
    assert value == expected
    module.stages[0].bias.grad = before = torch.ones_like(module.stages[0].bias)
    found = derivatives(value, module)
    assert all(torch.equal(a, b) for a, b in zip(found, gradients, strict=True))
    assert module.stages[0].bias.grad is before
    (3 * noisy_loss(module, loss, inputs, targets, noise=noise, std=STDS, M=3, seed=4, step=2)).backward()
    assert torch.equal(module.stages[0].bias.grad, 1 + 3 * gradients[1])  # added up, as torch does it


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("loss", LOSSES)
def test_every_other_way_agrees_with_whole_batch_autograd(noise, loss):
    module = network(activation="elu")
    inputs, targets = data(11, loss)
    value, gradients = noisy_gradient(module, loss, NOISES[noise], 4, 2, range(3), inputs, targets)
    keys = {"noise": noise, "std": STDS, "M": 3, "seed": 4, "step": 2}
    through_x = inputs.clone().requires_grad_()
    for criterion, x, more in [
        (loss, inputs, {}),
        (LOSSES[loss], inputs, {}),
        (loss, inputs, {"layers": [f"stages.{i}" for i in range(3)]}),
        (loss, (inputs,), {}),
        (loss, {"inputs": inputs}, {}),
        (loss, through_x, {}),
    ]:
        found = noisy_loss(module, criterion, x, targets, **keys, **more)
        assert found.shape == ()
        assert abs(found / value - 1) < 1e-12
        assert relative_error(derivatives(found, module), gradients) < 1e-10
    through_x.grad = None
    noisy_loss(module, loss, through_x, targets, **keys).backward()
    assert through_x.grad.abs().max() > 0


def test_variances_and_hooks_of_others_are_not_passed_over():
    module = network()
    inputs, targets = data(9, "mse")
    by_std, by_var = (
        noisy_loss(module, "mse", inputs, targets, noise="add", **{name: size})
        for name, size in (("std", 0.3), ("var", 0.3**2))
    )
    assert abs(by_std / by_var - 1) < 1e-12
    with inject(module, "add", std=0.5, seed=1):
        both = noisy_loss(module, "mse", inputs, targets, noise="add", std=0.3)
    with inject(module, "add", std=0.5, seed=1), inject(module, "add", std=0.3):
        expected = nn.functional.mse_loss(module(inputs), targets)
    assert both == expected != by_std
    none = noisy_loss(nn.Sequential(module), "mse", inputs, targets, noise="none", M=3)
    assert none == nn.functional.mse_loss(module(inputs), targets)


def test_models_called_by_keyword_that_answer_with_logits():
    model, ids, labels = Language(), torch.arange(10).reshape(2, 5) % 3, torch.arange(10) % 11

    def criterion(answer, y):
        return nn.functional.cross_entropy(answer.logits.flatten(0, 1), y)

    found = noisy_loss(model, criterion, {"input_ids": ids}, labels, noise="mult", std=0.5, M=2)
    h = model.embed(ids)
    outputs = [model.head(h * drawn(0.5, h.shape, 0, multiply=True, draw=draw)) for draw in range(2)]
    expected = sum(nn.functional.cross_entropy(each.flatten(0, 1), labels) for each in outputs) / 2
    assert abs(found / expected - 1) < 1e-14
    assert relative_error(derivatives(found, model), derivatives(expected, model)) < 1e-12
    assert explicit_regularizer(model, "mse", {"input_ids": ids}, noise="add", std=0.1) > 0


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch", [5, 300])
def test_on_a_network_of_gni_the_regularizer_is_that_of_training(noise, loss, batch):
    module = network(activation="tanh")
    inputs, targets = data(batch, loss)
    for exact, n_probes in [(True, 1), (False, 3)]:
        noisy = NoisyNetwork(module, loss, NOISES[noise], 1, 4)
        objective = ExplicitGradient(noisy, None if exact else n_probes)
        found = explicit_regularizer(
            module, loss, inputs, noise=noise, std=STDS, exact=exact, n_probes=n_probes, seed=4, step=2
        )
        parts, _ = objective.parts(2, inputs, targets)
        assert abs(found / parts[1] - 1) < 1e-12
        both = found + LOSSES[loss](module(inputs), targets)
        assert relative_error(derivatives(both, module), kept(objective(2, inputs, targets))) < 1e-9
    if batch == 5:
        exact = explicit_regularizer(module, loss, inputs, noise=noise, std=STDS)
        assert abs(exact / second_order(module, loss, NOISES[noise], inputs, targets, gauss_newton=True) - 1) < 1e-10


def _first_class(outputs):
    return nn.functional.cross_entropy(outputs, torch.zeros(len(outputs), dtype=torch.long))


def by_autograd(outputs_of, weights, shapes, stds, loss):
    """R from whole Jacobians and Hessians of `outputs_of(weights, eps)`, eps with one tensor for each noise layer."""
    zeros = [torch.zeros(shape, dtype=torch.float64) for shape in shapes]
    outputs = outputs_of(weights, zeros).detach()
    total = 0.0
    for index, std in enumerate(stds):

        def moved(eps, index=index):
            return outputs_of(weights, [*zeros[:index], eps, *zeros[index + 1 :]])

        jacobian = jacrev(moved)(zeros[index]).reshape(outputs.numel(), -1)
        if loss == "mse":
            in_outputs = torch.eye(outputs.numel(), dtype=torch.float64) * 2 / outputs.numel()
        else:
            in_outputs = jacrev(jacrev(_first_class))(outputs_of(weights, zeros))
            in_outputs = in_outputs.reshape(outputs.numel(), outputs.numel())
        total = total + 0.5 * std**2 * torch.trace(jacobian.T @ in_outputs @ jacobian)
    return total


def check(model, x, outputs_of, shapes, loss, noise, stds):
    """R and its gradients in all weights against whole matrices."""
    weights = {name: each.detach().requires_grad_() for name, each in model.named_parameters()}
    expected = by_autograd(outputs_of, weights, shapes, stds, loss)
    found = explicit_regularizer(model, loss, x, noise=noise, std=stds)
    assert abs(found / expected - 1) < 1e-10
    theirs = torch.autograd.grad(expected, list(weights.values()), allow_unused=True, materialize_grads=True)
    mine = torch.autograd.grad(found, list(model.parameters()), allow_unused=True, materialize_grads=True)
    for a, b in zip(mine, theirs, strict=True):
        assert (a - b).abs().max() < 1e-9 * max(1e-3, float(b.abs().max()))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("loss", LOSSES)
def test_the_regularizer_of_a_network_with_a_skip_connection_against_whole_matrices(noise, loss):
    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.last = nn.Linear(3, 3, dtype=torch.float64), nn.Linear(3, 4, dtype=torch.float64)

        def forward(self, x):
            h = x + torch.tanh(self.inner(x))  # what goes round `inner` has no noise
            return self.last(h)

    model, x = Skip(), torch.randn(4, 3, dtype=torch.float64)

    def moved(h, eps):
        return h * (1 + eps) if noise == "mult" else h + eps

    def outputs_of(w, eps):
        h = x + torch.tanh(moved(x, eps[0]) @ w["inner.weight"].T + w["inner.bias"])
        return moved(h, eps[1]) @ w["last.weight"].T + w["last.bias"]

    check(model, x, outputs_of, [(4, 3), (4, 3)], loss, noise, [0.3, 0.6])


@pytest.mark.parametrize("noise", NOISES)
def test_the_regularizer_of_a_sequential_and_of_a_transformer_block_against_whole_matrices(noise):
    def moved(h, eps):
        return h * (1 + eps) if noise == "mult" else h + eps

    x = torch.randn(4, 3, dtype=torch.float64)
    model = nn.Sequential(nn.Linear(3, 5, dtype=torch.float64), nn.GELU(), nn.Linear(5, 2, dtype=torch.float64))

    def outputs_of(w, eps):
        h = nn.functional.gelu(moved(x, eps[0]) @ w["0.weight"].T + w["0.bias"])
        return moved(h, eps[1]) @ w["2.weight"].T + w["2.bias"]

    check(model, x, outputs_of, [(4, 3), (4, 5)], "cross_entropy", noise, [0.3, 0.6])

    torch.manual_seed(1)
    layer = nn.TransformerEncoderLayer(4, 1, 3, dropout=0.0, batch_first=True, dtype=torch.float64)
    x = torch.randn(2, 3, 4, dtype=torch.float64)

    class Formula(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = layer

        def forward(self, values, eps):
            return block(self.layer, values, lambda i, h: moved(h, eps[i]))

    def block_of(w, eps):
        renamed = {f"layer.{name}": each for name, each in w.items()}
        return functional_call(Formula(), renamed, (x, eps))

    check(layer, x, block_of, [(2, 3, 4), (2, 3, 4), (2, 3, 3)], "mse", noise, [0.3, 0.6, 0.4])


def test_probes_are_unbiased_where_examples_meet_in_a_batch():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3, dtype=torch.float64), nn.BatchNorm1d(3, dtype=torch.float64))
    x = torch.randn(4, 2, dtype=torch.float64)

    def outputs_of(w, eps):
        h = (x + eps[0]) @ w["0.weight"].T + w["0.bias"]
        return nn.functional.batch_norm(h, None, None, w["1.weight"], w["1.bias"], training=True)

    expected = by_autograd(outputs_of, dict(model.named_parameters()), [(4, 2)], [0.3], "mse").detach()
    keys = {"noise": "add", "std": 0.3, "exact": False}
    sample = torch.stack([explicit_regularizer(model, "mse", x, step=step, **keys).detach() for step in range(300)])
    assert abs(sample.mean() - expected) < 4 * sample.std() / 300**0.5
    assert sample.std() / 300**0.5 < 0.1 * expected
    assert explicit_regularizer(model, "mse", x, **keys) == explicit_regularizer(model, "mse", x, **keys)


@pytest.mark.parametrize(
    ("name", "criterion"),
    [
        ("mse", nn.MSELoss()),
        ("mse", nn.functional.mse_loss),
        ("cross_entropy", nn.CrossEntropyLoss(label_smoothing=0.1)),
        ("cross_entropy", nn.functional.cross_entropy),
    ],
)
def test_criteria_of_torch_are_known(name, criterion):
    module, (inputs, _) = network(), data(5, name)
    by_name, found = (explicit_regularizer(module, each, inputs, noise="add") for each in (name, criterion))
    assert found == by_name
    with torch.no_grad():
        assert explicit_regularizer(module, name, inputs, noise="add") == by_name
    assert explicit_regularizer(module, name, inputs, noise="none") == 0


@pytest.mark.parametrize(
    ("criterion", "keys", "words"),
    [
        ("mae", {}, "loss must be one of mse, cross_entropy"),
        (nn.L1Loss(), {}, "criterion: the Hessian of the loss is known for mse .*, got L1Loss"),
        (nn.MSELoss(reduction="sum"), {}, "got MSELoss"),
        (nn.CrossEntropyLoss(weight=torch.ones(4)), {}, "got CrossEntropyLoss"),
        ("mse", {"n_probes": 0}, "n_probes must be an integer >= 1"),
        ("mse", {"step": -1}, "step must be an integer >= 0"),
        ("mse", {"std": -1}, "std must be >= 0"),
    ],
)
def test_bad_arguments_are_refused(criterion, keys, words):
    module, (inputs, targets) = network(), data(5, "mse")
    with pytest.raises(UsageError, match=words):
        explicit_regularizer(module, criterion, inputs, noise="add", **keys)
    if isinstance(criterion, str) and "n_probes" not in keys:
        with pytest.raises(UsageError, match=words):
            noisy_loss(module, criterion, inputs, targets, noise="add", **keys)
    with pytest.raises(UsageError, match="M must be an integer >= 1, got 0"):
        noisy_loss(module, "mse", inputs, targets, noise="add", M=0)


def test_outputs_that_no_loss_by_name_fits_are_refused():
    attention = nn.MultiheadAttention(2, 1, dtype=torch.float64)
    x = torch.ones(3, 2, dtype=torch.float64)
    with pytest.raises(UsageError, match="the model returned tuple, neither a tensor nor anything with logits"):
        noisy_loss(attention, "mse", (x, x, x), x, noise="add")
    with pytest.raises(UsageError, match=r"cross-entropy needs outputs \(n, c\), and the model gives \(2, 3, 2\)"):
        explicit_regularizer(nn.Linear(2, 2), "cross_entropy", torch.ones(2, 3, 2), noise="add")
