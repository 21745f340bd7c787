"""The schedules against their closed forms, and the laws that all of them keep."""

import importlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnicli.errors import UsageError
from gnicli.training.schedule.constant import Constant
from gnicli.training.schedule.cosine import Cosine
from gnicli.training.schedule.step import Step

ALL = (Constant, Cosine, Step)


@pytest.mark.parametrize("schedule", ALL)
@given(total=st.integers(1, 500), warmup=st.integers(0, 600))
def test_a_factor_is_positive_or_zero_and_at_most_one(schedule, total, warmup):
    made = schedule(warmup_steps=warmup)
    factors = [made.factor(step, total) for step in range(total)]
    assert all(0 <= factor <= 1 for factor in factors)
    rising = factors[:warmup]
    assert rising == pytest.approx([(step + 1) / warmup for step in range(len(rising))])


@pytest.mark.parametrize("schedule", ALL)
@given(total=st.integers(1, 300), warmup=st.integers(0, 100))
def test_what_follows_the_warm_up_is_the_schedule_of_the_remaining_steps(schedule, total, warmup):
    with_warmup, without = schedule(warmup_steps=warmup), schedule()
    for step in range(warmup, total):
        assert with_warmup.factor(step, total) == without.factor(step - warmup, total - warmup)


@pytest.mark.parametrize("schedule", ALL)
@given(total=st.integers(2, 300))
def test_without_a_warm_up_the_rate_starts_at_one_and_never_rises(schedule, total):
    factors = [schedule().factor(step, total) for step in range(total)]
    assert factors[0] == 1
    assert factors == sorted(factors, reverse=True)


@given(total=st.integers(3, 1001), final=st.floats(0, 1))
def test_cosine_ends_at_its_final_factor_and_is_symmetric_about_the_middle(total, final):
    schedule = Cosine(final=final)
    assert schedule.factor(total - 1, total) == pytest.approx(final, abs=1e-12)
    for step in range(0, total, 7):
        mirrored = schedule.factor(total - 1 - step, total)
        assert schedule.factor(step, total) + mirrored == pytest.approx(1 + final, abs=1e-12)


def test_cosine_is_the_cosine():
    quarter = Cosine().factor(25, 101)
    assert quarter == pytest.approx((1 + math.cos(math.pi / 4)) / 2)


def test_step_drops_at_each_milestone_once():
    schedule = Step(gamma=0.5, milestones=[0.25, 0.5])
    factors = [schedule.factor(step, 8) for step in range(8)]
    assert factors == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25]
    assert Step(milestones=[]).factor(7, 8) == 1


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("constant", {"warmup_steps": -1}, "schedule.warmup_steps must be an integer >= 0, got -1"),
        ("cosine", {"final": 1.5}, "schedule.final must be >= 0 and <= 1, got 1.5"),
        ("step", {"gamma": 0.0}, "schedule.gamma must be > 0 and <= 1, got 0.0"),
        ("step", {"milestones": 0.5}, "expected a list of fractions such as [0.5,0.75], got 0.5"),
        ("step", {"milestones": [0.5, 1]}, "schedule.milestones must be > 0 and < 1, got 1"),
        ("step", {"milestones": [0.75, 0.5]}, "schedule.milestones must increase, got [0.75, 0.5]"),
        ("step", {"milestones": [0.5, 0.5]}, "schedule.milestones must increase, got [0.5, 0.5]"),
        ("step", {"milestones": ["a"]}, "schedule.milestones: expected a number > 0 and < 1, got 'a'"),
    ],
)
def test_a_bad_value_is_named_with_its_key(name, values, message):
    component = importlib.import_module(f"gnicli.training.schedule.{name}").COMPONENT
    with pytest.raises(UsageError) as refused:
        component(**values)
    assert message in str(refused.value)
