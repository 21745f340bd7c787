"""Every verdict from both sides of its condition."""

import math

import numpy as np
import pytest
from claim_cases import claim, measured, pairs, runs, spread

from gnicli.claims import words
from gnicli.claims.claim import claim_set
from gnicli.claims.judging import family, judge
from gnicli.claims.verdict import DISAGREE
from gnicli.errors import FieldError, UsageError

INF = math.inf


def verdict(kind, values, **fields):
    """The verdict on one claim alone in its family."""
    (found,) = family([measured(claim(kind, n=len(values), **fields), values)])
    return found


def only(kind, gaps, **fields):
    return verdict(kind, pairs(gaps), **fields).verdict


def gaps(mean, half_width, lean=0):
    """Ten effects with this mean and half of its 95 % t interval: t(.975, 9) = 2.262.

    With `lean` one of them lies far out on that side, so that exact tests are surer than the interval.
    """
    x = spread(0, 1) if not lean else 0.001 * np.arange(10.0)
    x[0] += 10 * lean
    x -= x.mean()
    return x / x.std(ddof=1) * half_width / (2.2621572 / math.sqrt(10)) + mean


@pytest.mark.parametrize(
    ("mean", "half", "expected"),
    [
        (1.01, 1.0, "supported"),  # excludes 0 and reaches the smallest effect, which is 1
        (1.01, 1.02, "inconclusive"),  # does not exclude 0
        (0.99, 0.9, "inconclusive"),  # excludes 0, and does not reach it
        (0.49, 0.5, "not supported"),  # excludes the smallest effect
        (0.51, 0.5, "inconclusive"),
        (0.6, 0.3, "not supported"),  # an effect, too small to be of interest
        (-0.51, 0.5, "contradicted"),
        (-0.49, 0.5, "not supported"),
        (-0.49, 1.5, "inconclusive"),
    ],
)
@pytest.mark.parametrize("kind", ["above", "below"])
def test_differences(kind, mean, half, expected):
    side = 1 if kind == "above" else -1
    lean = 1 if expected == "supported" else -1
    assert only(kind, side * gaps(mean, half, lean)) == expected


@pytest.mark.parametrize(
    ("mean", "half", "expected"),
    [(0.3, 0.69, "supported"), (0.3, 0.71, "inconclusive"), (1.5, 0.4, "contradicted"), (1.5, 0.63, "inconclusive")],
)
@pytest.mark.parametrize("side", [1, -1])
def test_sameness_by_two_one_sided_tests(mean, half, expected, side):
    """`half` is that of the 90 % interval for supported, and the same times 1.234 that of the 95 % one."""
    t95, t90 = 2.2621572, 1.8331129
    x = side * gaps(mean, half * t95 / t90, lean=int(mean > 1))
    assert only("same", x) == expected
    inside = abs(mean) + half < 1
    beyond = abs(mean) - half * t95 / t90 > 1
    assert (expected == "supported", expected == "contradicted") == (inside, beyond)


def test_no_difference_found_is_not_the_same():
    assert only("same", gaps(0.0, 3.0)) == "inconclusive"


def trend(slopes, n_levels=3):
    """Values at M = 1, 2, 4 whose slopes on log2 M are these."""
    return np.outer(np.asarray(slopes), np.arange(n_levels)) + np.arange(len(slopes))[:, None]


@pytest.mark.parametrize("kind", ["ordering", "slope"])
@pytest.mark.parametrize(("direction", "side"), [("rises", 1), ("falls", -1)])
def test_trends(kind, direction, side):
    assert verdict(kind, trend(side * gaps(1.5, 0.4)), direction=direction).verdict == "supported"
    assert verdict(kind, trend(side * gaps(0.9, 0.4)), direction=direction).verdict == "inconclusive"
    assert verdict(kind, trend(side * gaps(0.4, 0.5, -1)), direction=direction).verdict == "not supported"
    assert verdict(kind, trend(side * gaps(-1.5, 0.4)), direction=direction).verdict == "contradicted"


def test_an_ordering_needs_pages_test_and_a_slope_does_not():
    """The slope comes from the last level alone; the first levels are in the wrong order."""
    values = np.tile([0.4, 0.2, 0.0, 9.0], (10, 1)) + spread(0, 0.1)[:, None] * np.arange(4)
    levels = {"levels": ("1", "2", "4", "8"), "direction": "rises"}
    slope, ordering = (verdict(kind, values, **levels) for kind in ("slope", "ordering"))
    assert slope.verdict == "supported"
    assert (ordering.verdict, ordering.reason) == ("inconclusive", DISAGREE)


