"""`fit-stable` shows a fit before it is tested, and keeps the tests of each group as soon as they are made."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gnicli.contracts.observer import SilentObserver
from gnicli.errors import Interrupted
from gnicli.evidence import finding, tempering
from gnicli.evidence.goodness import Goodness, from_plain, to_plain
from gnicli.evidence.tempering import Tempering
from gnicli.experiments import fit_stable
from gnicli.stable import fit


@dataclass
class Samples:
    """Three groups of 200 samples, or the first of them alone."""

    n_groups: int = 3
    name: str = "three"

    def load(self, seed, observer, read_parquet):
        rng = np.random.default_rng(1)
        groups = {name: rng.standard_t(2, 200) for name in "abc"}
        return {"": groups["a"]} if self.n_groups == 1 else groups


class Recording(SilentObserver):
    def __init__(self, state=None):
        super().__init__(state)
        self.events = []

    def table(self, title, table):
        self.events.append(title)

    def progress(self, text, done, total, unit="step"):
        self.events.append(text)

    def keep(self, state):
        super().keep(state)
        self.events.append(state.step)


def config(n_groups=3, **keys):
    made = fit_stable.FitStableConfig(samples=None, n_bootstrap=3, **keys)
    made.samples = Samples(n_groups)
    return made


def kinds(events):
    """The events, those that follow one another and are alike as one."""
    return [event for k, event in enumerate(events) if k == 0 or event != events[k - 1]]


def test_each_group_is_kept_when_it_is_tested_and_not_tested_again(monkeypatch):
    whole = Recording()
    expected = fit_stable.run(config(), whole)
    steps = [event for event in kinds(whole.events) if isinstance(event, int)]
    assert steps == [1, 2, 3]

    class KilledError(Exception):
        pass

    class Dying(Recording):
        def keep(self, state):
            super().keep(state)
            if state.step == 2:
                raise KilledError

    dying = Dying()
    with pytest.raises(KilledError):
        fit_stable.run(config(), dying)
    tested = []
    really = finding.Look.test
    monkeypatch.setattr(
        finding.Look, "test", lambda look, tell: (tested.append(look.plan.group), really(look, tell))[1]
    )
    resumed = Recording(dying.state)
    found = fit_stable.run(config(), resumed)
    assert tested == [2]
    assert found.values == expected.values
    assert found.tables == expected.tables
    assert found.notes == expected.notes


class Stopped(Recording):
    """Somebody asks to stop at the `at`-th moment at which a run may be stopped."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def progress(self, text, done, total, unit="step"):
        super().progress(text, done, total, unit)
        if len(self.events) > self.at:
            raise Interrupted("stopped")


def test_a_stop_at_any_moment_ends_the_run_and_what_is_kept_goes_on():
    whole = Recording()
    expected = fit_stable.run(config(), whole)
    moments = [at for at, event in enumerate(whole.events) if isinstance(event, str)]
    assert len(moments) >= 9  # a group has three draws
    n_kept = set()
    for at in moments:
        stopped = Stopped(at)
        with pytest.raises(Interrupted):
            fit_stable.run(config(), stopped)
        n_kept.add(0 if stopped.state is None else stopped.state.step)
        found = fit_stable.run(config(), Recording(stopped.state))
        assert (found.values, found.tables, found.notes) == (expected.values, expected.tables, expected.notes)
    assert n_kept >= {0, 1, 2}


def test_a_stop_while_stable_or_tempered_is_asked_is_no_answer():
    def stop(done, total):
        raise Interrupted("stopped")

    heavy = np.random.default_rng(3).standard_t(3, 400)
    with pytest.raises(Interrupted):
        tempering.ask(heavy, fit(heavy), 19, np.random.default_rng(1), stop)


@pytest.mark.parametrize(("law", "n_tables"), [("stable", 1), ("student", 0)])
def test_the_fit_is_shown_before_the_tests_and_is_the_first_table_of_the_results(law, n_tables):
    observer = Recording()
    found = fit_stable.run(config(1, law=law), observer)
    titles = [event for event in observer.events if event in found.tables]
    assert titles == list(found.tables)[:n_tables]
    assert observer.events[:n_tables] == titles
    assert not any(isinstance(event, int) for event in observer.events)  # one group is no reason for a checkpoint


NUMBERS = st.dictionaries(st.sampled_from(["ks", "ad", "rival", "drift"]), st.floats(allow_nan=False))


@given(NUMBERS, NUMBERS, NUMBERS, st.floats(0, 1), st.integers(0, 10**6))
def test_tests_are_read_back_as_they_were_kept(statistics, p_values, stderr, together, n):
    tested = Goodness(n, n, statistics, p_values, stderr, together, n + 1)
    assert from_plain(to_plain(tested)) == tested


def test_whether_each_group_is_tempered_is_kept_too(monkeypatch):
    asked = []

    def ask(look, tell):
        asked.append(look.plan.group)
        return Tempering(look.y.size, 0.5, 0.4, 25, 10, 99, 1.5, 0.1, 0.1)

    monkeypatch.setattr(finding.Look, "ask_tempering", ask)
    monkeypatch.setattr(finding.Look, "_fit_tempered", lambda look: None)  # which takes half a second
    watcher = Recording()
    expected = fit_stable.run(config(n_tempering=99), watcher)
    assert asked == [0, 1, 2]
    resumed = Recording(watcher.state)
    found = fit_stable.run(config(n_tempering=99), resumed)
    assert asked == [0, 1, 2]
    assert found.values == expected.values
    assert found.values["tempering_p/b"].value == 0.4
