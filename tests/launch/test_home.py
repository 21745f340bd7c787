"""`~` is the home folder wherever a path comes from, or it is refused in one line; no folder is named ~."""

import json
import os
import shutil

import numpy as np
import pytest

from gnicli.contracts.results import NamedArray, Results, Value
from gnicli.errors import UsageError
from gnicli.experiments import fit_stable, train

NOBODY = "~nobody-of-this-name/x"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The home folder, with the working folder beside it."""
    folder, cwd = tmp_path / "home", tmp_path / "cwd"
    folder.mkdir()
    cwd.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(cwd)
    yield folder
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith("~")]


@pytest.mark.parametrize(
    "words", [["train"], pytest.param(["train", "-m", "M=1,2"], marks=pytest.mark.slow)], ids=["run", "sweep"]
)
def test_gni_outputs_in_the_home_folder(gni, home, monkeypatch, words):
    monkeypatch.setenv("GNI_OUTPUTS", "~/runs")
    said = gni(*words)
    assert said.code == 0, said.err
    assert said.last_line.startswith(f"{home}/runs/train/")
    assert (home / "runs").is_dir()
    folder = said.last_line + ("/0" if "-m" in words else "")
    assert gni("resume", folder.replace(str(home), "~")).code == 5  # found, and finished


@pytest.mark.parametrize(
    "words",
    [["train"], ["train", "-m", "M=1,2"], ["train", "run.root=~nobody-of-this-name/x"], ["resume", NOBODY]],
    ids=" ".join,
)
def test_the_home_of_nobody_is_refused_in_one_line(gni, home, monkeypatch, words):
    if len(words) == 1 or "-m" in words:
        monkeypatch.setenv("GNI_OUTPUTS", NOBODY)
    said = gni(*words)
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert f"={NOBODY}: no home folder for ~nobody-of-this-name; write ./{NOBODY} for a name with ~" in said.err


@pytest.mark.parametrize("text", ["run: {root: ~/x}", "run: {dir: ~/x}", "run: {root: '~'}", f"run: {{dir: {NOBODY}}}"])
@pytest.mark.parametrize("root", [None, "."])
def test_a_file_that_names_the_home_folder_for_the_output_is_refused(gni, home, monkeypatch, tmp_path, text, root):
    """Where the output root is the working folder, a folder named ~ would lie below it."""
    if root:
        monkeypatch.setenv("GNI_OUTPUTS", root)
    theirs = tmp_path / "theirs" / "experiment"
    theirs.mkdir(parents=True)
    (theirs / "mine.yaml").write_text(f"# @package _global_\n{text}\n")
    said = gni("train", "-cd", str(theirs.parent), "experiment=mine")
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert "the output must stay below" in said.err or "no home folder for ~nobody" in said.err
    assert not list(home.iterdir())


@pytest.fixture
def theirs(home, monkeypatch):
    """A function that writes an experiment of a file; the home folder lies below the working folder, so is allowed."""
    monkeypatch.chdir(home.parent)
    folder = home.parent / "theirs" / "experiment"
    folder.mkdir(parents=True)

    def write(text):
        (folder / "mine.yaml").write_text(f"# @package _global_\n{text}\n")
        return ["-cd", str(folder.parent), "experiment=mine", "run.root=runs"]

    return write


@pytest.fixture
def read(gni, monkeypatch):
    """Reads the samples and fits nothing."""

    def run(cfg, observer):
        (values,) = cfg.samples.load(0, observer, None).values()
        return Results({"n": Value(float(values.size))})

    monkeypatch.setattr(fit_stable, "run", run)
    return lambda words: gni("fit-stable", *words)


def test_samples_of_a_file(read, home, theirs):
    np.save(home / "a.npy", np.random.default_rng(0).normal(size=60))
    said = read(theirs("defaults:\n  - override /samples: file\nsamples: {path: ~/a.npy}"))
    assert said.code == 0, said.err
    said = read(theirs("defaults:\n  - override /samples: file\nsamples: {path: ~/none.npy}"))
    assert (said.code, f"{home}/none.npy: no such file" in said.err) == (3, True)


def test_samples_of_a_run_and_a_source(gni, read, home, theirs, monkeypatch):
    values = np.random.default_rng(0).normal(size=60)

    def run(cfg, observer):
        return Results({"train_loss": Value(1.0)}, arrays={"noise": NamedArray(values, "for a test")})

    monkeypatch.setattr(train, "run", run)
    assert gni("train", "run.dir=~/run").code == 0
    text = "defaults:\n  - override /samples: run\nsamples: {path: ~/run, array: noise}"
    assert read(theirs(text)).code == 0
    said = gni("gradient-noise", *theirs("source: ~/run"))
    assert f"{home}/run" in said.err  # which has no checkpoint
    said = gni("gradient-noise", *theirs("source: ~/none"))
    assert (said.code, f"source={home}/none: no such folder" in said.err) == (2, True)


@pytest.mark.parametrize(
    "text",
    [
        f"source: {NOBODY}",
        f"defaults:\n  - override /dataset: mnist\ndataset: {{dir: {NOBODY}}}",
    ],
)
def test_a_file_that_names_the_home_of_nobody(gni, theirs, text):
    said = gni("gradient-noise", *theirs(text))
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    assert "no home folder for ~nobody" in said.err


def test_the_data_cache_in_the_home_folder(gni, home, monkeypatch):
    for name, value, folder in [
        ("GNI_DATA_DIR", "~/data", "data"),
        ("XDG_CACHE_HOME", "~/xdg", "xdg/gni"),
        ("XDG_CACHE_HOME", "", ".cache/gni"),
    ]:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("XDG_CACHE_HOME", raising=False)
            patch.setenv(name, value)
            assert gni("data", "path").out == f"{home}/{folder}\n"
    for words in (["data", "path"], ["data", "list"], ["data", "verify"], ["data", "fetch", "mnist"]):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("GNI_DATA_DIR", NOBODY)
            said = gni(*words)
        assert (said.code, said.err) == (
            2, f"gni: error: GNI_DATA_DIR={NOBODY}: no home folder for ~nobody-of-this-name; "
            f"write ./{NOBODY} for a name with ~\n",
        )  # fmt: skip
    for words in (["data", "import", NOBODY], ["data", "fetch", "mnist", "--dir", NOBODY]):
        said = gni(*words)
        assert (said.code, "no home folder for ~nobody" in said.err) == (2, True)


# ------------------------------------------------------------------------------------------ names that Hydra would read


ONE_BY_ONE = ["${x}", "${oc.env:HOME}", "a ${M} b", "$(id)", "it's", 'a"b', "ü ${run.root}", "a,b=c", "a\\"]
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ONE_BY_ONE]


@pytest.mark.parametrize("name", ["".join(ONE_BY_ONE), *SLOW])
@pytest.mark.parametrize("where", ["working folder", "GNI_OUTPUTS"])
def test_any_name_of_the_folder_that_runs_lie_in(gni, tmp_path, monkeypatch, name, where):
    """A single run, a sweep, and both resumed."""
    place = tmp_path / name
    place.mkdir()
    if where == "working folder":
        monkeypatch.chdir(place)
        monkeypatch.delenv("GNI_OUTPUTS")
    else:
        monkeypatch.setenv("GNI_OUTPUTS", str(place))
    stops = []

    def run(cfg, observer):
        if len(stops) < 2:
            stops.append(cfg.M)
            raise KeyboardInterrupt
        return Results({"train_loss": Value(float(cfg.M))})

    monkeypatch.setattr(train, "run", run)
    single = gni("train", "M=3", "threads=1")
    assert single.code == 130, single.err
    sweep = gni("train", "-m", "M=1,2", "threads=1")
    assert sweep.code == 130, sweep.err
    folders = [path.parent for path in place.rglob("manifest.json") if '"run"' in path.read_text()]
    assert len(folders) == 2  # the run, and the job that had begun
    for folder in folders:
        assert gni("resume", os.path.relpath(folder)).code == 0
        assert json.loads((folder / "manifest.json").read_text())["status"] == "completed"
    assert sorted(os.listdir(tmp_path)) == sorted({name, *(["outputs"] if (tmp_path / "outputs").exists() else [])})
    shutil.rmtree(place)


def test_a_file_named_like_another_users_home_is_read_where_it_is_there(tmp_path, monkeypatch):
    from gnicli import checks

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert checks.home("k", "~/x") == "/home/me/x"
    assert checks.home("k", "./~/x") == "./~/x"
    with pytest.raises(UsageError, match="k=~nobody-of-this-name: no home folder"):
        checks.home("k", "~nobody-of-this-name")
    (tmp_path / "~nobody-of-this-name").touch()
    assert checks.home("k", "~nobody-of-this-name") == "~nobody-of-this-name"
    (tmp_path / "~").mkdir()
    (tmp_path / "~" / "x").touch()
    assert checks.home("k", "~/x") == "~/x"
    assert checks.home("k", "~/x", existing=False) == "/home/me/x"