def test_a_slope_against_a_number():
    values = trend(gaps(2.5, 0.3))
    assert verdict("slope", values, direction="rises", reference=1.0).verdict == "supported"
    assert verdict("slope", values, direction="rises", reference=2.4).verdict == "not supported"
    assert verdict("slope", values, direction="same", reference=2.4).verdict == "supported"
    assert verdict("slope", values, direction="same", reference=1.0).verdict == "contradicted"
    assert verdict("slope", values, direction="falls", reference=4.0).verdict == "supported"


@pytest.mark.parametrize("spacing", ["linear", "log", "log2", "rank"])
def test_slopes_are_those_of_least_squares(spacing):
    levels = ("1", "3", "4", "16")
    x = {"linear": [1, 3, 4, 16], "log": np.log([1, 3, 4, 16]), "log2": np.log2([1, 3, 4, 16]), "rank": range(4)}
    values = np.random.default_rng(0).normal(size=(10, 4))
    found = measured(claim("slope", levels=levels, spacing=spacing), values).shown.low
    expected = [np.polyfit(list(x[spacing]), row, 1)[0] for row in values]
    assert found == pytest.approx(expected)


def follows(gap, near, far):
    """Values of A, B, C: the gap is C − B, A − B is `near` of it; `far` is C again where it is not the gap's."""
    zero = np.zeros(10)
    return np.column_stack([near, zero, far, gap])


FOLLOWS = {"gap": ("G", "B")}


@pytest.mark.parametrize(
    ("gap", "near", "far", "expected"),
    [
        (3.0, 0.1, 2.0, "supported"),
        (3.0, 0.1, -2.0, "supported"),  # C may lie on either side
        (0.4, 0.0, 2.0, "not supported"),  # there is no gap of interest
        (3.0, 0.8, 2.0, "contradicted"),  # A does not follow: .8 is more than .1 of 3
        (3.0, 0.1, 0.1, "contradicted"),  # C follows too
        (3.0, 0.29, 2.0, "inconclusive"),
        (3.0, 0.1, 0.3, "inconclusive"),
    ],
)
def test_follows(gap, near, far, expected):
    small = gaps(0, 0.05)
    values = follows(gap + small, near + small[::-1], far + np.roll(small, 3))
    assert verdict("follows", values, **FOLLOWS).verdict == expected


def test_without_a_gap_that_is_seen_nothing_follows():
    values = follows(gaps(2.0, 2.1), np.zeros(10), np.full(10, 2.0))
    assert verdict("follows", values, **FOLLOWS).verdict == "inconclusive"


# ------------------------------------------------------------------------------------------------- what makes it unsure


@pytest.mark.parametrize(("n", "expected"), [(5, "inconclusive"), (6, "supported")])
def test_five_pairs_never_decide(n, expected):
    assert only("above", spread(50, 0.1, n)) == expected


@pytest.mark.parametrize(("n", "expected"), [(6, "inconclusive"), (7, "supported")])
def test_a_family_of_three_needs_seven_pairs(n, expected):
    found = family([measured(claim("above", str(k), n), pairs(spread(50, 0.1, n))) for k in range(3)])
    assert {each.verdict for each in found} == {expected}
    assert n >= 7 or "a family of 3 claims needs 7" in found[0].reason


def test_where_interval_and_flips_disagree_nothing_is_decided():
    """Nine effects of 1.4 and one of −0.3: t says supported at 95 %; two-sided flips say 4 of 1,024 at least."""
    x = np.array([1.4] * 9 + [-0.3])
    many = [measured(claim("above", "c"), pairs(x))]
    assert family(many)[0].verdict == "supported"
    others = [measured(claim("above", f"o{k}"), pairs(spread(0, 3))) for k in range(14)]  # 15 claims: .05 / 15 = .0033
    found = family([*many, *others])[0]
    assert found.effect.low > 0
    assert found.p == pytest.approx(15 * 4 / 1024)
    assert (found.verdict, found.reason) == ("inconclusive", DISAGREE)


