"""Numbers at the ends of what can be written: every key of every command answers with a run or one line."""

import random
import signal

import extremes
import pytest

from gnicli import memory

CODES = (0, 2, 3, 4, 6)


class Late(BaseException):
    """A run that did not end."""


@pytest.fixture(scope="module")
def composed():
    return extremes.prepare()


@pytest.fixture(autouse=True)
def small_machine(monkeypatch):
    """A gigabyte, so that what needs more is refused before it is allocated."""
    monkeypatch.setattr(memory, "available", lambda: 10**9)

    def late(*_):
        raise Late

    before = signal.signal(signal.SIGALRM, late)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def judge(composed, command, words, key, value):
    cfg = composed(command, words)
    signal.setitimer(signal.ITIMER_REAL, 10 if key in extremes.LENGTHS else 120)
    try:
        code, message = extremes.outcome(command, cfg, key, value)
    except Late:
        assert key in extremes.LENGTHS, (command, key, value[:30])
        return
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    assert code in CODES, (command, key, value[:30], code, message)
    assert len(message.splitlines()) <= 1
    assert len(message) < 600
    assert code == 0 or message
    assert "not enough memory" not in message


CASES = extremes.cases()
ALL = [(*case, value) for case in CASES for value in extremes.EXTREMES]
# One value for each tenth key or so, another at each place in the list.
SOME = random.Random(12).sample(ALL, 36)


@pytest.mark.parametrize("part", range(6))
def test_some_extremes(composed, part):
    for command, words, key, value in SOME[part::6]:
        judge(composed, command, words, key, value)


BASES = sorted({(command, tuple(words)) for command, words, _ in CASES})


@pytest.mark.slow
@pytest.mark.parametrize(("command", "words"), BASES, ids=[f"{base[0]} {base[1][-1]}" for base in BASES])
def test_what_the_walk_starts_from_runs(composed, command, words):
    signal.setitimer(signal.ITIMER_REAL, 120)
    code, message = extremes.outcome(command, composed(command, words), "seed", "0")
    signal.setitimer(signal.ITIMER_REAL, 0)
    assert code in (0, 4), message


@pytest.mark.slow
@pytest.mark.parametrize("index", range(len(CASES)))
def test_every_extreme(composed, index):
    command, words, key = CASES[index]
    for value in extremes.EXTREMES:
        judge(composed, command, words, key, value)


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [
        (("measure=averages",), "measure.n_layers", str(2**31)),
        (("measure=averages",), "measure.weights", "1e-30"),
        (("measure=averages",), "measure.x", "1e30"),
        (("measure=exponents",), "measure.target", "1e30"),
        (("measure=averages", "measure.n_layers=20"), "measure.weights", "10.0"),
    ],
)
def test_extremes_that_failed_once(composed, words, key, value):
    judge(composed, "gradient-noise", extremes.base("gradient-noise", words), key, value)


SIZES = [
    ("train", ("network.width=1000000000",)),
    ("train", ("network.width=100000", "network.depth=5000")),
    ("train", ("network.depth=10000000",)),
    ("train", ("dataset.n_train=10000000000",)),
    ("train", ("dataset.n_test=1000000000000",)),
    ("train", ("M=100000000",)),
    ("train", ("dataset=digits", "network=conv", "network.channels=[1000000,1000000]", "network.kernel=2")),
    # Activations, where the weights are few.
    ("train", ("network.width=1000000", "network.depth=1", "dataset.n_train=500")),
    ("train", ("network.width=300000", "network.depth=1", "dataset.n_train=10", "dataset.n_test=1024")),
    ("gradient-noise", ("network.width=1000000000",)),
    ("gradient-noise", ("network.width=1000000", "network.depth=1", "measure.n_draws=10")),
    ("gradient-noise", ("measure.n_draws=99999999", "measure.n_traced=100000")),
    ("gradient-noise", ("measure=averages", "measure.n_draws=2147483648")),
    ("gradient-noise", ("measure=averages", "measure.sizes=[1,1000000000]")),
    ("gradient-noise", ("measure=averages", "measure.chain=false", "measure.n_draws=2147483648", "measure.sizes=[1]")),
    ("gradient-noise", ("measure=exponents", "measure.n_samples=2147483648")),
    ("gradient-noise", ("measure=exponents", "measure.chain=false", "measure.n_draws=2147483648")),
    ("fit-stable", ("samples.n=50000000",)),
    ("fit-stable", ("samples=normal", "samples.n=50000000")),
    ("fit-stable", ("samples=student", "samples.n=50000000")),
    ("simulate-sde", ("n_chains=20000000",)),
    ("simulate-sde", ("n_bins=100000000",)),
    ("kde-stationary", ("points=10000001",)),
    ("kde-stationary", ("bandwidth=1000000.0",)),
    ("kde-stationary", ("n_chains=20000000",)),
]


@pytest.mark.parametrize(("command", "words"), SIZES, ids=[" ".join(case[1]) for case in SIZES])
def test_sizes_beyond_memory_are_refused_before_anything_is_allocated(composed, command, words):
    import resource
    import time

    before, begin = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    cfg = composed(command, words)
    code, message = extremes.outcome(command, cfg, "seed", "0")
    assert code in (2, 6), message
    assert len(message.splitlines()) == 1
    if code == 6:
        assert "of memory, 1 GB are free; take" in message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 10**6  # in units of 1 KB
    assert time.monotonic() - begin < 120


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        MemoryError("Unable to allocate 807. GiB for an array"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"
        ),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    ],
)
def test_an_unforeseen_shortage_is_one_of_the_machine(error):
    found = memory.explained(error)
    assert found.exit_code == 6
    assert found.__cause__ is error
    assert len(str(found).splitlines()) == 1
    assert memory.explained(RuntimeError("mat1 and mat2 shapes cannot be multiplied")).args == (
        "mat1 and mat2 shapes cannot be multiplied",
    )
