"""Experiments belong to commands, and their settings to experiments."""

import itertools
import re
from pathlib import Path

import pytest
import yaml

from gnicli.cli.complete import candidates
from gnicli.experiments.sweeps import pilots
from gnicli.experiments.sweeps.power import pairs_needed
from gnicli.launch import commands, components, paper_experiments, validation

ALL = [experiment for command in commands.COMMANDS for experiment in paper_experiments.of_command(command)]
# What the paper's set-up is, by experiment: the learning rate, the initialization, how long.
PAPER = {
    "fig4": (0.0003, "default", 60000, None),
    "fig5": (0.0003, "default", 60000, None),
    "fig5_mnist": (0.0003, "default", 60000, None),
    "fig7": (0.001, "glorot_normal", None, 250),
    "fig8": (0.001, "glorot_normal", None, 250),
    "symmetrise": (0.0003, "default", 60000, None),
}


def settings_of(experiment):
    choices = [[f"{name}={value}" for value in s.choices] for name, s in experiment.settings.items() if name != "arm"]
    return [(experiment.command, experiment.name, words) for words in itertools.product(*choices) if words]


@pytest.fixture
def shown(gni):
    def call(command, *words):
        said = gni(command, *words, "--cfg", "job")
        assert said.code == 0, said.err
        return yaml.safe_load(said.out)

    return call


@pytest.mark.parametrize(("command", "name", "words"), [case for e in ALL for case in settings_of(e)], ids=str)
def test_every_protocol_and_budget_composes(shown, command, name, words):
    from omegaconf import OmegaConf

    found = shown(command, f"experiment={name}", *words)
    validation.validated(command, OmegaConf.create(found))
    if set(words) == {"protocol=paper", "budget=full"}:
        assert (found["lr"], found["network"]["init"], found["steps"], found["epochs"]) == PAPER[name]
    if "protocol=learnable" in words:
        assert (found["dataset"]["inputs"], found["network"]["init"]) == ("standardized", "he")


@pytest.mark.parametrize("pilot", pilots.PILOTS, ids=str)
def test_quick_budgets_have_what_their_plans_ask_for(gni, pilot):
    """Both arms of the comparison, and as many seeds as the calculation asks for, none of them one of the pilot."""
    choices = [f"{choice}={value}" for choice, value in pilot.settings.items()]
    said = gni("train", f"experiment={pilot.experiment}", *choices, "--cfg", "hydra")
    params = yaml.safe_load(said.out)["hydra"]["sweeper"]["params"]
    first, end = map(int, re.fullmatch(r"range\((\d+),(\d+)\)", params["seed"]).groups())
    assert first >= 8
    assert pairs_needed(pilot.sd, pilot.smallest) <= end - first <= 12
    assert {pilot.arm, pilot.reference} <= set(params["arm" if "arm" in params else "M"].split(","))


def test_the_networks_of_figure_7_fit_the_images(shown):
    paper = shown("train", "experiment=fig7", "budget=full")
    assert (paper["dataset"]["name"], paper["network"]["kernel"], paper["batch_size"]) == ("svhn", 4, 512)
    assert (paper["network"]["channels"], paper["network"]["stride"]) == ([32, 128], 2)
    dense = shown("train", "experiment=fig7", "budget=full", "network=mlp", "dataset=cifar10")["network"]
    assert (dense["depth"], dense["width"], dense["bias"], dense["activation"]) == (4, 512, False, "elu")
    quick = shown("train", "experiment=fig7", "dataset=digits")
    assert (quick["network"]["kernel"], quick["network"]["channels"], quick["batch_size"]) == ([4, 2], [8, 16], 64)
    assert shown("train", "experiment=fig8", "network.width=9")["network"]["width"] == 9
    assert shown("train", "network=conv", "dataset=digits")["network"]["kernel"] == 4


@pytest.mark.parametrize("experiment", ALL, ids=lambda experiment: experiment.name)
def test_an_experiment_of_another_command_is_one_line(gni, outputs, experiment):
    other = next(command for command in commands.COMMANDS if command != experiment.command)
    said = gni(other, f"experiment={experiment.name}")
    assert said.code == 2
    assert f"experiment={experiment.name} belongs to gni {experiment.command}" in said.err
    assert said.err.count("\n") == 1
    assert not outputs.exists()


@pytest.mark.parametrize(
    ("command", "words", "message"),
    [
        ("train", ["budget=full"], "budget is a setting of an experiment: experiment=NAME budget=full"),
        ("train", ["protocol=learnable"], "protocol is a setting of an experiment: experiment=NAME protocol=learnable"),
        ("simulate-sde", ["protocol=paper"], "no experiment of gni simulate-sde takes one"),
        ("fit-stable", ["budget=full"], "no experiment of gni fit-stable takes one"),
        ("train", ["experiment=fig8", "arm=M1"], "experiment=fig8 takes no arm; its settings: protocol, budget"),
        ("train", ["experiment=fig7", "protocol=papr"], "did you mean paper?"),
        ("train", ["-m", "experiment=fig7", "budget=quick,fulll"], "did you mean full?"),
        ("train", ["experiment=fig7", "arm=M1,explict"], "did you mean explicit?"),
        ("train", ["experiment=fig7", "protcol=paper"], "unknown key protcol; did you mean protocol?"),
        ("train", ["experiment=fig66"], "choose from fig4, fig5, fig5_mnist, fig7, fig8, none, symmetrise"),
    ],
)
def test_wrong_settings_are_one_line(gni, outputs, command, words, message):
    said = gni(command, *words)
    assert said.code == 2
    assert message in said.err
    assert said.err.count("\n") == 1
    assert not outputs.exists()


