"""The configuration tree and the components: every YAML composes, and other packages can add members."""

import dataclasses
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
import yaml
from plug_ins import plugged_in

from gnicli import registry
from gnicli.errors import UsageError
from gnicli.launch import commands, components, schema_keys, validation

MEMBERS = [(group, name) for group in components.GROUPS for name in components.members(group)]


def owners_of(group):
    """The commands that take a group; groups without keys of their own (experiment, arm, …) any command takes."""
    shared = group not in components.GROUPS
    return [command for command in commands.COMMANDS if shared or group in commands.groups(command)]


FILES = sorted(path.relative_to(components.conf_folder()) for path in components.conf_folder().rglob("*.yaml"))


@pytest.mark.parametrize("path", FILES, ids=str)
def test_every_file_opens_with_the_command_that_runs_it(path):
    lines = (components.conf_folder() / path).read_text(encoding="utf-8").splitlines()
    first = next(line for line in lines if not line.startswith("# @package"))
    group, name = path.parts[0] if len(path.parts) > 1 else "", path.stem
    owners = [name.replace("_", "-")] if not group else owners_of(group)
    assert first.startswith(tuple(f"# gni {command}" for command in owners))
    # A file of a folder below a group is chosen by the words of several groups: fig7_quick_conv.
    joined = {"rates": 4, "stand_in": 3, "sizes": 3, "data": 2, "own": 2}
    n_joined = joined.get(path.parts[1], 1) if len(path.parts) > 2 else 1
    chosen = name.rsplit("_", n_joined - 1)
    assert not group or all(f"={part}" in first for part in chosen)
    assert not group or f" {group}=" in first


@pytest.mark.parametrize(("group", "name"), MEMBERS)
def test_every_member_composes_to_what_its_schema_accepts(gni, group, name):
    command = owners_of(group)[0]
    said = gni(command, f"{group}={name}", "--cfg", "job")
    shown = yaml.safe_load(said.out)
    assert shown[group]["name"] == name
    validation.validated(command, _as_config(shown))


EXPERIMENTS = [path for path in FILES if path.parent.name == "experiment"]


@pytest.mark.parametrize("path", EXPERIMENTS, ids=str)
def test_every_experiment_composes_to_what_its_command_accepts(gni, path):
    lines = (components.conf_folder() / path).read_text(encoding="utf-8").splitlines()
    assert lines[0] == "# @package _global_"
    command = lines[1].split()[2]
    said = gni(command, f"experiment={path.stem}", "--cfg", "job")
    assert said.code == 0, said.err
    validation.validated(command, _as_config(yaml.safe_load(said.out)))


def _as_config(values):
    from omegaconf import OmegaConf

    return OmegaConf.create(values)


@pytest.mark.parametrize(("group", "name"), MEMBERS)
def test_every_schema_follows_the_conventions(group, name):
    schema = components.schema(group, name)
    assert dataclasses.is_dataclass(schema)
    fields = dataclasses.fields(schema)
    assert (fields[0].name, fields[0].default) == ("name", name)
    assert all(field.metadata.get("help") for field in fields)


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_what_help_says_are_the_defaults_are_the_defaults(gni, command):
    """The reader of YAML behind help and completion agrees with Hydra."""
    shown = yaml.safe_load(gni(command, "--cfg", "job").out)
    for key in schema_keys.all_of(command, []):
        value = shown
        for part in key.name.split("."):
            value = value[part]
        assert schema_keys.typed(value) == key.default, key.name


def test_words_choose_the_members_whose_keys_are_shown():
    chosen = schema_keys.chosen("train", ["noise=add,mult", "network='conv'", "dataset=nothing", "M=3"])
    assert (chosen["noise"], chosen["network"], chosen["dataset"]) == ("mult", "conv", "sinusoids")


# --------------------------------------------------------------------------------------------------------- entry points

FOREIGN = '''
from dataclasses import dataclass
from gnicli import checks
from gnicli.checks import key

@dataclass
class Uniform:
    """Noise of another package."""
    name: str = key("uniform", "noise of another package")
    width: float = key(1.0, "width of the interval")

    def __post_init__(self):
        checks.number("noise.width", self.width, above=0)

    operation = "add"
    antithetic = False

    def stds(self, n_layers):
        return (self.width,) * n_layers

    def fill(self, out, std, generator):
        return out.uniform_(-std, std, generator=generator)
'''


