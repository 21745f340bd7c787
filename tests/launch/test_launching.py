"""Hydra behind `gni`: flags, folders, sweeps, and nothing left behind in the process."""

import json
import logging
import os
import pickle
import sys
from pathlib import Path

import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

from gnicli.launch import arguments, hydra_tasks, hydra_versions


def manifest(folder):
    return json.loads((Path(folder) / "manifest.json").read_text())


def test_a_run_writes_one_folder_and_prints_it_last(gni, outputs):
    said = gni("train", "M=3", "lr=0.5", "noise=mult")
    assert said.code == 0
    folder = Path(said.last_line)
    assert folder.parent.parent == outputs / "train"
    assert [path.parent for path in outputs.rglob("manifest.json")] == [folder]
    made = manifest(folder)
    assert made["argv"] == ["gni", "train", "M=3", "lr=0.5", "noise=mult"]
    assert made["overrides"] == ["M=3", "lr=0.5", "noise=mult"]
    saved = yaml.safe_load((folder / ".hydra" / "config.yaml").read_text())
    assert (saved["M"], saved["noise"]["name"]) == (3, "mult")
    hydra_saved = yaml.safe_load((folder / ".hydra" / "hydra.yaml").read_text())
    assert hydra_saved["hydra"]["run"]["dir"] == str(folder)


