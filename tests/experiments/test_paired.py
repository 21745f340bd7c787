"""Paired effects on made-up runs with known effects: windows, sign flips, ranks of runs that diverged, captions."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from gnicli.claims import signs
from gnicli.contracts.results import RunRecord, Value
from gnicli.experiments.sweeps import paired, power, verdicts
from gnicli.experiments.sweeps import train as paper

STEPS = np.arange(0, 101, 5)
INF = np.inf


def run(arm, seed, losses, status="completed", at=None):
    overrides = {"experiment": "fig4", "arm": arm, "seed": str(seed)}
    steps = STEPS[: len(losses)]
    values = {"train_loss": Value(float(losses[-1]))} | ({} if at is None else {"diverged_at": Value(float(at))})
    return RunRecord(seed, Path(f"{arm}{seed}"), overrides, status, values, {"train_loss": (steps, np.array(losses))})


def arm(name, log_losses):
    """Runs whose loss is e^x at the end; an infinite x is a run that diverged at step 8 + seed."""
    found = []
    for seed, x in enumerate(log_losses):
        if np.isfinite(x):
            found.append(run(name, seed, np.exp(x) * np.linspace(3, 1, STEPS.size).clip(1)))
        else:
            found.append(run(name, seed, [3.0, 1e9], "diverged", 8 + seed))
    return found


def effect(gaps, others=None):
    """Arm A against M1 for wanted gaps; +inf: A diverges, −inf: M1 does."""
    base = np.linspace(-1, 1, len(gaps)) if others is None else np.array(others)
    ours = [
        INF if gap == INF else (b if np.isfinite(b) else 0.0) + (gap if np.isfinite(gap) else 0)
        for gap, b in zip(gaps, base, strict=True)
    ]
    theirs = [INF if gap == -INF else b for gap, b in zip(gaps, base, strict=True)]
    (found,) = paired.effects(arm("A", ours) + arm("M1", theirs), "train_loss", "arm", "M1")
    return found


def test_the_effect_is_the_mean_log_ratio_over_the_last_tenth_of_the_recorded_steps():
    rng = np.random.default_rng(0)
    ours, theirs = rng.uniform(0.5, 2, (2, 4, STEPS.size))
    records = [
        run(name, seed, loss) for name, losses in (("A", ours), ("M1", theirs)) for seed, loss in enumerate(losses)
    ]
    (found,) = paired.effects(records, "train_loss", "arm", "M1")
    late = STEPS >= 90
    np.testing.assert_allclose(found.gaps, np.log(ours / theirs)[:, late].mean(axis=1))
    # Pairs are by seed, in whatever order the runs come.
    (again,) = paired.effects(records[::-1], "train_loss", "arm", "M1")
    np.testing.assert_allclose(np.sort(again.gaps), np.sort(found.gaps))
    one = verdicts.values(found, "train_loss", "arm", "M1")["log train_loss above arm=M1 [arm=A]"]
    expected = stats.ttest_1samp(found.gaps, 0).confidence_interval(0.95)
    np.testing.assert_allclose(one.ci95, expected)


def test_sign_flips_against_all_of_them_by_hand():
    rng = np.random.default_rng(1)
    for n in (2, 3, 5, 8, 11):
        gaps = rng.normal(0.4, 1.0, n)
        flips = np.array(list(itertools.product([-1, 1], repeat=n)))
        exact = np.mean(np.abs(flips @ gaps) >= abs(gaps.sum()) * (1 - 1e-9))
        assert signs.two_sided_flips(gaps) == pytest.approx(exact)
    # Ties: equal sizes make many flips exactly as extreme as what was seen.
    assert signs.two_sided_flips(np.array([1.0, 1.0, 1.0, -1.0])) == pytest.approx(10 / 16)
    assert signs.two_sided_flips(np.zeros(5)) == signs.two_sided_flips(np.array([0.3])) == 1.0
    assert 0 < signs.two_sided_flips(np.full(30, 0.5)) < 1e-4  # 2 of 2^30


@pytest.mark.parametrize(("shift", "low", "high"), [(0.0, 0.0, 0.05), (1.5, 0.8, 1.0)])
def test_without_an_effect_one_in_twenty_is_called_decided_at_most_and_a_large_one_is_found(shift, low, high):
    """400 sweeps of 8 pairs; 3 standard errors of the share, .033, are allowed above the level."""
    gaps = np.random.default_rng(2).standard_t(4, (400, 8)) + shift
    told = [
        verdicts.verdict(paired.Effect("A", "", row, {"completed": 8}, {"completed": 8}), "arm", "M1") for row in gaps
    ]
    decided = np.mean([not each.startswith("undecided") for each in told])
    assert low <= decided <= high + 0.033
    assert all(not each.startswith("lower") for each in told) or shift == 0


def sign_p(gaps):
    ends = {"completed": len(gaps), "diverged": 1}
    return paired.p_value(paired.Effect("A", "", np.asarray(gaps, float), ends, {"completed": len(gaps)}))


def test_signs_alone_hold_their_level_too():
    rng = np.random.default_rng(3)
    gaps = np.where(rng.random((400, 8)) < 0.3, INF, 1.0) * rng.choice([-1.0, 1.0], (400, 8))
    assert np.mean([sign_p(row) <= 0.05 for row in gaps]) <= 0.05 + 0.033
    assert sign_p(np.array([1, 2, INF, 3, 0.1, 4])) == pytest.approx(2 / 64)
    assert sign_p(np.zeros(3)) == 1.0


@pytest.mark.parametrize(
    ("gaps", "beginning"),
    [
        ([-0.00056, INF], "worse (1 of 2 diverged); undecided by signs, p = 1"),
        ([INF, INF], "worse (2 of 2 diverged); undecided by signs, p = 0.5"),
        ([INF] * 6, "worse (6 of 6 diverged); decided by signs, p = 0.031"),
        ([-INF] * 6, "better (6 of 6 of arm=M1 diverged); decided by signs, p = 0.031"),
        ([-0.1, -0.2, INF], "mixed (1 of 3 diverged); undecided"),
        ([0.1, 0.2, -INF], "mixed (1 of 3 of arm=M1 diverged); undecided"),
        ([INF, -INF], "even (1 of 2 diverged, 1 of 2 of arm=M1 diverged); undecided"),
        ([-1.0, -1.1, -0.9, -1.2, -1.0, -0.8], "lower (sign flips p = 0.031)"),
        ([1.0, 1.1, 0.9, 1.2, 1.0, 0.8], "higher (sign flips p = 0.031)"),
        ([1.0, -1.1, 0.9, -1.2, 1.0, 0.8], "undecided (sign flips"),
        ([-1.0, -1.001], "undecided (sign flips p = 0.5)"),  # the t interval alone would decide
        ([0.5], "undecided (sign flips p = 1)"),
    ],
)
def test_what_is_told_from_both_sides(gaps, beginning):
    found = effect(gaps)
    np.testing.assert_allclose(found.gaps, gaps, atol=1e-12)
    assert verdicts.verdict(found, "arm", "M1").startswith(beginning)
    values = verdicts.values(found, "train_loss", "arm", "M1")
    assert ("log train_loss above arm=M1 [arm=A]" in values) == bool(np.isfinite(gaps).all())


def test_both_diverged_is_a_pair_without_a_sign_and_still_no_mean():
    found = effect([0.1, 0.0, 0.2], others=[0.0, INF, 0.0])
    ours = arm("A", [0.1, INF, 0.2]) + arm("M1", [0.0, INF, 0.0])
    (found,) = paired.effects(ours, "train_loss", "arm", "M1")
    np.testing.assert_allclose(found.gaps, [0.1, 0.0, 0.2], atol=1e-12)
    assert not found.has_size
    assert "1 of 3 diverged, 1 of 3 of arm=M1 diverged" in verdicts.verdict(found, "arm", "M1")


def test_runs_that_have_not_ended_make_no_pair_and_failed_ones_rank_worst():
    records = arm("A", [0.0, 0.1, 0.2]) + arm("M1", [0.0, 0.0, 0.0])
    records[0] = records[0]._replace(status="interrupted")
    records[1] = records[1]._replace(status="failed", metrics={})
    (found,) = paired.effects(records, "train_loss", "arm", "M1")
    np.testing.assert_allclose(found.gaps, [INF, 0.2])
    assert verdicts.verdict(found, "arm", "M1").startswith("worse (1 of 3 failed)")
    assert not paired.effects(arm("A", [0.1]), "train_loss", "arm", "M1")  # no reference
    nothing = effect([0.1])._replace(gaps=np.empty(0))
    assert verdicts.verdict(nothing, "arm", "M1") == "no pair"


def test_losses_of_zero_have_a_sign():
    records = [run("A", 0, np.zeros(STEPS.size)), run("M1", 0, np.ones(STEPS.size))]
    records += [run("A", 1, np.zeros(STEPS.size)), run("M1", 1, np.zeros(STEPS.size))]
    (found,) = paired.effects(records, "train_loss", "arm", "M1")
    assert found.gaps.tolist() == [-INF, 0.0]
    assert verdicts.verdict(found, "arm", "M1").startswith("better")


# ------------------------------------------------------------------------------------------------------ figure, caption


@pytest.mark.parametrize(
    ("arms", "drawn", "compared", "said", "not_said"),
    [
        (([0, 0], [0.1, 0.2]), {"M1", "A"}, {"A"}, ["not completed: none", "paired by seed"], ["diverged at"]),
        (
            ([0, 0], [0.1, INF]), {"M1", "A"}, set(),
            ["arm=A: 1 diverged at step 9, the others are drawn"], ["none", "paired by seed"],
        ),
        (([0, 0], [INF, INF]), {"M1"}, set(), ["arm=A: 2 diverged at step 8, 9, so no curve"], ["none"]),
        (([0, INF], [0.1, 0.2]), {"M1", "A"}, set(), ["arm=M1: 1 diverged at step 9, the others are drawn"], ["none"]),
    ],
)  # fmt: skip
def test_the_caption_says_what_is_drawn_and_what_is_not(arms, drawn, compared, said, not_said):
    found = paper.summarize(arm("M1", arms[0]) + arm("A", arms[1])).figures["train_loss"]
    first, *rest = found.panels
    assert {curve.label.split()[0] for curve in first.curves} == {f"arm={name}" for name in drawn}
    assert all(
        curve.style == "line" and curve.y.max() < 10 for curve in first.curves
    )  # nothing of 1e9 hides the others
    gaps = [curve for panel in rest for curve in panel.curves if curve.label != "no difference"]
    assert {curve.label.split()[0] for curve in gaps} == {f"arm={name}" for name in compared}
    assert all(words in found.caption for words in said)
    assert not any(words in found.caption for words in not_said)


def test_where_all_runs_of_all_arms_diverged_the_figure_shows_them_pale_and_says_so():
    found = paper.summarize(arm("M1", [INF, INF]) + arm("A", [INF, INF]))
    figure = found.figures["train_loss"]
    assert all(curve.style == "faint" for curve in figure.panels[0].curves)
    assert "Pale: settings without a completed run" in figure.caption
    assert found.values["train_loss against arm=M1 [arm=A]"].value.startswith("even (2 of 2 diverged")


def with_learned(share, other, gaps=(-0.4, -0.5, -0.3, -0.6, -0.45, -0.55)):
    return effect(list(gaps))._replace(learned=share, other_learned=other)


@pytest.mark.parametrize(
    ("share", "other", "compared"),
    [(0.05, 0.02, False), (-0.2, 0.0999, False), (0.05, 0.5, True), (0.5, 0.05, True), (np.nan, np.nan, True),
     (0.01, np.nan, True)],
)  # fmt: skip
def test_where_neither_arm_has_learned_there_is_no_comparison(share, other, compared):
    found = with_learned(share, other)
    said = verdicts.values(found, "train_loss", "arm", "M1")
    word = said["train_loss against arm=M1 [arm=A]"].value
    assert word.startswith("lower (" if compared else "no comparison: nothing was learned (")
    assert ("log train_loss above arm=M1 [arm=A]" in said) is compared
    assert ("p of train_loss above arm=M1 [arm=A]" in said) is compared
    (row,) = verdicts.table([found], "arm", "M1").rows
    assert (row[6] == "–") is not compared


def test_learned_shares_are_means_over_completed_runs():
    records = arm("A", [0.1, 0.2, INF]) + arm("M1", [0.1, 0.2, 0.3])
    told = iter([0.5, 0.7, -9.0, 0.8, 0.9, 1.0])
    records = [r._replace(values={**r.values, "train_learned": Value(next(told))}) for r in records]
    (found,) = paired.effects(records, "train_loss", "arm", "M1")
    assert (found.learned, found.other_learned) == pytest.approx((0.6, 0.9))
    (row,) = verdicts.table([found], "arm", "M1").rows
    assert row[5] == "60 %, reference 90 %"
    records[0] = records[0]._replace(values={})
    assert np.isnan(paired.effects(records, "train_loss", "arm", "M1")[0].learned)


def word_of(gaps):
    return verdicts.verdict(effect(list(gaps)), "arm", "M1").partition(" (")[0]


def test_small_effects_are_told_from_open_ones():
    noise = np.array([1.0, -0.8, 0.3, -0.6, 0.9, -0.7, 0.2, -0.3])
    assert word_of(0.01 * noise) == "within 5 %"
    assert word_of(0.2 * noise) == "undecided"
    assert word_of(0.01 * noise[:5]) == "undecided"  # as few pairs cannot decide a difference either
    assert word_of(0.02 + 0.005 * noise) == "higher, by less than 5 %"
    assert word_of(-0.3 + 0.02 * noise) == "lower"
    for shift, word in ((0.9, "within 5 %"), (1.1, "undecided")):  # at the edge of the margin
        at = noise - noise.mean()
        scale = shift * verdicts.SMALLEST / (stats.t.ppf(0.95, 7) * at.std(ddof=1) / np.sqrt(8))
        assert word_of(scale * at) == word


def test_what_is_open_says_how_many_pairs_would_settle_it():
    noise = np.array([1.0, -0.8, 0.3, -0.6, 0.9, -0.7, 0.2, -0.3])
    small, large = effect(list(0.15 * noise)), effect(list(0.3 * noise + 0.15))
    assert verdicts.open_pairs(small) == power.pairs_needed(small.gaps.std(ddof=1), verdicts.SMALLEST)
    assert verdicts.open_pairs(large) == power.pairs_needed(large.gaps.std(ddof=1), large.gaps.mean())
    values = verdicts.values(small, "train_loss", "arm", "M1")
    assert values["pairs to settle train_loss above arm=M1 [arm=A]"].value == verdicts.open_pairs(small)
    for settled in (effect([-0.5, -0.4, -0.6, -0.5, -0.45, -0.55]), effect([INF, 0.1, 0.2]), effect([0.1])):
        assert verdicts.open_pairs(settled) is None
        assert not any("settle" in name for name in verdicts.values(settled, "train_loss", "arm", "M1"))
    found = paper.summarize(arm("A", 0.15 * noise) + arm("M1", np.zeros(8)))
    (said,) = [note for note in found.notes if "settle" in note]
    assert f"arm=A against arm=M1 {verdicts.open_pairs(small)}" in said


def test_effects_are_drawn_with_their_pairs_and_arms_without_a_size_are_named():
    records = arm("A", [0.1, 0.4, 0.3]) + arm("B", [0.1, INF, 0.2]) + arm("M1", [0.0, 0.1, 0.2])
    figure = paper.summarize(records).figures["effects_arm_M1"]
    (panel,) = figure.panels
    pairs, mean = panel.curves[:2]
    np.testing.assert_allclose(np.sort(pairs.y), [0.1, 0.1, 0.3])
    np.testing.assert_allclose(mean.y, [0.5 / 3])
    assert panel.x_ticks == ((1.0, "A"),)
    ((name, why),) = figure.absent
    assert name == "arm=B"
    assert "1 of 3 diverged" in why
    assert "effects_arm_M1" not in paper.summarize(arm("B", [INF, 0.1]) + arm("M1", [0.0, 0.1])).figures
