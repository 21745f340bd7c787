"""What a sweep says of the job that begins: which of how many, what it does differently, and the time that is left."""

import re

import pytest

from gnicli.engine.caller import Caller
from gnicli.engine.jobs import plan
from gnicli.launch import commands
from gnicli.launch.arguments import Arguments
from gnicli.launch.jobs import launchers, search
from gnicli.launch.session import Job, Session


@pytest.mark.parametrize(
    ("n_jobs", "n_done", "text"),
    [
        (9, 0, "job 0 (1 of 9): M=4 seed=1\n"),
        (9, 3, "job 3 (4 of 9): M=4 seed=1; 0:02:00 left\n"),  # 60 s for 3, and 6 are left
        (None, 3, "job 3: M=4 seed=1\n"),
    ],
)
def test_a_job_is_announced(n_jobs, n_done, text, monkeypatch, capsys):
    session = Session("train", [], Arguments(["lr=0.1", "M=1,4", "seed=0,1"]), n_jobs=n_jobs)
    session.jobs = [Job(None, None)] * n_done
    session._begun = 100.0
    monkeypatch.setattr("time.monotonic", lambda: 160.0)
    session.announce(str(n_done), session.setting(["lr=0.1", "M=4", "seed=1"]))
    assert capsys.readouterr().err == text


def places(err):
    """Number, place and total of each job that was announced."""
    return [tuple(map(int, found)) for found in re.findall(r"^job (\d+) \((\d+) of (\d+)\)", err, re.MULTILINE)]


def test_jobs_are_counted_wherever_their_values_are_listed(gni, tmp_path):
    """In a file, typed in place of what the file lists, or handed over one by one."""
    mine = tmp_path / "mine" / "experiment"
    mine.mkdir(parents=True)
    params = "hydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      M: 2,5\n"
    (mine / "listed.yaml").write_text(f"# @package _global_\n{params}")
    file = ("--config-dir", str(mine.parent), "experiment=listed")
    for words, expected in (
        (file, [(0, 1, 2), (1, 2, 2)]),
        ((*file, "M=3"), [(0, 1, 1)]),
        (("-m", "seed=4,7", "hydra.sweeper.max_batch_size=1"), [(0, 1, 2), (1, 2, 2)]),
    ):
        said = gni("train", "hydra/launcher=basic", *words)
        assert (said.code, places(said.err)) == (0, expected), words


def test_the_total_is_that_of_all_jobs_and_never_less_than_those_there_are():
    listed = plan.Plan("train", [["M=1"], ["M=2"], ["M=3"]], [], {})
    assert [launchers._total(listed, typed) for typed in (None, 1, 3, 7)] == [3, 3, 3, 7]
    searching = listed._replace(search=search.planned(["M=1,2"], search.Keys(n_trials=5, batch=3)))
    assert [launchers._total(searching, typed) for typed in (1, 2, 9)] == [5, 5, 5]


def test_nothing_is_said_where_nothing_is_to_be_shown(capsys):
    Session("train", [], Arguments([]), n_jobs=3, caller=Caller(shows=False)).announce("0", "M=1")
    assert capsys.readouterr() == ("", "")


def test_a_job_in_a_process_of_its_own_is_not_announced_where_its_output_goes(capsys, tmp_path):
    Session("train", [], Arguments([]), n_jobs=1, place=tmp_path / "0").announce("0", "M=1")
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_every_command_declares_its_headline_values_once_each(command):
    declared = commands.module(command).HEADLINES
    assert declared
    assert len({headline.name for headline in declared}) == len(declared)
    assert all(headline.name.count("*") == headline.words.count("*") <= 1 for headline in declared)
