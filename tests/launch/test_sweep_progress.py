"""What a sweep says of the job that begins: which of how many, what it does differently, and the time that is left."""

import pytest

from gnicli.engine.caller import Caller
from gnicli.launch import commands
from gnicli.launch.arguments import Arguments
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
