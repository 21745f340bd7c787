"""`gni reproduce`: only what is missing is run, all families are judged, and what changed after a look is seen."""

import json
import shutil

import pytest
import report_pages
from small_families import DRAWS, STEPS, written

from gnicli.cli import main
from gnicli.engine.caller import Caller
from gnicli.engine.judging import record
from gnicli.engine.reproduction import families, judged, standing
from gnicli.errors import Interrupted, UsageError
from gnicli.launch import reproduce, run_hydra

# Jobs run in this process, one after another: a process for each takes several times as long.
pytestmark = pytest.mark.usefixtures("undrawn", "jobs_here")
QUIET = Caller(shows=False)
HERE = "hydra/launcher=basic"


@pytest.fixture
def declared(tmp_path, monkeypatch):
    """Two small families in place of those that come with gni."""
    folder = written(tmp_path / "claims")
    read_all, read_words = families.read_all, reproduce.read_words
    monkeypatch.setattr(families, "read_all", lambda _=None: read_all(folder))
    monkeypatch.setattr(reproduce, "read_words", lambda words: read_words(words, folder))
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture(scope="module")
def run_once(tmp_path_factory):
    """The runs of both families."""
    place = tmp_path_factory.mktemp("once")
    written(place / "claims")
    assert reproduce.run_missing(reproduce.read_words([HERE], place / "claims"), place / "out", caller=QUIET) == 0
    return place / "out"


@pytest.fixture
def done(declared, tmp_path, run_once):
    """A copy of these runs."""
    return shutil.copytree(run_once, tmp_path / "out")


def judge(root, **kwargs):
    return judged.verdicts_on(families.read_all(), "quick", root, **kwargs)


def begun(root):
    """When each job began, by its folder."""
    jobs = sorted(root.glob("runs/*/[0-9]*/manifest.json"))
    return {path.parent: (json.loads(path.read_text())["start"], path.stat().st_mtime_ns) for path in jobs}


def test_what_is_there_is_left_alone_and_what_is_missing_is_run(done):
    first = begun(done)
    assert len(first) == 28
    assert reproduce.run_missing(reproduce.read_words([]), done, caller=QUIET) == 0
    assert begun(done) == first
    gone = [folder for k, folder in enumerate(first) if k in (3, 20)]
    for folder in gone:
        shutil.rmtree(folder)
    there = standing.read_all(done, families.read_all(), "quick")
    assert sorted(each.n_left() for each in there.values()) == [1, 1]
    assert reproduce.run_missing(reproduce.read_words([]), done, caller=QUIET) == 0
    now = begun(done)
    assert {*now} == {*first}
    assert all((now[folder] == first[folder]) is (folder not in gone) for folder in first)


def test_one_family_runs_alone_and_the_report_has_both(declared, tmp_path):
    root = tmp_path / "out"
    assert reproduce.run_missing(reproduce.read_words(["fig98", HERE]), root, caller=QUIET) == 0
    assert len(begun(root)) == 14
    verdicts = judge(root)
    assert verdicts["fig98-draws"].verdict == "supported"
    assert verdicts["fig97-long"].verdict == "not run"
    page = (root / "report.html").read_text()
    assert page.index("fig98-draws") < page.index("fig97-long")  # what is decided stands first
    assert verdicts.sha256 == families.whole(families.read_all()).sha256
    assert verdicts.sha256 in page
    assert "fig98: no control is declared" in page
    assert "fig97: " not in page  # of what did not run nothing is told that would limit a verdict


def test_a_stopped_sweep_goes_on(declared, tmp_path, monkeypatch):
    root, wanted = tmp_path / "out", reproduce.read_words(["fig97"])
    perform = run_hydra.perform

    def stop_after_five(command, words, caller):
        """The sweep as a signal leaves it: some jobs are whole, the others never began."""
        ended = perform(command, words, caller)
        for job in ended.folder.glob("[0-9]*"):
            if int(job.name) >= 5:
                shutil.rmtree(job)
        return ended._replace(status="interrupted", exit_code=75)

    monkeypatch.setattr(run_hydra, "perform", stop_after_five)
    with pytest.raises(Interrupted, match=r"Go on with: gni reproduce fig97$"):
        reproduce.run_missing(wanted, root, caller=QUIET)
    whole = begun(root)
    assert len(whole) == 5
    assert judge(root, keeps=False)["fig97-long"].verdict in ("inconclusive", "not run")
    assert reproduce.run_missing(wanted, root, caller=QUIET) == 0
    assert {folder: begun(root)[folder] for folder in whole} == whole
    assert judge(root)["fig97-long"].verdict == "supported"