def test_intervals_are_those_of_bonferroni():
    x = gaps(1.5, 1.0)
    alone = family([measured(claim("above"), pairs(x))])[0]
    among = family([measured(claim("above", str(k)), pairs(x)) for k in range(4)])[0]
    from scipy import stats

    for found, n in ((alone, 1), (among, 4)):
        expected = stats.ttest_1samp(x, 0).confidence_interval(1 - 0.05 / n)
        assert (found.effect.low, found.effect.high) == pytest.approx(tuple(expected))
        assert found.level == pytest.approx(1 - 0.05 / n)
    same = family([measured(claim("same", str(k)), pairs(x)) for k in range(4)])[0]
    assert same.level == pytest.approx(1 - 0.1 / 4)


def test_a_declared_seed_that_has_not_ended_keeps_the_verdict_open():
    x = spread(50, 0.1, 9)
    open_ = family([measured(claim("above", n=10), pairs(x), missing=["9"])])[0]
    assert open_.verdict == "inconclusive"
    assert "1 of 10 declared seeds have not come to an end: 9" in open_.reason
    assert family([measured(claim("above", n=9), pairs(x))])[0].verdict == "supported"


def test_ties_count_for_nobody():
    assert only("above", np.zeros(10)) == "not supported"
    assert only("same", np.zeros(10)) == "supported"
    assert only("above", np.full(10, 2.0)) == "supported"


# -------------------------------------------------------------------------------------------------------- diverged runs


@pytest.mark.parametrize(
    ("n_lost", "expected"), [(9, "supported"), (8, "inconclusive"), (2, "inconclusive"), (1, "contradicted")]
)
def test_with_a_diverged_run_the_signs_alone_decide(n_lost, expected):
    """B diverges in some seeds, where A is below it whatever its loss; elsewhere A is above it. 9 of 10: p = .021."""
    values = np.array([[1.0, INF]] * n_lost + [[3.0, 1.0]] * (10 - n_lost))
    found = verdict("below", values)
    assert found.verdict == expected
    assert found.by_signs


def test_one_diverged_run_makes_its_whole_family_judged_by_signs():
    x = spread(2, 4.0)
    x[:2] = [40.0, 30.0]  # two large effects widen the interval of the mean, not the signs
    steady = measured(claim("above", "steady"), pairs(np.abs(x)))
    lost = measured(claim("above", "lost"), np.array([[INF, 1.0]] * 10))
    assert [each.by_signs for each in family([steady])] == [False]
    together = family([steady, lost])
    assert [each.by_signs for each in together] == [True, True]
    assert [each.verdict for each in together] == ["supported", "supported"]
    assert together[1].effect.value == INF


def test_a_median_must_reach_the_smallest_effect_too():
    large, small = (np.array([[1 + x, 1.0]] * 9 + [[INF, 1.0]]) for x in (1.1, 0.9))
    assert verdict("above", large).verdict == "supported"
    assert verdict("above", small).verdict == "not supported"


def test_pairs_that_both_diverged_are_evidence_for_nobody():
    both = np.array([[INF, INF]] * 10)
    assert verdict("same", both).verdict == "inconclusive"
    assert verdict("above", both).verdict == "inconclusive"
    some = np.array([[INF, INF]] * 2 + [[9.0, 1.0]] * 8)
    assert verdict("above", some).verdict == "inconclusive"  # 8 of 10: p = .11
    assert verdict("above", some[1:]).verdict == "supported"  # 8 of 9 : p = .039


def test_a_trend_with_diverged_runs_has_the_sign_of_their_side():
    values = np.array([[1.0, 2.0, INF]] * 10)
    assert verdict("ordering", values, direction="rises").verdict == "supported"
    assert verdict("ordering", values, direction="falls").verdict == "contradicted"
    values = np.array([[INF, 2.0, INF]] * 10)
    assert verdict("ordering", values, direction="rises").verdict == "inconclusive"


def test_better_says_which_runs_are_worst():
    values = {"A": dict.fromkeys(range(8), 1.0), "B": dict.fromkeys(range(8), 0.5)}
    status = {("A", s): "diverged" for s in range(8)}
    for better, expected in (("lower", "supported"), ("higher", "contradicted")):
        given = claim("above", n=8, better=better)
        found = judge(claim_set([given]), runs(values, status=status)).judged[0]
        assert found.verdict == expected
        assert found.measurement.ends["A"].diverged == 8


