"""The commands of a first hour: help, version, runs, doctor, quickstart, and what is said of a word that is none."""

import json
import re
import shlex
from importlib.metadata import EntryPoint

import pytest
import typer

import gnicli
from gnicli import registry
from gnicli.cli import app, first_word, main, quickstart
from gnicli.contracts.results import Results, Value
from gnicli.launch import checkup, commands

PLACE = "its folder, a part of the folder's name, or latest"


@pytest.fixture
def gni(tmp_path, monkeypatch, capsys):
    """A command line in an empty folder; returns the exit code, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    for name in ("GNI_OUTPUTS", "GNI_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GNI_DATA_DIR", str(tmp_path / "data"))

    def call(*words):
        capsys.readouterr()
        code = main(list(words))
        return (code, *capsys.readouterr())

    return call


# --------------------------------------------------------------------------------------------------- the first word


@pytest.mark.parametrize(
    ("word", "advice"),
    [
        ("trian", "did you mean train?"),
        ("fit_stable", "did you mean fit-stable?"),
        ("list", "gni runs lists runs, gni data list lists data sets"),
        ("fig4", "write gni train experiment=fig4"),
        ("experiment=fig2", "write gni gradient-noise experiment=fig2"),
        ("digits", "write gni train dataset=digits"),
        ("double_well", "write gni simulate-sde potential=double_well"),
        ("M=4", "a command comes first, as in gni train M=4"),
        ("dataset=digits", "a command comes first, as in gni train dataset=digits"),
        ("alpha=1.5", "a command comes first, as in gni simulate-sde alpha=1.5"),
        ("returns.csv", "write gni fit-stable samples=returns.csv"),
        ("xyzzy", "gni --help lists the commands"),
        ("x=y", "gni --help lists the commands"),
    ],
)
def test_a_word_that_is_no_command_names_the_one_that_is_meant(gni, word, advice):
    code, out, err = gni(word)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"gni: error: no command {word!r}; ")
    assert advice in err


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ("--dataset digits M=4", " before a command; write gni train dataset=digits M=4"),
        ("--alpha=1.5", " before a command; write gni simulate-sde alpha=1.5"),
        ("-m train 'seed=range(3)'", " before a command; write gni train -m 'seed=range(3)'"),
        ("-m M=1,2", " before a command; write gni COMMAND -m M=1,2; gni --help lists the commands"),
        ("--vesrion", "; did you mean --version?"),
    ],
)
def test_an_option_before_the_command_is_shown_behind_it(gni, words, advice):
    typed = shlex.split(words)
    assert gni(*typed) == (2, "", f"gni: error: no option {typed[0]!r}{advice}\n")


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        *((f"{command}", f"give a run: {PLACE}, as in gni {command} latest") for command in ("plot", "resume")),
        *(
            (f"runs {command}", f"give a run: {PLACE}, as in gni runs {command} latest")
            for command in ("show", "rerun")
        ),
        *(
            (f"sweep {command}", f"give a sweep: {PLACE}, as in gni sweep {command} latest")
            for command in ("status", "resume")
        ),
        ("runs rm", f"give a run: {PLACE}; gni runs rm --help says more"),
        ("runs diff", f"give a run: {PLACE}; gni runs diff --help says more"),
        ("judge", "gni judge --help says more"),
        ("sweep submit", "gni sweep submit --help says more"),
        ("data fetch", "gni data fetch --help says more"),
        ("data import", "gni data import --help says more"),
    ],
)
def test_a_missing_argument_is_told_what_to_give(gni, words, advice):
    code, out, err = gni(*words.split())
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith("gni: error: Missing argument '")
    assert err.endswith(f"'; {advice}\n")


def test_the_options_without_a_command_are_those_of_the_app():
    own = typer.main.get_command(app.app)
    listed = {name for parameter in own.params for name in parameter.opts}
    assert set(app.ROOT_OPTIONS) == listed | set(own.context_settings["help_option_names"])


def test_every_command_that_advice_names_exists(gni):
    for advice in first_word._MEANT.values():
        for command in re.findall(r"gni ([a-z-]+)(?: list)?", advice):
            assert gni("help", command)[0] == 0, advice


def test_help_and_version_are_words_too(gni):
    assert gni("help") == gni("--help")
    for command in (*commands.COMMANDS, "data", "resume", "runs", "doctor", "quickstart"):
        assert gni("help", command) == gni(command, "--help")
    assert gni("version") == gni("--version") == (0, f"gni {gnicli.__version__}\n", "")
    code, _, err = gni("help", "trian")
    assert (code, "did you mean train?" in err) == (2, True)


def test_a_mistyped_file_leaves_nothing_behind(gni, tmp_path):
    code, _, err = gni("fit-stable", "retruns.csv")
    assert (code, "retruns.csv: no such file" in err) == (3, True)
    assert list(tmp_path.iterdir()) == []


# ------------------------------------------------------------------------------------------------------------- runs


def quick(config, observer):
    return Results({"train_loss": Value(config.lr), "steps": Value(1.0), "third": Value(3.0)})


@pytest.fixture
def two_runs(gni, monkeypatch):
    from gnicli.experiments import train

    monkeypatch.setattr(train, "run", quick)
    monkeypatch.setattr("gnicli.engine.machine.choose", lambda config, manifest: ("cpu", None))
    for lr in (0.25, 0.5):
        assert gni("train", f"lr={lr}")[0] == 0


def test_runs_are_listed_with_what_was_typed_and_came_out(gni, two_runs):
    code, out, err = gni("runs")
    assert (code, err, out.rstrip().splitlines()[-1]) == (0, "", "2 runs: 2 completed")
    for lr in (0.25, 0.5):
        (line,) = [line for line in out.splitlines() if f"lr={lr}" in line]
        cells = re.split(r"\s{2,}", line.strip())
        assert (cells[1:3], cells[4]) == (["completed", str(lr)], f"lr={lr}")
        assert re.fullmatch(r"outputs/train/\S+" + cells[0], cells[-1])
    assert gni("runs", "fit-stable")[1].startswith("no run of the 2 in ")
    code, _, err = gni("runs", "trian")
    assert (code, "did you mean train?" in err) == (2, True)
    assert gni("runs", "nowhere")[0] == 2


def test_of_many_runs_the_newest_are_listed(gni, two_runs):
    code, out, err = gni("runs", "list", "--limit", "1")
    assert (code, "lr=0.5" in out, "lr=0.25" in out) == (0, True, False)
    assert err == "… and 1 more; --all lists them\n"


def test_before_the_first_run_there_is_a_hint(gni):
    assert gni("runs") == (0, "no runs yet: outputs is not there; gni train makes the first\n", "")


# ----------------------------------------------------------------------------------------------------------- doctor


def found(gni, name):
    """The exit code of `gni doctor --json` and its finding of that name."""
    code, out, _ = gni("doctor", "--json")
    told = json.loads(out)
    assert told["ok"] == (code == 0) == all(finding["state"] != "wrong" for finding in told["findings"])
    (finding,) = [finding for finding in told["findings"] if finding["name"] == name]
    return code, finding


def test_a_whole_installation_is_well_and_absent_data_is_no_fault(gni, tmp_path):
    code, out, err = gni("doctor")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("All is well; not here, and needed by those alone who name it: ")
    for words in ("python 3.", "torch ", "hydra-core ", "cores, torch uses", "GB are free", "→ gni data fetch svhn"):
        assert words in out
    assert list(tmp_path.iterdir()) == []


def test_data_that_is_here_is_said_to_be(gni, tmp_path):
    from gnicli.dataset.mnist import Mnist

    assert found(gni, "dataset=mnist")[1]["said"] == "4 of 4 files are not here (11.6 MB)"
    for wanted in Mnist().needed():
        wanted.folder.mkdir(parents=True, exist_ok=True)
        with wanted.path.open("wb") as stream:
            stream.truncate(wanted.size)
    assert found(gni, "dataset=mnist")[1] == {
        "name": "dataset=mnist", "state": "ok", "said": f"4 files in {tmp_path}/data/mnist", "mend": ""
    }  # fmt: skip


def test_without_network_it_says_what_to_do(gni, monkeypatch):
    assert found(gni, "dataset=svhn")[1]["mend"] == "gni data fetch svhn"
    monkeypatch.setenv("GNI_OFFLINE", "1")
    mend = found(gni, "dataset=svhn")[1]["mend"]
    assert "on a machine with network run: gni data fetch svhn; then here: gni data import FOLDER" in mend


def test_an_output_folder_that_cannot_be_written(gni, tmp_path, monkeypatch):
    assert found(gni, "outputs")[1]["state"] == "ok"
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / "file" / "runs"))
    code, finding = found(gni, "outputs")
    assert (code, finding["state"]) == (1, "wrong")
    assert finding["said"] == f"{tmp_path}/file is a file, not a folder"
    assert "export GNI_OUTPUTS=FOLDER" in finding["mend"]


def test_a_full_disk(gni, monkeypatch):
    assert found(gni, "space")[1]["state"] == "ok"
    monkeypatch.setattr(checkup, "LEAST_FREE", 1e30)
    code, finding = found(gni, "space")
    assert (code, finding["state"]) == (1, "wrong")
    assert "MB are free for runs" in finding["said"]


def test_a_package_that_is_missing(gni, monkeypatch):
    monkeypatch.setattr(checkup, "PACKAGES", ("numpy", "no-such-package"))
    code, finding = found(gni, "versions")
    assert (code, finding["said"]) == (1, "not installed: no-such-package")
    assert "pip install" in finding["mend"]


@pytest.mark.parametrize(("target", "state"), [("gnicli.noise.add:COMPONENT", "wrong"), ("tests_no_module:X", "wrong")])
def test_a_plug_in_that_does_not_load(gni, monkeypatch, target, state):
    entry = EntryPoint("loud", target, "gnicli.noise")
    monkeypatch.setattr(registry, "installed", lambda group: (entry,) if group == "noise" else ())
    registry.members.cache_clear()
    try:
        code, finding = found(gni, "noise=loud")
        assert (code, finding["state"]) == (1, state)
        assert "pip uninstall" in finding["mend"]
        assert gni("doctor")[1].splitlines()[-1].startswith("wrong: noise=loud; not here")
    finally:
        registry.members.cache_clear()


# ------------------------------------------------------------------------------------------------------- quickstart


def test_quickstart_shows_each_command_runs_it_and_says_where_to_look(gni, monkeypatch, tmp_path):
    ran = []

    def run(command, words):
        ran.append(" ".join([command, *words]))
        folder = tmp_path / "outputs" / command / "day" / "run"
        (folder / "figures").mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
        if command == "train":
            (folder / "figures" / "fit.png").write_text("")
        return 0

    monkeypatch.setattr("gnicli.cli.hydra_commands.run", run)
    code, out, _ = gni("quickstart")
    assert code == 0
    assert ran == [step.words for step in quickstart.STEPS]
    assert {words.split()[0] for words in ran} == set(commands.COMMANDS)
    for words in ran:
        assert f"   $ gni {words}\n" in out
    assert "Look at outputs/train/day/run/figures/fit.png and outputs/train/day/run/report.md" in out
    assert "Look at outputs/fit-stable/day/run/figures and " in out


def test_quickstart_stops_where_a_command_fails(gni, monkeypatch):
    ran = []
    monkeypatch.setattr("gnicli.cli.hydra_commands.run", lambda command, words: ran.append(command) or 4)
    assert gni("quickstart")[0] == 4
    assert ran == ["train"]


@pytest.mark.parametrize(("answer", "n_run"), [("\n", 1), ("q\n", 0)])
def test_in_a_terminal_quickstart_asks(gni, monkeypatch, answer, n_run):
    import io
    import sys

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    ran = []
    monkeypatch.setattr("gnicli.cli.hydra_commands.run", lambda command, words: ran.append(command) or 1)
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    assert gni("quickstart")[0] == n_run
    assert len(ran) == n_run


@pytest.mark.parametrize("step", quickstart.STEPS, ids=lambda step: step.words)
def test_the_commands_of_quickstart_end_well(gni, step, tmp_path):
    """The two that train a network are only composed here: others run them."""
    words = step.words.split()
    if words[0] in ("train", "gradient-noise"):
        words += ["--cfg", "job"]
    code, out, err = gni(*words)
    assert code == 0
    assert "gni: error" not in err
    if "--cfg" not in words:
        assert "not mixed" not in out + err
        assert (tmp_path / out.rstrip().splitlines()[-1] / "figures" / step.look_at).exists()
