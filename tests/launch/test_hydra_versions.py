"""Versions of Hydra and Python to come: what changes in them is put in place under the ones that are here."""

import argparse
import contextlib
import copy
import json
from pathlib import Path

import hydra
import pytest
import yaml

from gnicli.errors import ResourceError
from gnicli.launch import arguments, commands, components, guard, hydra_versions


@pytest.fixture
def strict_help(monkeypatch):
    """argparse as Python 3.14 has it: `add_argument` writes the help text out at once and refuses what is no text."""
    add_argument = argparse._ActionsContainer.add_argument

    def checked(self, *args, **kwargs):
        action = add_argument(self, *args, **kwargs)
        if action.help and hasattr(self, "_get_formatter"):
            try:
                self._get_formatter()._expand_help(action)
            except (ValueError, TypeError, KeyError) as error:
                raise ValueError("badly formed help string") from error
        return action

    monkeypatch.setattr(argparse._ActionsContainer, "add_argument", checked)


@pytest.mark.skipif(not hydra.__version__.startswith("1.3."), reason="later versions work around the check")
def test_the_check_of_python_314_is_one_that_hydra_13_fails(strict_help):
    from hydra._internal.utils import get_args_parser

    with pytest.raises(ValueError, match="badly formed help string"):
        get_args_parser()


@pytest.mark.parametrize(
    "words", [["M=2"], ["-m", "M=1,2"], ["--cfg", "job"], ["--info"], ["--hydra-help"], ["--help"]]
)
def test_gni_builds_no_parser_that_python_314_refuses(gni, strict_help, words):
    said = gni("train", *words)
    assert said.code == 0, said.err


def test_the_help_of_hydra_lists_the_flags_of_gni(gni):
    shown = gni("train", "--hydra-help").out
    flags = [",".join(flag.names) for flag in arguments.FLAGS]
    assert all(f"{flag} : " in shown for flag in flags)


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_no_experiment_is_a_choice(gni, command):
    plain = gni(command, "--cfg", "job")
    assert plain.code == 0
    for word in ("experiment=none", "experiment=null"):
        assert gni(command, word, "--cfg", "job").out == plain.out


def test_no_experiment_can_be_swept_with_others(gni):
    said = gni("train", "-m", "experiment=null,fig4", "steps=1", "seed=0")
    assert said.code == 0, said.err
    saved = [yaml.safe_load((Path(said.last_line) / job / ".hydra" / "config.yaml").read_text()) for job in "01"]
    assert [config["network"]["width"] for config in saved] == [components.schema("network", "mlp")().width, 64]


def test_an_experiment_says_itself_that_it_is_a_sweep(gni):
    """The main file does not: hydra-core 1.4 would look there alone."""
    said = gni("train", "experiment=fig5", "steps=1", "seed=0")
    assert said.code == 0, said.err
    assert json.loads((Path(said.last_line) / "manifest.json").read_text())["kind"] == "sweep"


def test_hydra_writes_and_logs_nothing_whatever_the_main_file_says(gni, tmp_path):
    (tmp_path / "mine.yaml").write_text("defaults:\n  - train_schema\n  - noise: add\n  - _self_\nlr: 0.5\n")
    for words in ([], ["-cp", str(tmp_path), "-cn", "mine"]):
        shown = yaml.safe_load(gni("train", *words, "--cfg", "hydra").out)["hydra"]
        assert (shown["output_subdir"], shown["job"]["chdir"], shown["sweep"]["subdir"]) == (
            None,
            False,
            "${hydra.job.num}",
        )
        choices = shown["runtime"]["choices"]
        assert (choices["hydra/hydra_logging"], choices["hydra/job_logging"]) == ("none", "none")


@pytest.mark.parametrize("path", ["noise/add.yaml", "experiment/none.yaml"])
@pytest.mark.parametrize("how", ["--config-dir", "hydra.searchpath"])
def test_a_file_of_an_added_folder_takes_no_name_of_gnis_own(gni, tmp_path, path, how):
    file = tmp_path / path
    file.parent.mkdir()
    file.write_text("# @package _global_\nlr: 0.5\n")
    words = [how, str(tmp_path)] if how.startswith("--") else [f"{how}=[file://{tmp_path}]"]
    said = gni("train", *words, "--cfg", "job")
    assert said.code == 2
    assert f"{path.removesuffix('.yaml').replace('/', '=')} is gni's own choice; give the file another name" in said.err


def test_the_guard_refuses_a_hydra_whose_insides_it_does_not_know(gni, monkeypatch):
    from hydra._internal.config_loader_impl import ConfigLoaderImpl

    monkeypatch.delattr(ConfigLoaderImpl, "_load_configuration_impl")
    with pytest.raises(ResourceError, match="keeps its readers of files where gni cannot check them"):
        guard.guarded(arguments.split([])).__enter__()
    said = gni("train")
    assert (said.code, said.out) == (6, "")


def test_the_guard_puts_everything_back():
    from hydra._internal.config_loader_impl import ConfigLoaderImpl
    from hydra._internal.config_repository import CachingConfigRepository
    from hydra._internal.sources_registry import SourcesRegistry

    def places():
        readers = SourcesRegistry.instance().types
        return readers["file"], CachingConfigRepository.load_config, ConfigLoaderImpl._load_configuration_impl

    with guard.guarded(arguments.split([])):
        within = places()
    before = places()
    with contextlib.suppress(KeyError), guard.guarded(arguments.split([])):
        assert not set(places()) & set(before)
        raise KeyError
    assert places() == before
    assert not set(within) & set(before)


def test_compositions_share_the_store_and_nothing_else():
    """What is done to a composed configuration reaches neither the store nor the next composition."""
    from hydra import compose
    from hydra.core.config_store import ConfigStore

    commands.register()
    store = ConfigStore.instance()
    assert copy.deepcopy(store) is store
    with hydra_versions.initialized():
        first = compose("train", ["seed=3", "dataset=digits"])
        kept = str(first)
        first.seed = 4
        first.noise.std = 0.75
        first.dataset.n_train = 7
        again = compose("train", ["seed=3", "dataset=digits"])
    assert str(again) == kept


@pytest.mark.parametrize("words", [[], ["noise=add"], ["noise=mult"]])
def test_a_list_of_defaults_may_refer_to_choices(gni, tmp_path, words):
    """`draws` is chosen by a reference to `noise`, typed or not."""
    draws = {"add": 3, "mult": 5}
    (tmp_path / "draws").mkdir()
    for name, m in draws.items():
        (tmp_path / "draws" / f"{name}.yaml").write_text(f"# @package _global_\nM: {m}\n")
    text = "defaults:\n  - train_schema\n  - noise: add\n  - network: mlp\n  - draws: ${noise}\n  - _self_\nlr: 0.5\n"
    (tmp_path / "mine.yaml").write_text(text)
    said = gni("train", "-cp", str(tmp_path), "-cn", "mine", *words, "--cfg", "job")
    assert said.code == 0, said.err
    found = yaml.safe_load(said.out)
    assert (found["M"], found["lr"]) == (draws[found["noise"]["name"]], 0.5)
    assert not words or words == [f"noise={found['noise']['name']}"]