@pytest.mark.usefixtures("pictures")
def test_the_report_is_whole_and_escapes_what_claims_say(done):
    verdicts = judge(done)
    page = (done / "report.html").read_text()
    report_pages.check(page) if hasattr(report_pages, "check") else None
    assert "than short &lt;b&gt;" in page
    assert "A network of four units." in page
    assert "gni train dataset.n_train=8" in page
    assert "gni reproduce fig97 budget=quick" in page
    assert page.count("<img") + page.count("<svg") >= 2
    assert "http://" not in page.replace("http://www.w3.org", "")
    for claim in verdicts:
        assert claim.claim.id in page
    text = (done / "report.md").read_text()
    assert text.index("fig97-long") < text.index("What the verdicts mean")
    rows = (done / "verdicts.csv").read_text().splitlines()
    assert len(rows) == 1 + len(verdicts)


def test_judging_again_takes_no_run_and_changes_nothing(done):
    first = judge(done)
    files = {name: (done / name).read_bytes() for name in ("report.html", "report.md", "verdicts.csv", "judged.json")}
    runs = begun(done)
    assert judge(done).rows() == first.rows()
    assert begun(done) == runs
    assert {name: (done / name).read_bytes() for name in files} == files


def test_a_changed_row_is_seen(done, declared):
    before = judge(done)
    (declared / "fig97.yaml").write_text(STEPS.replace("b: lr=0.00001, smallest: 1 %", "b: lr=0.00001, smallest: 2 %"))
    after = judge(done)
    assert after.sha256 != before.sha256
    assert after["fig97-long"].marks == ("declared anew",)
    assert "declared anew" in (done / "report.html").read_text()
    assert after["fig98-draws"].marks == ()


def test_a_changed_command_is_other_runs_and_seen(done, declared):
    judge(done)
    (declared / "fig97.yaml").write_text(STEPS.replace("network.width=4", "network.width=5"))
    after = judge(done)
    assert after["fig97-long"].verdict == "not run"
    assert "runs dropped" in after["fig97-long"].marks


def test_added_seeds_are_seen(done, declared):
    judge(done)
    (declared / "fig97.yaml").write_text(STEPS.replace("41-47", "41-49"))
    assert reproduce.run_missing(reproduce.read_words(["fig97", HERE]), done, caller=QUIET) == 0
    after = judge(done)
    assert {"extended", "declared anew"} <= {*after["fig97-long"].marks}
    assert "not declared at the first look" in (done / "report.md").read_text()


def test_a_diverged_run_counts_and_dropping_it_is_seen(declared, tmp_path):
    """With so long a step training diverges: the run ranks worst, and who removes its folder is found out."""
    text = STEPS.replace("steps=40", "steps=40 optimizer.name=sgd", 1).replace("lr=0.00001,0.05", "lr=0.05,1e30")
    (declared / "fig97.yaml").write_text(text.replace("b: lr=0.00001", "b: lr=1e30"))
    root = tmp_path / "out"
    assert reproduce.run_missing(reproduce.read_words(["fig97", HERE]), root, caller=QUIET) == 0
    first = judge(root)
    assert first["fig97-long"].by_signs
    assert first["fig97-long"].verdict == "supported"
    row = next(each for each in first.rows() if each["id"] == "fig97-long")
    assert row["diverged"] == 7
    lost = next(path.parent for path in root.glob("runs/*/[0-9]*/manifest.json") if '"diverged"' in path.read_text())
    shutil.rmtree(lost)
    after = judge(root)
    assert "runs dropped" in after["fig97-long"].marks
    assert "(diverged)" in (root / "report.md").read_text()