def test_experiments_from_a_folder_of_the_users_take_what_they_name(gni, tmp_path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\ndefaults:\n  - /arm: M1\n\nlr: 0.7\n")
    said = gni("train", "--config-dir", str(tmp_path), "experiment=mine", "arm=M16", "--cfg", "job")
    assert (yaml.safe_load(said.out)["lr"], yaml.safe_load(said.out)["M"]) == (0.7, 16)


def test_another_main_file_is_refused_with_what_does_the_same(gni, outputs, tmp_path):
    (tmp_path / "mine.yaml").write_text("lr: 0.7\n")
    said = gni("train", "-cd", str(tmp_path), "-cn", "mine.yaml")
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert not outputs.exists()
    file, first_line, words = re.search(r"keys into (\S+), .* is '(.*)', and type gni (.*)", said.err).groups()
    Path(file).parent.mkdir()
    Path(file).write_text(f"{first_line}\nlr: 0.7\n")
    said = gni(*words.split(), "--cfg", "job")
    assert yaml.safe_load(said.out)["lr"] == 0.7
    # The command's own main file may be named, and a folder in place of gni's own has whatever it has.
    own = gni("train", "-cd", str(tmp_path), "-cn", "train", "experiment=mine", "--cfg", "job")
    assert own.out == said.out
    assert yaml.safe_load(gni("train", "-cp", str(tmp_path), "-cn", "mine", "--cfg", "job").out) == {"lr": 0.7}


def test_completion_offers_a_commands_own_experiments_and_their_settings():
    def offered(command, before, word):
        return [text for text, _ in candidates(command, before, word)]

    for command in commands.COMMANDS:
        own = [f"experiment={experiment.name}" for experiment in paper_experiments.of_command(command)]
        assert offered(command, [], "experiment=") == own
    assert offered("train", ["experiment=fig7"], "arm=") == ["arm=clean", "arm=M1", "arm=M16", "arm=explicit"]
    assert offered("train", ["experiment=fig7"], "prot") == ["protocol=", "protocol=learnable"]
    assert offered("train", [], "prot") == ["protocol=", "protocol=none"]
    assert offered("train", [], "protocol=") == ["protocol=none", "protocol=paper"]
    assert offered("gradient-noise", [], "prot") == []


@pytest.mark.parametrize(
    ("dataset", "inputs", "init", "lr"),
    [
        ("sinusoids", "raw", "default", 0.0003),
        ("mnist", "unit", "default", 0.0003),
        *[(name, "unit", "glorot_normal", 0.001) for name in ("svhn", "cifar10", "digits")],
    ],
)
def test_the_paper_s_set_up_needs_no_experiment(shown, dataset, inputs, init, lr):
    found = shown("train", "protocol=paper", f"dataset={dataset}")
    assert (found["dataset"]["inputs"], found["network"]["init"], found["lr"]) == (inputs, init, lr)
    assert found["optimizer"]["name"] == "sgd"
    assert shown("train", "protocol=none", f"dataset={dataset}") == shown("train", f"dataset={dataset}")


@pytest.mark.parametrize("experiment", ALL, ids=lambda experiment: experiment.name)
def test_experiments_have_the_paper_s_sinusoids_and_gradient_descent(shown, experiment):
    full = ["budget=full"] if "budget" in experiment.settings else []
    found = shown(experiment.command, f"experiment={experiment.name}", *full)
    assert found.get("optimizer", {"name": "sgd"})["name"] == "sgd"
    if found.get("dataset", {}).get("name") == "sinusoids" and experiment.name != "appendix_c":  # of one neuron a layer
        assert found["dataset"]["frequencies"] == list(range(5, 55, 5))
        quick = shown(experiment.command, f"experiment={experiment.name}")
        assert quick["dataset"]["frequencies"] == ([1, 2] if full else list(range(5, 55, 5)))


@pytest.mark.parametrize(
    ("words", "rate", "activation"),
    [
        ((), 0.01, "elu"),
        (("noise=mult",), 0.03, "relu"),
        (("protocol=paper",), 0.0003, "relu"),
        (("budget=full",), 0.003, "relu"),
        (("lr=0.5", "network.activation=tanh"), 0.5, "tanh"),
    ],
)
def test_the_quick_budget_has_a_rate_for_each_noise_at_which_networks_learn(shown, words, rate, activation):
    found = shown("train", "experiment=fig4", *words)
    assert (found["lr"], found["network"]["activation"]) == (rate, activation)


def test_an_experiment_on_other_data_leaves_the_waves_out(shown):
    found = shown("gradient-noise", "experiment=fig2", "dataset=digits")
    assert found["dataset"] == shown("gradient-noise", "dataset=digits")["dataset"]


def test_every_setting_has_a_meaning():
    assert set(paper_experiments.settings()) == set(paper_experiments.MEANINGS)
    assert all(experiment.meaning for experiment in ALL)
    assert all((components.conf_folder() / "experiment" / f"{e.name}.yaml").exists() for e in ALL)
