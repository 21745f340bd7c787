"""`inject`: the keyed noise of the command line in any module, what counts as a pass, and what is refused."""

import threading

import pytest
import torch
from gradient_oracles import LOSSES, data, epsilon, network, relative_error
from torch import nn

from gnicli.contracts.components import NoisyNetwork
from gnicli.errors import UsageError
from gnicli.gradients.dense import DenseGradient
from gnicli.gradients.generic import GenericGradient
from gnicli.gradients.hooks import inject
from gnicli.network.conv import Conv
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.seeding import torch_stream

NOISES = {
    "add": AdditiveNoise(std=[0.4, 0.1, 0.7]),
    "mult": MultiplicativeNoise(std=[0.3, 0.6, 0.2]),
    "gaps": MultiplicativeNoise(std=[0.3, 0.0, 0.2], input=False),
    "antithetic": MultiplicativeNoise(std=0.5, antithetic=True),
}


def linear(n_in, n_out):
    return nn.Linear(n_in, n_out, dtype=torch.float64)


def drawn(std, shape, layer, *, multiply=False, seed=0, step=0, draw=0):
    noise = MultiplicativeNoise() if multiply else AdditiveNoise()
    return epsilon(noise, std, seed, step, draw, layer, shape, torch.float64)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("batch", [11, 300, 600])
def test_noise_loss_and_gradients_are_those_of_the_command_line(noise, loss, batch):
    module = network(activation="tanh")
    inputs, targets = data(batch, loss)
    found = NoisyNetwork(module, loss, NOISES[noise], 1, 5)
    with inject(module, NOISES[noise], seed=5, step=3, draw=1):
        value = LOSSES[loss](module(inputs), targets)
    mine = torch.autograd.grad(value, list(module.parameters()))
    generic, theirs = GenericGradient(found)(3, range(1, 2), inputs, targets)
    if batch < 512:  # a larger batch is cut, and sums are rounded in another order
        assert value == generic
        assert all(torch.equal(a, b) for a, b in zip(mine, theirs, strict=True))
    assert relative_error(mine, theirs) < 1e-12
    by_hand, theirs = DenseGradient(found)(3, range(1, 2), inputs, targets)
    assert abs(value / by_hand - 1) < 1e-12
    assert relative_error(mine, theirs) < 1e-12


def test_convolutions_too():
    module = Conv(channels=[3, 4], kernel=3, activation="elu", init="default").build(
        (2, 9, 9), 4, torch.Generator().manual_seed(0), torch.float32
    )
    inputs, targets = torch.rand(70, 2, 9, 9), torch.arange(70) % 4
    noisy = NoisyNetwork(module, "cross_entropy", NOISES["mult"], 1, 1)
    value, expected = GenericGradient(noisy)(0, range(1), inputs, targets)
    with inject(module, NOISES["mult"], seed=1) as injection:
        found = nn.functional.cross_entropy(module(inputs), targets)
    assert injection.layers == ("stages.0", "stages.1", "stages.2")
    assert found == value
    assert all(
        torch.equal(a, b) for a, b in zip(torch.autograd.grad(found, list(module.parameters())), expected, strict=True)
    )


@pytest.mark.parametrize("noise", ["add", "mult"])
def test_a_sequential_and_its_gradients_by_hand(noise):
    model = nn.Sequential(linear(3, 5), nn.Tanh(), nn.Sequential(nn.Identity(), linear(5, 2)))
    x, y = torch.randn(7, 3, dtype=torch.float64), torch.randn(7, 2, dtype=torch.float64)
    with inject(model, noise, std=[0.3, 0.7], seed=2, step=4) as injection:
        model(x).sub(y).square().mean().backward()
    assert injection.layers == ("0", "2.1")
    eps = [
        drawn(s, (7, w), i, multiply=noise == "mult", seed=2, step=4) for i, (s, w) in enumerate([(0.3, 3), (0.7, 5)])
    ]
    first, second = model[0], model[2][1]
    with torch.no_grad():
        h0 = x * eps[0] if noise == "mult" else x + eps[0]
        h1 = torch.tanh(h0 @ first.weight.T + first.bias)
        noised = h1 * eps[1] if noise == "mult" else h1 + eps[1]
        error = (noised @ second.weight.T + second.bias - y) * (2 / y.numel())
        back = error @ second.weight * (eps[1] if noise == "mult" else 1) * (1 - h1**2)
        expected = [back.T @ h0, back.sum(0), error.T @ noised, error.sum(0)]
    assert relative_error([each.grad for each in model.parameters()], expected) < 1e-12