def test_runs_are_those_of_their_family_alone(done):
    """A run that lies beside them, or a family with the same settings, changes no verdict."""
    before = judge(done, keeps=False).rows()
    (sweep,) = (path for path in done.glob("runs/*") if "M=1" in (path / "jobs.json").read_text())
    shutil.copytree(sweep / "0", done / "runs" / "train-00000000" / "0")
    assert judge(done, keeps=False).rows() == before


# -------------------------------------------------------------------------------------------------------- what is typed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["fig79"], "no family 'fig79'; did you mean fig97?"),
        (["budget=small"], "budget must be one of quick, full, got 'small'"),
        (["seed=3"], "no family 'seed=3'"),
    ],
)
def test_other_words_are_refused(declared, words, message):
    with pytest.raises(UsageError) as refused:
        reproduce.read_words(words)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_name_stands_for_the_families_that_go_on_with_an_underscore(declared):
    (declared / "fig97_more.yaml").write_text(DRAWS.replace("fig98", "fig97m"))
    names = [family.name for family in reproduce.read_words(["fig97"]).chosen]
    assert names == ["fig97", "fig97_more"]
    assert len(reproduce.read_words(["all"]).chosen) == 3
    assert [family.name for family in reproduce.read_words(["fig97_more", "budget=full"]).chosen] == ["fig97_more"]
    assert reproduce.read_words(["hydra/launcher=slurm", "hydra.launcher.partition=gpu"]).launcher == [
        "hydra/launcher=slurm", "hydra.launcher.partition=gpu",
    ]  # fmt: skip


def test_list_and_judge_only_run_nothing(declared, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(run_hydra, "perform", lambda *_: pytest.fail("nothing is to run"))
    assert main(["reproduce", "--list"]) == 0
    told = capsys.readouterr().out
    assert "28 jobs" in told
    assert "28 are left" in told
    assert families.whole(families.read_all()).sha256 in told
    assert not (tmp_path / "outputs").exists()
    assert main(["reproduce", "--judge-only", "fig98", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {row["verdict"] for row in told["claims"]} == {"not run"}
    assert (tmp_path / "outputs" / "reproduce" / "quick" / "report.html").exists()
    assert main(["reproduce", "--list", "--judge-only"]) == 2


def test_who_named_a_folder_is_told_to_name_it_again(declared, monkeypatch, capsys):
    def stopped(wanted, root, **_):
        raise Interrupted(f"stopped: {wanted.typed} {root}", by_keyboard=True)

    monkeypatch.setattr(reproduce, "run_missing", stopped)
    assert main(["reproduce", "fig97", "budget=full", "--output", "mine"]) == 130
    assert "['fig97', 'budget=full', '--output', 'mine'] mine" in capsys.readouterr().err


def test_the_list_says_what_the_last_look_found(done, capsys):
    judge(done)
    assert main(["reproduce", "--list", "--output", str(done)]) == 0
    told = capsys.readouterr().out
    assert "1 supported" in told
    assert "0 are left" in told
    assert len(record.read(done)) == 1


def test_a_failed_job_is_told_by_the_exit_code_and_run_again_when_asked(declared, tmp_path):
    (declared / "fig98.yaml").write_text(
        DRAWS.replace("steps=2", "steps=2 dataset=mnist dataset.dir=nowhere dataset.mirrors=[]")
        .replace("dataset.n_train=8 ", "").replace("seeds: 41-47", "seeds: 41-42")
    )  # fmt: skip
    wanted, root = reproduce.read_words(["fig98"]), tmp_path / "out"
    assert reproduce.run_missing(wanted, root, caller=QUIET) == 1
    (there,) = standing.read_all(root, wanted.chosen, "quick").values()
    assert (there.n_failed, there.n_left(), there.n_left(with_failed=True)) == (4, 0, 4)
    assert "4 failed" in there.state
    assert reproduce.run_missing(wanted, root, caller=QUIET) == 0  # nothing is left unless it is asked for
    assert reproduce.run_missing(wanted, root, retry_failed=True, caller=QUIET) == 1