@pytest.mark.parametrize(
    ("words", "code", "composed"),
    [
        (["M=3"], 0, ["RUN"]),
        (["hydra.mode=RUN"], 0, ["RUN"]),
        (["experiment=mine"], 0, ["RUN", "RUN"]),  # every variant of added files is composed before the first starts
        (["-m", "M=1,2"], 0, ["MULTIRUN", "RUN", "RUN", "RUN"]),  # an example of the jobs is composed first
        (["-m", "M=3", "lr=0.5"], 0, ["MULTIRUN", "RUN", "RUN"]),
        (["experiment=sweeps"], 0, [*["RUN"] * 4, "MULTIRUN", "RUN", "RUN", "RUN"]),  # and with each value of the sweep
        (["hydra.mode=MULTIRUN", "M=1,2"], 0, ["RUN", "MULTIRUN", "MULTIRUN", "RUN", "RUN", "RUN"]),
        (["M=1,2"], 2, ["RUN", "MULTIRUN"]),
        (["m=3"], 2, ["RUN", "MULTIRUN"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
@pytest.mark.skipif(not hydra_versions.is_hydra_1_3(), reason="later versions compose a run in another way")
def test_a_run_is_composed_once(gni, tmp_path, monkeypatch, words, code, composed):
    """What is composed to learn whether it is a sweep is what runs: a composition is a good part of a short run."""
    from hydra._internal.config_loader_impl import ConfigLoaderImpl

    (tmp_path / "experiment").mkdir()
    for name, text in (("mine", "M: 3"), ("sweeps", "hydra:\n  mode: MULTIRUN\n  sweeper: {params: {M: '1,2'}}")):
        (tmp_path / "experiment" / f"{name}.yaml").write_text(f"# @package _global_\n{text}\n")
    compose, modes = ConfigLoaderImpl._load_configuration_impl, []

    def counted(self, *args, run_mode, **kwargs):
        modes.append(run_mode.name)
        return compose(self, *args, run_mode=run_mode, **kwargs)

    monkeypatch.setattr(ConfigLoaderImpl, "_load_configuration_impl", counted)
    said = gni("train", *words, *(["-cd", str(tmp_path)] if "experiment" in words[0] else []))
    assert (said.code, modes) == (code, composed), said.err
    if code == 0:
        made = manifest(said.last_line)
        assert (made.get("kind") == "sweep") == ("MULTIRUN" in composed)


def test_calls_in_one_process_do_not_see_one_another(gni):
    first = json.loads((Path(gni("train", "lr=0.5").last_line) / "results.json").read_text())
    assert gni("train", "dataset=svhm").code == 2
    gni("train", "-m", "M=1,2")
    again = json.loads((Path(gni("train", "lr=0.5").last_line) / "results.json").read_text())
    assert first == again


@pytest.mark.parametrize("words", [["M=2"], ["-m", "M=1,2"], ["--cfg", "job"], ["m=1"], ["--info", "plugins"]])
def test_everything_global_is_as_it_was(gni, monkeypatch, words):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "0")
    monkeypatch.setattr(sys, "argv", ["mine", "--flag"])
    root = logging.getLogger()
    handler = logging.NullHandler()
    root.addHandler(handler)
    library = logging.getLogger("some.library")
    before = (list(root.handlers), root.level, os.getcwd(), library.disabled)
    owner = object()
    GlobalHydra.instance().hydra, HydraConfig.instance().cfg = owner, owner
    try:
        gni("train", *words)
        assert (list(root.handlers), root.level, os.getcwd(), library.disabled) == before
        assert sys.argv == ["mine", "--flag"]
        assert os.environ["HYDRA_FULL_ERROR"] == "0"
        assert GlobalHydra.instance().hydra is owner
        assert HydraConfig.instance().cfg is owner
    finally:
        GlobalHydra.instance().hydra = HydraConfig.instance().cfg = None
        root.removeHandler(handler)


# ---------------------------------------------------------------------------------------------------------------- flags


def test_cfg_prints_what_a_run_would_use_and_runs_nothing(gni, outputs):
    said = gni("train", "noise=mult", "M=16", "--cfg", "job")
    shown = yaml.safe_load(said.out)
    assert (said.code, shown["M"], shown["noise"]["name"]) == (0, 16, "mult")
    assert not outputs.exists()


def test_package_and_resolve_reach_hydra(gni):
    assert gni("train", "--cfg", "job", "--package", "optimizer").out.startswith("# @package optimizer\nname: adam")
    said = gni("train", "eval_every=${M}", "M=7", "--cfg", "job", "--resolve")
    assert yaml.safe_load(said.out)["eval_every"] == 7


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--info", "searchpath"], "pkg://gnicli.conf"),
        (["--info", "defaults"], "noise/add "),
        (["--info"], "Installed Hydra Plugins"),
        (["--hydra-help"], "Hydra"),
        (["--cfg", "hydra"], "launcher:"),
        (["-c", "all"], "optimizer:"),
    ],
)
def test_flags_that_show_something_reach_hydra(gni, outputs, words, expected):
    said = gni("train", *words)
    assert said.code == 0
    assert expected in said.out + said.err
    assert not outputs.exists()


def test_flags_are_those_of_hydra():
    from hydra._internal.utils import get_args_parser  # only here: to notice a flag that Hydra gains or loses

    theirs = {name for action in get_args_parser()._actions for name in action.option_strings}
    ours = {name for flag in arguments.FLAGS for name in flag.names}
    # Help is gni's own, --version is Hydra's version, and a pickle from elsewhere is not loaded.
    assert theirs - ours == {"--help", "-h", "--version", "--experimental-rerun"}
    assert ours <= theirs


def test_flags_may_stand_anywhere_among_the_overrides():
    read = arguments.split(["M=1,2", "-m", "seed=3", "--yes", "-cd", "/there", "lr=-1"])
    expected = arguments.Arguments(["M=1,2", "seed=3", "lr=-1"], multirun=True, config_dir="/there", yes=True)
    assert read == expected


def test_another_folder_adds_experiments(gni, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(
        "# @package _global_\ndefaults:\n  - override /noise: mult\nM: 5\nlr: 0.125\n"
    )
    said = gni("train", "-cd", str(tmp_path), "experiment=mine", "M=6", "--cfg", "job")
    shown = yaml.safe_load(said.out)
    # The experiment wins over the main file, the command line over both.
    assert (shown["M"], shown["lr"], shown["noise"]["name"]) == (6, 0.125, "mult")
    assert gni("train", "-cd", str(tmp_path), "experiment=mine").code == 0


# -------------------------------------------------------------------------------------------------------------- folders


def test_run_dir_names_the_folder(gni, tmp_path):
    said = gni("train", f"run.dir='{tmp_path}/here, there'")
    assert Path(said.last_line) == tmp_path / "here, there"
    again = gni("train", f"run.dir='{tmp_path}/here, there'")
    assert again.code == 5
    assert "is finished; choose another run.dir" in again.err


def test_run_root_moves_all_runs(gni, tmp_path, outputs):
    said = gni("train", f"run.root={tmp_path / 'elsewhere'}")
    assert Path(said.last_line).parents[1] == tmp_path / "elsewhere" / "train"
    assert not outputs.exists()


def test_run_root_and_dir_may_come_from_a_file_below_the_root(gni, tmp_path, outputs):
    (tmp_path / "experiment").mkdir()
    mine = tmp_path / "experiment" / "mine.yaml"
    mine.write_text(f"# @package _global_\nrun:\n  root: {outputs / 'mine'}\n")
    said = gni("train", "-cd", str(tmp_path), "experiment=mine", "-m", "M=1,2")
    assert Path(said.last_line).parents[1] == outputs / "mine" / "train"
    mine.write_text(f"# @package _global_\nrun:\n  root: {tmp_path / 'elsewhere'}\n")
    said = gni("train", "-cd", str(tmp_path), "experiment=mine", "-m", "M=1,2")
    assert (said.code, (tmp_path / "elsewhere").exists()) == (2, False)
    assert f"the output must stay below {outputs}; type run.root={tmp_path / 'elsewhere'} if that is what" in said.err
    said = gni("train", "-cd", str(tmp_path), "experiment=mine", f"run.root={tmp_path / 'typed'}")
    assert Path(said.last_line).parents[1] == tmp_path / "typed" / "train"
    mine.write_text(f"# @package _global_\nrun:\n  dir: {outputs / 'inside'}\n")
    assert Path(gni("train", "-cd", str(tmp_path), "experiment=mine").last_line) == outputs / "inside"


@pytest.mark.parametrize("text", ["run:\n  dir: {}\n", "hydra:\n  run:\n    dir: {}\n"])
def test_a_file_cannot_put_the_output_outside_of_its_root(gni, tmp_path, outputs, text):
    (tmp_path / "experiment").mkdir()
    target = outputs / ".." / "victim"
    (tmp_path / "experiment" / "theirs.yaml").write_text("# @package _global_\n" + text.format(target))
    said = gni("train", "-cd", str(tmp_path), "experiment=theirs")
    assert not (tmp_path / "victim").exists()
    if "hydra" not in text:
        assert said.code == 2
        assert "the output must stay below" in said.err


def test_hydras_own_folder_key_must_stay_below_the_root(gni, outputs, tmp_path):
    said = gni("train", f"hydra.run.dir={tmp_path}/away")
    assert (said.code, (tmp_path / "away").exists(), outputs.exists()) == (2, False, False)
    said = gni("train", f"hydra.run.dir={outputs}/near")
    assert Path(said.last_line) == outputs / "near"


@pytest.mark.parametrize("words", [["M=0"], ["lr=abc"], ["-m", "M=1,abc"], ["optimizer.momentum=3"], ["+a=1"]])
def test_a_usage_error_leaves_no_folder(gni, outputs, tmp_path, words):
    assert gni("train", *words).code == 2
    assert not outputs.exists()
    there = tmp_path / "there"
    there.mkdir()
    assert gni("train", *words, f"run.dir={there}").code == 2
    assert list(there.iterdir()) == []  # a folder of the user stays, and stays empty


# --------------------------------------------------------------------------------------------------------------- sweeps


def test_a_sweep_runs_every_combination_in_numbered_folders(gni):
    said = gni("train", "-m", "M=1,2", "seed=range(3)", "lr=0.5")
    assert said.code == 0
    sweep = Path(said.last_line)
    assert sorted(path.name for path in sweep.iterdir() if path.is_dir() and path.name.isdigit()) == list("012345")
    assert manifest(sweep / "4")["overrides"] == ["M=2", "seed=1", "lr=0.5"]
    assert (sweep / "sweep.csv").exists()
    assert manifest(sweep)["status"] == "completed"


def test_run_dir_names_the_folder_of_the_sweep(gni, tmp_path):
    said = gni("train", "-m", "M=1,2", f"run.dir={tmp_path / 'sweep'}")
    assert Path(said.last_line) == tmp_path / "sweep"
    assert (tmp_path / "sweep" / "1" / "results.json").exists()


def test_a_job_that_fails_leaves_the_others_alone_and_is_told_at_once(gni):
    said = gni("train", "-m", "M=1,13,2")
    assert said.code == 1
    sweep = Path(said.last_line)
    assert [manifest(sweep / str(job))["status"] for job in range(3)] == ["completed", "failed", "completed"]
    lines = said.err.splitlines()
    told = next(number for number, line in enumerate(lines) if "job 1 M=13 failed: ZeroDivisionError: a bug" in line)
    assert any("job 2 M=2: completed" in line for line in lines[told:])


def test_a_value_out_of_range_is_the_failure_of_its_job(gni):
    said = gni("train", "-m", "optimizer.momentum=0,7,0.5")
    assert said.code == 1
    sweep = Path(said.last_line)
    assert [manifest(sweep / str(job))["status"] for job in range(3)] == ["completed", "failed", "completed"]
    assert manifest(sweep / "1")["error"] == "optimizer.momentum must be >= 0 and < 1, got 7.0"


def test_ctrl_c_ends_the_sweep(gni, monkeypatch, outputs):
    from gnicli.experiments import train

    quick = train.run

    def stopped(cfg, observer):
        if cfg.M == 2:
            raise KeyboardInterrupt
        return quick(cfg, observer)

    monkeypatch.setattr(train, "run", stopped)
    said = gni("train", "-m", "M=1,2,3")
    assert said.code == 130
    (table,) = outputs.rglob("sweep.csv")
    statuses = [manifest(table.parent / str(job))["status"] for job in range(2)]
    assert statuses == ["completed", "interrupted"]
    assert not (table.parent / "2").exists()


def test_ctrl_c_in_a_single_run_is_130_and_names_what_resumes_it(gni, monkeypatch):
    def stopped(cfg, observer):
        raise KeyboardInterrupt

    monkeypatch.setattr("gnicli.experiments.train.run", stopped)
    said = gni("train")
    assert said.code == 130
    assert "gni resume" in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_a_large_sweep_wants_a_yes(gni, outputs, monkeypatch):
    monkeypatch.setattr(arguments, "MAX_JOBS", 3)
    said = gni("train", "-m", "M=1,2", "seed=range(2)")
    assert (said.code, outputs.exists()) == (2, False)
    assert "this sweep has 4 jobs; give --yes to run more than 3" in said.err
    assert gni("train", "-m", "M=1,2", "seed=range(2)", "--yes").code == 0


@pytest.mark.parametrize("word", ["seed=range(0,100,7)", "seed=range(10,0,-3)", "seed=range(0.5,3)", "seed=range(5)"])
def test_the_size_of_a_range_is_that_of_hydras(word):
    from hydra.core.override_parser.overrides_parser import OverridesParser

    (override,) = OverridesParser.create().parse_overrides([word])
    read = arguments.split(["-m", word])
    assert arguments.check(read) == len(list(override.sweep_iterator()))


def test_tasks_are_pickled_by_reference():
    task = hydra_tasks.of("train")
    assert pickle.loads(pickle.dumps(task)) is task


def test_the_folder_of_a_job_is_known_in_a_worker_that_has_no_session(gni, outputs):
    """What a launcher's worker does: the composed configuration arrives, and nothing of this process."""
    from omegaconf import OmegaConf

    expression = hydra_tasks.folder_expression("train", "day/name", kind="sweep", literal=None, typed=False)
    cfg = OmegaConf.create({"run": {"dir": None, "root": None}, "x": expression.strip("'")})
    assert cfg.x == str(outputs / "train" / "day" / "name")
    expression = hydra_tasks.folder_expression(
        "train", "day/name", kind="sweep", literal=None, typed=False, root_typed=True
    )
    cfg.run.root, cfg.x = "/data/x", expression.strip("'")
    cfg = OmegaConf.create(OmegaConf.to_container(cfg, resolve=False))
    assert cfg.x == "/data/x/train/day/name"