def test_each_pass_is_the_next_draw_and_the_draw_can_be_chosen():
    model, x = linear(2, 3), torch.ones(4, 2, dtype=torch.float64)
    with inject(model, "add", std=0.5, step=1, draw=2) as injection:
        first, second = model(x), model(x)
        again = [injection.at(1, 2) and model(x), injection.at(1, 3) and model(x)]
        injection.step, injection.draw = 2, 2
        other = model(x)
    assert torch.equal(first, again[0])
    assert torch.equal(second, again[1])
    for found, (step, draw) in [(first, (1, 2)), (second, (1, 3)), (other, (2, 2))]:
        assert torch.equal(found, model(x + drawn(0.5, (4, 2), 0, step=step, draw=draw)))
    assert torch.equal(model(x), nn.functional.linear(x, model.weight, model.bias))


class Twice(nn.Module):
    """One layer called twice in a pass."""

    def __init__(self):
        super().__init__()
        self.shared = self.also = linear(3, 3)

    def forward(self, x):
        return self.also(self.shared(x))


def test_a_layer_that_is_called_again_gets_fresh_noise():
    model, x = Twice(), torch.zeros(32, 3, dtype=torch.float64)
    seen = []
    with inject(model, "add", std=1.0) as injection:
        model.shared.register_forward_pre_hook(lambda module, args: seen.append(args[0]))
        model(x), model(x)
    assert injection.layers == ("shared",)
    noise = torch.cat([drawn(1.0, (64, 3), 0, draw=draw) for draw in (0, 1)]).split(32)  # one stream goes on
    for call in (0, 2):
        assert torch.equal(seen[call], noise[call])
        clean = nn.functional.linear(seen[call], model.shared.weight, model.shared.bias)
        assert (seen[call + 1] - clean - noise[call + 1]).abs().max() < 1e-12


class Answer:
    def __init__(self, logits):
        self.logits = logits