@pytest.mark.parametrize(("value", "state"), [(math.nan, "diverged"), (INF, "diverged"), (1.0, "finished")])
def test_a_completed_run_whose_metric_is_not_finite_diverged(value, state):
    values = {"A": dict.fromkeys(range(8), value), "B": dict.fromkeys(range(8), 2.0)}
    ends = judge(claim_set([claim("above", n=8)]), runs(values)).judged[0].measurement.ends["A"]
    assert getattr(ends, state) == 8
    assert ends.started == 8


def test_failed_runs_are_counted_and_unfinished_ones_have_no_effect():
    values = {"A": dict.fromkeys(range(8), 1.0), "B": dict.fromkeys(range(8), 9.0)}
    status = {("B", 3): "failed", ("A", 5): "interrupted"}
    found = judge(claim_set([claim("below", n=8)]), runs(values, status=status)).judged[0]
    assert found.measurement.ends["B"] == (8, 7, 0, 1)
    assert found.measurement.missing == ("5",)
    assert found.n_pairs == 7
    assert found.by_signs


# ------------------------------------------------------------------------------------------------------------- controls


def with_control(control, gaps_, kind="above"):
    held = measured(claim("above", "claim"), pairs(spread(3, 0.5)))
    return family([held, measured(claim(kind, "control", control=control), pairs(gaps_))])


@pytest.mark.parametrize(
    ("control", "mean", "half", "passes"),
    [
        ("positive", 3, 0.5, True),
        ("positive", 0.2, 0.1, False),
        ("positive", 1.2, 1.5, False),
        ("negative", 0.0, 0.5, True),
        ("negative", 0.3, 0.1, True),  # an effect, smaller than what is of interest
        ("negative", 3, 0.5, False),
        ("negative", -3, 0.5, False),
        ("negative", -0.5, 0.1, True),
    ],
)
def test_a_control_that_fails_blanks_its_family(control, mean, half, passes):
    judged, own = with_control(control, gaps(mean, half))
    assert own.passed is passes
    assert judged.passed is None
    assert judged.verdict == ("supported" if passes else "control failed")


def test_a_control_of_another_family_blanks_nothing():
    one = claim("above", "one", n=8)
    other = [claim("above", "two", n=8, family="f"), claim("below", "bad", n=8, family="f", control="positive")]
    values = {"A": {s: 9.0 + 0.1 * s for s in range(8)}, "B": dict.fromkeys(range(8), 1.0)}
    found = judge(claim_set([one, *other]), runs(values)).judged
    assert [each.verdict for each in found] == ["supported", "control failed", "contradicted"]


def test_controls_are_no_claims_of_the_family():
    judged, own = with_control("negative", gaps(0, 0.5))
    assert (judged.n_claims, own.n_claims) == (1, 1)


def test_a_control_that_was_not_run_fails():
    held = measured(claim("above", "claim"), pairs(spread(3, 0.5)))
    absent = measured(claim("above", "control", control="negative"), np.empty((0, 2)), missing=map(str, range(10)))
    assert [each.verdict for each in family([held, absent])] == ["control failed", "not run"]


# ----------------------------------------------------------------------------------------------------- runs of a claim


def test_what_was_not_run_says_what_there_is():
    values = {"opt=adam": dict.fromkeys(range(8), 1.0)}
    found = judge(claim_set([claim("below", n=8, a="opt=adam", b="opt=sgd")]), runs(values)).judged[0]
    assert found.verdict == "not run"
    assert found.reason == "no run has opt=sgd; opt: the runs have adam"
    assert found.needed is None
    assert words.notes(found) == [f"{found.claim.id}: {found.reason}."]
    both = judge(claim_set([claim("below", n=8, a="opt=rms", b="opt=sgd")]), runs(values)).judged[0]
    (told,) = words.notes(both)  # once, though both sides are absent
    assert told.count("no run has opt=rms") == told.count("no run has opt=sgd") == 1


def test_a_metric_that_no_run_has():
    values = {"A": dict.fromkeys(range(8), 1.0), "B": dict.fromkeys(range(8), 1.0)}
    found = judge(claim_set([claim("below", n=8, metric="los")]), runs(values)).judged[0]
    assert (found.verdict, found.reason) == ("not run", "no run has the metric los; they have loss")


