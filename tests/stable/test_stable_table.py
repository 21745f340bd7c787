"""The tables of laws: panels are built when points fall into them, and no bit depends on when."""

import threading

import numpy as np
import pytest

from gnicli.stable import StableLaw
from gnicli.stable.density import closed_forms
from gnicli.stable.density.interpolation import Table


def random_laws(rng, n):
    """α, β of laws without a closed form: one-sided ones and those next to alpha = 1 and 2 too."""
    while n:
        alpha = float(rng.choice([rng.uniform(0.5, 2.0), rng.uniform(0.5, 2.0), 1.0, 1.0 - 1e-12, 1.999999, 0.97]))
        beta = float(rng.choice([rng.uniform(-1.0, 1.0), 0.0, 1.0, -1.0, 1.0 - 1e-9]))
        if not closed_forms.find(alpha, beta):
            n -= 1
            yield alpha, beta


def points(rng, n):
    """Of every magnitude, beyond the tables' reach too, most of them in the bulk."""
    x = np.sinh(np.concatenate([rng.uniform(-50.0, 50.0, n // 2), 2.0 * rng.normal(size=n - n // 2 - 5)]))
    return rng.permutation(np.concatenate([x, [0.0, -0.0, np.inf, -np.inf, np.nan]]))


def panels(table):
    """What a table holds, from left to right."""
    order = np.argsort(table._panels.left[: table._n_panels])
    return [each[..., : table._n_panels][..., order] for each in table._panels]


def check_orders(rng, n_laws):
    """Tables of a law built in one piece, in random pieces and by random points, to the bit."""
    for alpha, beta in random_laws(rng, n_laws):
        whole, pieces, asked = (Table(alpha, beta) for _ in range(3))
        whole.build()
        for cell in rng.integers(0, whole._span.size, 20):
            pieces.build(np.array([cell]))
        pieces.build(rng.integers(0, whole._span.size, 20))
        pieces.build()
        for mine, theirs in zip(panels(pieces), panels(whole), strict=True):
            np.testing.assert_array_equal(mine, theirs, err_msg=f"{alpha} {beta}")
        x = points(rng, 200)
        for part in np.split(x, np.sort(rng.integers(0, x.size, 40))):
            function = rng.choice(["log_pdf", "log_tail"])
            found = getattr(asked, function)(part)
            np.testing.assert_array_equal(found, getattr(whole, function)(part), err_msg=f"{alpha} {beta}")


def test_no_bit_depends_on_the_order_of_building():
    check_orders(np.random.default_rng(0), 12)


@pytest.mark.slow
def test_no_bit_depends_on_the_order_of_building_of_many_laws():
    check_orders(np.random.default_rng(1), 600)


@pytest.mark.parametrize("seed", range(3))
def test_one_point_of_a_new_law_is_that_among_ten_thousand(seed):
    """Laws that differ by less than anyone sees are others to the cache, and thereby new."""
    rng = np.random.default_rng(seed)
    x = points(rng, 10_000)
    for alpha, beta in random_laws(rng, 4):
        many = Table(alpha, beta).log_pdf(x), Table(alpha, beta).log_tail(x)
        for k in rng.integers(0, x.size, 3):
            for each, function in zip(many, ("log_pdf", "log_tail"), strict=True):
                alone = getattr(Table(alpha, beta), function)(x[k : k + 1])
                np.testing.assert_array_equal(alone, each[k : k + 1])


def test_few_points_build_few_panels():
    n_one = []
    rng = np.random.default_rng(2)
    for alpha, beta in random_laws(rng, 20):
        table = Table(alpha, beta)
        table.log_pdf(StableLaw(alpha, beta, parameterization="S0").rvs(1, rng))
        n_one.append(table._n_panels)
        table.build()
        assert table._n_panels > 20
        n_all = table._n_panels
        table.log_tail(points(rng, 100))
        assert table._n_panels == n_all
    assert n_one == [1] * 20


def test_threads_that_ask_a_new_law_at_once():
    rng = np.random.default_rng(3)
    x = [points(rng, 50) for _ in range(6)]
    for alpha, beta in random_laws(rng, 5):
        shared, found = Table(alpha, beta), {}
        start = threading.Barrier(len(x))

        def ask(k, table=shared, start=start, found=found):
            start.wait()
            found[k] = np.concatenate([table.log_pdf(x[k][i : i + 1]) for i in range(x[k].size)])

        threads = [threading.Thread(target=ask, args=(k,)) for k in range(len(x))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        alone = Table(alpha, beta)
        for k, each in enumerate(x):
            np.testing.assert_array_equal(found[k], alone.log_pdf(each))