MODULES = {
    "their_exit": "import sys\nsys.exit(5)\n",
    "their_ctrl_c": "raise KeyboardInterrupt\n",
    "their_end": "class End(BaseException):\n    pass\n\nraise End('now')\n",
    "their_syntax": "def broken(:\n",
    "their_lines": "raise ValueError('one\\ntwo')\n",
    "their_things": """
from dataclasses import dataclass

number = 5

def function():
    pass

class Plain:
    name: str = "plain"
    width: float = 1.0

@dataclass
class Nameless:
    width: float = 1.0

class Filled:
    operation = "add"

    def fill(self, out, std, generator):
        pass

class Noise(Filled):
    antithetic = False

    def stds(self, n_layers):
        pass

@dataclass
class Unknown(Noise):
    name: str = "unknown"
    width: "Nowhere" = None

@dataclass
class Wide(Noise):
    name: str = "wide"
    width: set = None

@dataclass
class Lacking(Filled):
    name: str = "lacking"
""",
}
# What other packages may bring in place of a schema, and what whoever names it is told.
UNUSABLE = [
    ("absent", "their_absent:X", "cannot be loaded: ModuleNotFoundError: No module named 'their_absent'"),
    ("syntax", "their_syntax:X", "cannot be loaded: SyntaxError"),
    ("lines", "their_lines:X", "cannot be loaded: ValueError: one two"),
    ("exit", "their_exit:X", "cannot be loaded: ImportError: its import ended with SystemExit 5"),
    ("ctrl_c", "their_ctrl_c:X", "cannot be loaded: ImportError: its import ended with KeyboardInterrupt"),
    ("end", "their_end:X", "cannot be loaded: ImportError: its import ended with End now"),
    ("number", "their_things:number", "is no class but 5; its entry point must name a class with @dataclass"),
    ("function", "their_things:function", "is no class but <function function"),
    ("plain", "their_things:Plain", "is a class without @dataclass: put @dataclass above class Plain"),
    ("nameless", "their_things:Nameless", "has no key 'name' that is 'nameless': add to class Nameless the line name:"),
    ("unknown", "their_things:Unknown", "has a key that cannot be configured: name 'Nowhere' is not defined"),
    (
        "lacking",
        "their_things:Lacking",
        "lacks what every noise= has: add to class Lacking the method stds(self, n_layers), the attribute antithetic\n",
    ),
    ("wide", "their_things:Wide", "has a key that cannot be configured"),
]


@pytest.fixture
def foreign(tmp_path, monkeypatch):
    """Entry points of another package: one that works, one that does not load, one that a built-in member shadows."""
    (tmp_path / "their_noise.py").write_text(FOREIGN)
    monkeypatch.syspath_prepend(str(tmp_path))
    points = [
        EntryPoint("uniform", "their_noise:Uniform", "gnicli.noise"),
        EntryPoint("broken", "their_noise:Missing", "gnicli.noise"),
        EntryPoint("add", "their_noise:Uniform", "gnicli.noise"),
        *(EntryPoint(name, value, "gnicli.noise") for name, value, _ in UNUSABLE),
    ]
    for name, text in MODULES.items():
        (tmp_path / f"{name}.py").write_text(text)
    with plugged_in(*points):
        yield


def test_a_member_of_another_package_is_used_like_any_other(gni, foreign):
    said = gni("train", "noise=uniform", "noise.width=2")
    assert said.code == 0
    saved = yaml.safe_load((Path(said.last_line) / ".hydra" / "config.yaml").read_text())
    assert saved["noise"] == {"name": "uniform", "width": 2.0}
    assert "noise.width must be > 0, got -1.0" in gni("train", "noise=uniform", "noise.width=-1").err
    assert "unknown key noise.widht; did you mean noise.width?" in gni("train", "noise=uniform", "noise.widht=1").err
    assert "noise.width=1.0" in gni("train", "noise=uniform", "--help").out


def test_a_built_in_member_is_not_replaced_by_another_package(foreign):
    assert components.schema("noise", "add").__module__ == "gnicli.noise.add"


def test_a_member_that_does_not_load_matters_only_to_those_who_name_it(gni, foreign):
    assert gni("train").code == 0
    said = gni("train", "noise=broken")
    assert said.code == 2
    assert "noise=broken from the package their_noise:Missing cannot be loaded: AttributeError" in said.err
    assert "noise=broken" not in gni("train", "noise=uniform", "--help").out


@pytest.mark.parametrize(("name", "value", "message"), UNUSABLE)
def test_whatever_a_package_brings_breaks_only_itself(gni, foreign, name, value, message):
    assert gni("train", "noise=uniform").code == 0
    said = gni("train", f"noise={name}")
    assert said.err.startswith(f"gni: error: noise={name} from the package {value} {message}")
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)


def test_a_member_that_has_the_name_of_a_built_in_one_is_told_to_who_names_it(gni, foreign):
    said = gni("train", "noise=add")
    assert said.code == 0
    assert "gni: note: noise=add is gni's own; the one of the package their_noise:Uniform is not used" in said.err
    assert "gni: note" not in gni("train", "noise=mult").err


def test_ctrl_c_while_a_package_is_imported_is_no_fault_of_the_package():
    import os
    import signal

    class Slow:
        def load(self):
            os.kill(os.getpid(), signal.SIGINT)
            for _ in range(1000):
                pass

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        registry.load_guarded(Slow())
    assert signal.getsignal(signal.SIGINT) is before


def test_an_unknown_member_is_named(foreign):
    with pytest.raises(UsageError, match="unknown noise 'uniforn' for noise: did you mean uniform"):
        components.schema("noise", "uniforn")


def test_the_network_of_the_docs_is_one(gni, tmp_path, monkeypatch):
    import re

    import torch

    from gnicli.gradients.stages import require_forward, stages_of

    text = (Path(__file__).parents[2] / "docs" / "adding.md").read_text(encoding="utf-8")
    (source,) = re.findall(r"```python\n(# mypackage/residual.py\n.*?)```", text, re.DOTALL)
    (tmp_path / "docs_residual.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = registry._foreign("network", EntryPoint("residual", "docs_residual:Residual", "gnicli.network"))
    module = found(width=8).build((1, 4, 4), 3, torch.Generator(), torch.float32)
    x = torch.ones(2, 1, 4, 4)
    expected = x
    for stage in stages_of(module, "this"):
        expected = stage(expected)
    assert torch.equal(module(x), expected)
    assert len(stages_of(module, "this")) == 3
    del type(module).forward
    with pytest.raises(UsageError, match="Net has no forward"):
        require_forward(module)
