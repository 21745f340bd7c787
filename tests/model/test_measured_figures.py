"""The figure and the values of models beside training where chains have diverged."""

import numpy as np
import pytest

from gnicli.model.measured.figures import figure
from gnicli.model.measured.laws import CoordinateLaws, Measured
from gnicli.model.measured.paths import Path, Records
from gnicli.model.measured.results import results
from gnicli.model.measured.words import ARMS

N, ROWS = 5, 11
RECORDS = Records(100, 10, np.arange(4))
TRACED = np.array([1, 1, 2, 2])


def path(level, lost=()):
    """Losses of level · (1 + chain); `lost` are the steps by which the first chains diverged."""
    loss = level * np.outer(np.linspace(2, 1, ROWS), 1 + np.arange(N))
    moved = level * np.random.default_rng(3).normal(size=(ROWS - 1, 4, N))
    gone = np.full(N, -1)
    for chain, step in enumerate(lost):
        gone[chain] = step
        loss[-(-step // 10) :, chain] = np.nan
        moved[-(-step // 10) - 1 :, :, chain] = np.nan
    ends = np.where(gone < 0, 1.0, np.nan) * np.ones((4, 1))
    distance = np.where(np.arange(ROWS)[:, None] == 0, 0 * loss, loss)
    return Path(loss, distance, moved, np.empty((0, 4, N)), ends, gone)


def paths(**lost):
    return {name: path(1 + place / 10, lost.get(name, ())) for place, name in enumerate(ARMS)}


def test_medians_count_the_diverged_as_the_largest_and_lines_end_where_half_have():
    """Losses 1, 2, …, 5 in the five chains: with the first of them lost the median is that of chain 4, not chain 3."""
    found = figure(paths(levy=(35, 55, 75)), RECORDS, TRACED)
    loss, distance, _, survival = found.panels
    own = {curve.key: curve for curve in loss.curves}
    assert "again" not in own
    factor = np.linspace(2, 1, ROWS)
    assert own["training"].y == pytest.approx(3 * factor)
    middle = np.array([3] * 4 + [4] * 2 + [5] * 2)
    assert own["levy"].y == pytest.approx(1.2 * middle * factor[:8])  # three of five are lost from step 75 on
    assert own["levy"].x[-1] == 70
    assert own["training"].low is not None
    assert own["levy"].low is None
    assert (loss.y_scale, distance.y_scale) == ("log", "log")
    assert all(curve.x[0] == 10 for curve in distance.curves)
    left = {curve.key: curve for curve in survival.curves}
    x, y = left["levy"].x, left["levy"].y
    assert (x[0], x[-1]) == (1, pytest.approx(100))
    assert (np.diff(x) >= 0).all()
    assert y[x < 35] == pytest.approx(1)
    assert y[x == 35] == pytest.approx([1, 0.8])
    assert y[(x > 55) & (x < 75)] == pytest.approx(0.6)
    assert y[x > 75] == pytest.approx(0.4)
    assert left["training"].y == pytest.approx(1)


def test_lines_end_at_ten_times_the_range_of_training_and_do_not_come_back():
    found = paths()
    jump = found["levy"].loss.copy()
    jump[4] *= 20
    loss = figure(found | {"levy": found["levy"]._replace(loss=jump)}, RECORDS, TRACED).panels[0]
    assert {curve.key: curve.x[-1] for curve in loss.curves} == {
        "training": 100, "levy": 30, "symmetric": 100, "brownian": 100, "descent": 100,
    }  # fmt: skip
    wild = found["symmetric"].increments.copy()
    wild[0, 0, 0] = 1e30
    tails = figure(found | {"symmetric": found["symmetric"]._replace(increments=wild)}, RECORDS, TRACED).panels[2]
    ends = {curve.key: curve.x[-1] for curve in tails.curves}
    assert ends["symmetric"] == pytest.approx(1000 * ends["training"])


def test_without_divergence_there_is_no_survival():
    assert len(figure(paths(), RECORDS, TRACED).panels) == 3


def test_tails_are_shares_of_increments_in_units_of_the_median_of_training():
    found = figure(paths(), RECORDS, TRACED)
    curves = {curve.key: curve for curve in found.panels[2].curves}
    assert set(curves) == {"training", "levy", "symmetric", "brownian"}
    at_one = np.interp(0, np.log(curves["training"].x), curves["training"].y)
    assert at_one == pytest.approx(0.5, abs=0.03)
    assert curves["brownian"].x[-1] == pytest.approx(1.4 * curves["training"].x[-1])


def test_a_gap_over_survivors_alone_is_not_given():
    laws = CoordinateLaws(*(np.full((2, N), each) for each in (1.5, 0.5, 0.2)))
    measured = [Measured(laws, laws, laws._replace(alpha=np.full((2, N), 2.0)), np.ones((4, N), bool), 1, 0)]
    found = results(paths(levy=(35,), descent=()), measured, RECORDS, TRACED, 0.1)
    assert found.values["loss_gap/levy"].value == found.values["distance_gap/levy"].value == "1 of 5 diverged"
    assert found.values["diverged_share/levy"].value == pytest.approx(0.2)
    assert found.values["loss/levy"].caveat == "1 of 5 diverged"
    assert found.values["loss/levy"].value == pytest.approx(1.2 * 4)  # the one that diverged is above chain 3
    lost = results(paths(levy=(35, 45, 55)), measured, RECORDS, TRACED, 0.1)
    assert lost.values["loss/levy"].value == "diverged"
    assert lost.values["loss/training"].value == pytest.approx(3)
    assert found.values["loss_gap/brownian"].value == pytest.approx(np.log(1.4))
    assert found.values["epsilon_brownian/layer2"].value == pytest.approx(0.2 * np.sqrt(0.1))
    assert found.values["epsilon_levy/layer1"].value == pytest.approx(0.2 * 0.1 ** (1 / 3))
    assert "increments_gap/again/layer1" not in found.values
    rows = {row[0]: row for row in found.tables["beside training"].rows}
    assert rows["stable by layer (4.3)"][1:5] == ("diverged", "–", "diverged", "1 of 5")
    assert rows["Brownian (2.6)"][1] == "1.4"
    assert [note for note in found.notes if "exceeds 1e+10 times that at its start" in note]
    assert not [note for note in results(paths(), measured, RECORDS, TRACED, 0.1).notes if "has diverged" in note]
    assert [line for line in found.warnings if "parameter bound" in line]
    assert not [line for line in found.warnings if "of training diverged" in line]
    lost = results(paths(training=(35, 45)), measured, RECORDS, TRACED, 0.1)
    assert lost.warnings[0].startswith("2 of 5 chains of training diverged; nothing is compared with them")
    assert lost.values["loss_gap/brownian"].n == 3