class Language(nn.Module):
    """As models of transformers are called: by keywords, with an object as the answer."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 4, dtype=torch.float64)
        self.head = linear(4, 11)

    def forward(self, *, input_ids, attention_mask=None):
        h = self.embed(input_ids)
        return Answer(self.head(input=h if attention_mask is None else h * attention_mask[..., None]))


def test_keywords_embeddings_and_answers():
    model, ids, mask = Language(), torch.arange(10).reshape(2, 5), torch.ones(2, 5, dtype=torch.float64)
    h = model.embed(ids)
    with inject(model, "add", std=0.5) as injection:
        found = model(input_ids=ids, attention_mask=mask).logits
    assert injection.layers == ("head",)  # indices cannot be noised
    assert torch.equal(found, model.head(h + drawn(0.5, (2, 5, 4), 0)))
    with inject(model, "mult", std=0.5, layers=["head", model.embed]) as injection:
        found = model(input_ids=ids).logits
    assert injection.layers == ("head", "embed")  # in the order given; the embedding at its output
    noised = h * drawn(0.5, (2, 5, 4), 1, multiply=True)
    assert torch.equal(found, model.head(noised * drawn(0.5, (2, 5, 4), 0, multiply=True)))


def attend(layer, x):
    """Self-attention by hand, post-normalized block of `nn.TransformerEncoderLayer`, one head."""
    q, k, v = nn.functional.linear(x, layer.self_attn.in_proj_weight, layer.self_attn.in_proj_bias).chunk(3, dim=-1)
    weights = torch.softmax(q @ k.transpose(1, 2) / q.shape[-1] ** 0.5, dim=-1)
    return layer.self_attn.out_proj(weights @ v)


def block(layer, x, change):
    """The block with `change(i, h)` at the input of its attention and of its two dense layers."""
    h = layer.norm1(x + attend(layer, change(0, x)))
    return layer.norm2(h + layer.linear2(change(2, torch.relu(layer.linear1(change(1, h))))))


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("noise", ["add", "mult"])
def test_a_transformer_block_against_its_formulas(noise, training):
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(4, 1, 6, dropout=0.0, batch_first=True, dtype=torch.float64).train(training)
    x = torch.randn(3, 5, 4, dtype=torch.float64)
    stds = [0.3, 0.2, 0.5]

    def change(index, h):
        eps = drawn(stds[index], h.shape, index, multiply=noise == "mult", seed=3)
        return h * eps if noise == "mult" else h + eps

    parameters = list(layer.parameters())
    with inject(layer, noise, std=stds, seed=3) as injection:
        found = layer(x)
        with torch.no_grad():  # in evaluation mode torch would take its fused path, around the hooks
            fused = injection.at(0) and layer(x)
    assert injection.layers == ("self_attn", "linear1", "linear2")
    expected = block(layer, x, change)
    assert (found - expected).abs().max() < 1e-12
    assert (fused - expected).abs().max() < 1e-12
    mine, theirs = (torch.autograd.grad(out.square().sum(), parameters) for out in (found, expected))
    assert max((a - b).abs().max() for a, b in zip(mine, theirs, strict=True)) < 1e-11


def test_an_attention_with_three_inputs_gets_three_noises():
    attention = nn.MultiheadAttention(4, 1, batch_first=True, dtype=torch.float64)
    q, k = torch.randn(2, 3, 4, dtype=torch.float64), torch.randn(2, 5, 4, dtype=torch.float64)
    mask = torch.zeros(3, 5, dtype=torch.float64)
    with inject(attention, "add", std=0.5):
        found, _ = attention(q, k, value=k, attn_mask=mask)
    stream = torch_stream(0, "noise", 0, 0, 0)
    noises = [torch.empty_like(each).normal_(0, 0.5, generator=stream) for each in (q, k)]
    expected, _ = attention(q + noises[0], k + noises[1], k + noises[1])
    assert torch.equal(found, expected)


def test_hooks_are_gone_after_the_with_and_after_an_exception():
    model, x = nn.Sequential(linear(2, 2), nn.ReLU(), linear(2, 1)), torch.ones(3, 2, dtype=torch.float64)
    clean = model(x)

    def fails(module, args):
        raise ZeroDivisionError

    with inject(model, "add", std=0.5, step=1) as injection:
        handle = model[1].register_forward_pre_hook(fails)
        with pytest.raises(ZeroDivisionError):
            model(x)
        handle.remove()
        assert injection.draw == 1  # the pass that failed took its draw, and is over
        second = model(x)
    with inject(model, "add", std=0.5, step=1, draw=1):
        assert torch.equal(second, model(x))
    with pytest.raises(ZeroDivisionError), inject(model, "add"):
        raise ZeroDivisionError
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in model.modules())
    assert torch.equal(model(x), clean)


def test_noise_is_that_of_the_thread_that_injects():
    model, x = linear(2, 1), torch.ones(4, 2, dtype=torch.float64)
    clean, found, barrier = model(x), {}, threading.Barrier(3, timeout=20)

    def work(seed):
        barrier.wait()
        if seed is None:
            barrier.wait()
            found[seed] = model(x)
        else:
            with inject(model, "add", std=0.5, seed=seed):
                barrier.wait()
                found[seed] = model(x)
        barrier.wait()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in (None, 1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert torch.equal(found[None], clean)
    for seed in (1, 2):
        assert torch.equal(found[seed], model(x + drawn(0.5, (4, 2), 0, seed=seed)))


def test_nested_noises_act_one_after_the_other_and_must_differ_in_seed():
    model, x = linear(2, 1), torch.ones(4, 2, dtype=torch.float64)
    with inject(model, "add", std=0.5, seed=1), inject(model, "mult", std=0.3, seed=2):
        found = model(x)
    noised = (x + drawn(0.5, (4, 2), 0, seed=1)) * drawn(0.3, (4, 2), 0, multiply=True, seed=2)
    assert torch.equal(found, model(noised))
    same = inject(model, "mult", seed=1)
    with inject(model, "add", seed=1), pytest.raises(UsageError, match="gets noise of seed=1 already"), same:
        pass
    with inject(model, "add", seed=1):  # the refused one left nothing behind
        model(x)


def test_a_weight_that_is_reparametrized_is_one_layer():
    model = nn.Sequential(nn.utils.parametrizations.weight_norm(linear(2, 3)), linear(3, 1))
    x = torch.ones(4, 2, dtype=torch.float64)
    with inject(model, "add", std=[0.5, 0.0]) as injection:
        found = model(x)
    assert injection.layers == ("0", "1")
    assert torch.equal(found, model(x + drawn(0.5, (4, 2), 0)))


def test_stages_used_twice_are_two_layers_and_those_of_others_are_no_stages():
    class Tied(nn.Module):
        def __init__(self, stem=None):
            super().__init__()
            middle = linear(3, 3)
            self.stages = nn.ModuleList([linear(2, 3), middle, middle])
            if stem is not None:
                self.stem = stem

        def forward(self, x):
            for stage in self.stages:
                x = stage(x)
            return x

    x = torch.ones(5, 2, dtype=torch.float64)
    tied = Tied()
    value, _ = GenericGradient(NoisyNetwork(tied, "mse", NOISES["mult"]))(0, range(1), x, x.repeat(1, 2)[:, :3])
    with inject(tied, NOISES["mult"]) as injection:
        assert nn.functional.mse_loss(tied(x), x.repeat(1, 2)[:, :3]) == value
    assert len(injection.stds) == 3
    with inject(Tied(linear(1, 1)), "add", std=0.0) as injection:  # as in timm: a stem, stages, a head
        assert injection.layers == ("stages.0", "stages.1", "stem")


class Unused(nn.Module):
    def __init__(self, functional):
        super().__init__()
        self.used, self.unused, self.functional = linear(2, 2), linear(2, 2), functional

    def forward(self, x):
        return nn.functional.linear(x, self.used.weight) if self.functional else self.used(x)


def test_layers_without_noise_are_told():
    x = torch.ones(3, 2, dtype=torch.float64)
    model, around = Unused(functional=False), Unused(functional=True)
    with pytest.warns(UserWarning, match="no forward pass called unused: "), inject(model, "add"):
        model(x)
    with inject(model, "add", layers="used"):  # a warning here would be an error
        model(x)
    with inject(around, "add"), pytest.raises(UsageError, match="Unused called none of its noise layers"):
        around(x)


def test_a_layer_that_is_called_around_its_module_or_again_in_the_backward_pass_is_refused():
    model, x = nn.Sequential(linear(2, 2), nn.Tanh(), linear(2, 1)), torch.ones(3, 2, dtype=torch.float64)
    with inject(model, "add"), pytest.raises(UsageError, match="outside of a forward pass of Sequential"):
        model[2](x)

    class Again(torch.autograd.Function):  # as torch.utils.checkpoint does it, whose import takes seconds
        @staticmethod
        def forward(ctx, values, weight):
            ctx.save_for_backward(values)
            return model(values)

        @staticmethod
        def backward(ctx, gradient):
            with torch.enable_grad():
                again = model(ctx.saved_tensors[0])
            return None, *torch.autograd.grad(again, [model[0].weight], gradient)

    class Saving(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = model

        def forward(self, values):
            return Again.apply(values, model[0].weight)

    saving = Saving()
    with inject(saving, "mult"), pytest.raises(UsageError, match="gradient checkpointing"):
        saving(x).sum().backward()
    saving.gradient_checkpointing = True
    with pytest.raises(UsageError, match="gradient checkpointing"), inject(saving, "add"):
        pass


def compiled():
    model = linear(2, 2)
    model._compiled_call_impl = model._call_impl  # what compile() sets, without its seconds
    return model


@pytest.mark.parametrize(
    ("build", "arguments", "words"),
    [
        (lambda: linear(2, 2), {"noise": "ad"}, "noise must be one of add, mult, none, got 'ad'; did you mean add"),
        (
            lambda: linear(2, 2),
            {"noise": 3},
            "noise: expected add, mult, none or a noise object with operation, .*; got int",
        ),
        (lambda: linear(2, 2), {"noise": "add", "std": -1.0}, "^std must be >= 0, got -1.0"),
        (lambda: linear(2, 2), {"noise": "add", "var": "1"}, "^var: expected a number >= 0, got '1'"),
        (
            lambda: linear(2, 2),
            {"noise": "add", "std": [0.1, 0.2]},
            "^noise: std must be a number or a list of 1, one for each noise layer of the network; got a list of 2",
        ),
        (lambda: linear(2, 2), {"noise": "add", "std": 1.0, "var": 1.0}, "give std or var, not both"),
        (lambda: linear(2, 2), {"noise": "none", "std": 1.0}, "takes no std and no var"),
        (lambda: linear(2, 2), {"noise": NOISES["add"], "std": 1.0}, "brings its own standard deviation"),
        (lambda: linear(2, 2), {"noise": "add", "seed": -1}, "seed"),
        (lambda: linear(2, 2), {"noise": "add", "step": -1}, "step must be an integer >= 0"),
        (lambda: linear(2, 2), {"noise": "add", "draw": 0.5}, "draw: expected an integer"),
        (
            lambda: nn.Sequential(linear(2, 2)),
            {"noise": "add", "layers": ["1"]},
            "layers: '1' is no module of Sequential",
        ),
        (lambda: Twice(), {"noise": "add", "layers": "shard"}, "did you mean 'shared'"),
        (lambda: Twice(), {"noise": "add", "layers": ["shared", "also"]}, "twice"),
        (lambda: linear(2, 2), {"noise": "add", "layers": []}, "empty list"),
        (lambda: linear(2, 2), {"noise": "add", "layers": [linear(2, 2)]}, "layers: Linear is no module of Linear"),
        (lambda: nn.ReLU(), {"noise": "add"}, "ReLU has no weighted layer"),
        (lambda: nn.LazyLinear(2), {"noise": "add"}, "has no weights yet"),
        (lambda: nn.Sequential(nn.ModuleList([linear(2, 2)])), {"noise": "add", "layers": "0"}, "never called"),
        (lambda: nn.MultiheadAttention(2, 1), {"noise": "add", "layers": "out_proj"}, "without being called"),
        (compiled, {"noise": "add"}, "torch.compile has compiled"),
        (lambda: nn.Embedding(3, 2), {"noise": "add"}, "no weighted layer"),
    ],
)
def test_what_cannot_be_is_refused_in_words_of_the_arguments(build, arguments, words):
    model = build()
    with pytest.raises(UsageError, match=words), inject(model, **arguments):
        model(torch.ones(3, 2, dtype=torch.float64))
    assert not model._forward_pre_hooks or isinstance(model, nn.LazyLinear)


def test_an_input_that_cannot_be_noised_is_refused():
    class Table(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.ones(3, 2))

        def forward(self, index):
            return self.weight[index]

    table = Table()
    with inject(table, "add"), pytest.raises(UsageError, match="Table was called without a dense tensor"):
        table(torch.tensor([0, 1]))