def test_two_runs_of_one_seed_are_refused():
    given = runs({"A lr=1": {}, "A=1 lr=1": {0: 1.0}, "A=1 lr=2": {0: 1.0}})
    with pytest.raises(UsageError, match="are both A=1 of seed 0; they differ in lr; say which, as in where: lr=2"):
        judge(claim_set([claim(a="A=1", b="A=2")]), given)
    with pytest.raises(UsageError, match="give one of them"):
        judge(claim_set([claim(a="A=1", b="A=2")]), [given[0], *runs({"A=1 lr=1": {0: 2.0}})])
    chosen = judge(claim_set([claim(a="A=1", b="A=2", where="lr=2.0")]), given).judged[0]
    assert chosen.measurement.ends["A=1"].started == 1


def test_a_log_scale_refuses_what_has_no_logarithm():
    values = {"A": dict.fromkeys(range(8), 0.0), "B": dict.fromkeys(range(8), 1.0)}
    with pytest.raises(UsageError, match="loss of A/0 is 0, which has no logarithm; declare scale: linear"):
        judge(claim_set([claim(scale="log")]), runs(values))


def test_a_number_in_place_of_a_setting():
    values = {"A": dict(enumerate(gaps(2.0, 0.3)))}
    assert judge(claim_set([claim("same", b=2.1)]), runs(values)).judged[0].verdict == "supported"
    assert judge(claim_set([claim("same", b=4.0)]), runs(values)).judged[0].verdict == "contradicted"
    assert judge(claim_set([claim("above", b=0.5)]), runs(values)).judged[0].verdict == "supported"


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"a": "A", "b": "A"}, "compared with itself"),
        ({"smallest": 0.0}, "smallest must be > 0"),
        ({"b": 0.0, "scale": "log"}, "b must be > 0 on a logarithmic scale"),
        ({"window": "last 0 %"}, "window: expected"),
        ({"seeds": ("1", "1")}, "seeds: expected"),
        ({"kind": "same", "control": "negative"}, "is positive"),
        ({"sentence": " "}, "sentence: expected words"),
    ],
)
def test_what_is_no_claim(fields, message):
    with pytest.raises(FieldError, match=message):
        claim(fields.pop("kind", "below"), **fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"levels": ("4", "1", "2")}, "values that rise"),
        ({"levels": ("1", "2")}, "three to 30"),
        ({"levels": ("a", "b", "c")}, "words need spacing: rank"),
        ({"levels": ("0", "1", "2")}, "must be > 0 for spacing: log2"),
        ({"direction": "up"}, "direction must be one of falls, rises"),
        ({"reference": 1.0}, "reference is of kind: slope"),
    ],
)
def test_what_is_no_ordering(fields, message):
    with pytest.raises(FieldError, match=message):
        claim("ordering", **fields)
    claim("ordering", levels=("low", "mid", "high"), spacing="rank", along="")


def test_a_set_has_ids_that_differ_and_claims_in_each_family():
    with pytest.raises(UsageError, match="two claims have the id 'c'"):
        claim_set([claim(), claim()])
    with pytest.raises(UsageError, match="has controls and no claim"):
        claim_set([claim(), claim(id_="d", family="f", control="negative")])
    with pytest.raises(UsageError, match="no claim"):
        claim_set([])


def test_the_sum_of_a_set_depends_on_every_field_and_not_on_the_order():
    rows = [claim(), claim(id_="d")]
    sum_ = claim_set(rows).sha256
    assert claim_set(rows[::-1]).sha256 == sum_
    changed = {"smallest": 1.1, "window": "all", "seeds": ("1", "2"), "family": "f", "better": "higher", "a": "D"}
    sums = {claim_set([claim(**{key: value}), rows[1]]).sha256 for key, value in changed.items()}
    assert len(sums | {sum_}) == len(changed) + 1


def test_an_exact_truth_is_told_to_five_digits():
    rate = claim("same", b=0.013974371618115732, smallest=0.1, scale="log")
    assert words.wanted(rate) == "A within 10.5\N{NO-BREAK SPACE}% of 0.013974"
    assert words.wanted(claim("above", b=0.0)) == "A above 0 by 1 or more"
    assert words.wanted(claim("below")) == "A below B by 1 or more"
