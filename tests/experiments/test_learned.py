"""The share of the targets that is learned: against R² and entropies by hand, and where it is not defined."""

import numpy as np
import pytest

from gnicli.contracts.data import Data, Split
from gnicli.contracts.results import Value
from gnicli.experiments import learned


def data(train, test, task="regression", n_outputs=1):
    return Data(*[Split(np.zeros((len(y), 1), "f4"), np.asarray(y)) for y in (train, test)], task, n_outputs)


def losses(train, test=1.0):
    return {"train_loss": Value(train, n=3), "test_loss": Value(test, n=2)}


def test_of_regression_it_is_the_coefficient_of_determination():
    rng = np.random.default_rng(0)
    train, test = rng.normal(2, 3, (40, 2)), rng.normal(1, 2, (15, 2))
    answers = [y + rng.normal(0, 0.5, y.shape) for y in (train, test)]
    errors = [float(np.mean((a - y) ** 2)) for a, y in zip(answers, (train, test), strict=True)]
    found = learned.shares(data(train, test, n_outputs=2), "mse", losses(*errors))
    variance = ((train - train.mean(axis=0)) ** 2).mean()
    assert found["train_learned"].number == pytest.approx(1 - errors[0] / variance)
    beyond = ((test - train.mean(axis=0)) ** 2).mean()  # about the mean that training has seen
    assert found["test_learned"].number == pytest.approx(1 - errors[1] / beyond)
    assert (found["train_learned"].n, found["train_learned"].unit) == (3, "fraction")
    assert learned.shares(data(train, test, n_outputs=2), "mse", losses(2 * variance))["train_learned"].number == -1


def test_of_classes_it_is_the_share_of_their_entropy():
    train, test = np.array([0, 0, 0, 1]), np.array([1, 0])
    made = data(train, test, "classification", 2)
    entropy = -(0.75 * np.log(0.75) + 0.25 * np.log(0.25))
    found = learned.shares(made, "cross_entropy", losses(0.1, 0.2))
    assert found["train_learned"].number == pytest.approx(1 - 0.1 / entropy)
    assert found["test_learned"].number == pytest.approx(1 + 2 * 0.2 / (np.log(0.25) + np.log(0.75)))
    # Under the mean squared error classes are one-hot vectors: both columns have variance 3/16.
    assert learned.constant_loss(made, made.train, "mse") == pytest.approx(3 / 16)


def test_what_is_not_defined_is_left_out():
    equal = data([[1.0], [1.0]], [[1.0], [2.0]])
    assert set(learned.shares(equal, "mse", losses(0.5, 0.5))) == {"test_learned"}
    unseen = data(np.array([0, 1]), np.array([2]), "classification", 3)
    assert set(learned.shares(unseen, "cross_entropy", losses(0.5))) == {"train_learned"}
    assert learned.shares(data([[1.0], [3.0]], [[1.0]]), "mse", {"train_loss": Value(np.inf)}) == {}
