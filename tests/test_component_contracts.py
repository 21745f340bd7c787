"""Every component is held against the protocol of its group: by the type checker, and as it runs.

The type checker reads the table below; that the table is whole, and that a member of another package is held to the
same, is tested.
"""

import dataclasses
import inspect
from importlib.metadata import EntryPoint

import pytest
from plug_ins import plugged_in

from gnicli import registry
from gnicli.contracts import components as contracts
from gnicli.dataset.cifar10 import Cifar10
from gnicli.dataset.digits import Digits
from gnicli.dataset.mnist import Mnist
from gnicli.dataset.sinusoids import Sinusoids
from gnicli.dataset.svhn import Svhn
from gnicli.engine.logger.mlflow import MLflow
from gnicli.engine.logger.none import NoLogger
from gnicli.engine.logger.tensorboard import TensorBoard
from gnicli.engine.logger.wandb import Wandb
from gnicli.errors import UsageError
from gnicli.gradients.inject.covariance import CovarianceInjection
from gnicli.gradients.inject.gaussian import GaussianInjection
from gnicli.gradients.inject.none import NoInjection
from gnicli.gradients.inject.recorded import RecordedInjection
from gnicli.gradients.inject.shuffled import ShuffledInjection
from gnicli.gradients.inject.stable import StableInjection
from gnicli.gradients.inject.whitened_stable import WhitenedStableInjection
from gnicli.gradients.objective.clean import Clean
from gnicli.gradients.objective.explicit import Explicit
from gnicli.gradients.objective.noisy import Noisy
from gnicli.launch import commands
from gnicli.measure.kinds import averages, envelope, exponents, factors, layers
from gnicli.network.conv import Conv
from gnicli.network.mlp import Mlp
from gnicli.noise.add import AdditiveNoise
from gnicli.noise.mult import MultiplicativeNoise
from gnicli.noise.none import NoNoise
from gnicli.potential.double_well import DoubleWell
from gnicli.potential.equal_depth import EqualDepth
from gnicli.potential.multi_well import MultiWell
from gnicli.potential.polynomial import Polynomial
from gnicli.potential.quadratic import Quadratic
from gnicli.potential.quartic import Quartic
from gnicli.potential.separable import Separable
from gnicli.samples.file import FileSamples
from gnicli.samples.laplace import LaplaceSamples
from gnicli.samples.normal import NormalSamples
from gnicli.samples.run import RunSamples
from gnicli.samples.stable import StableSamples
from gnicli.samples.student import StudentSamples
from gnicli.samples.subweibull import SubWeibullSamples
from gnicli.training.schedule.constant import Constant
from gnicli.training.schedule.cosine import Cosine
from gnicli.training.schedule.step import Step
from gnicli.training.track.antithetic import Antithetic
from gnicli.training.track.gradient_noise import GradientNoise
from gnicli.training.track.none import NoTrack

DATASETS: tuple[type[contracts.Dataset], ...] = (Cifar10, Digits, Mnist, Sinusoids, Svhn)
NETWORKS: tuple[type[contracts.Network], ...] = (Conv, Mlp)
NOISES: tuple[type[contracts.Noise], ...] = (AdditiveNoise, MultiplicativeNoise, NoNoise)
OBJECTIVES: tuple[type[contracts.Objective], ...] = (Clean, Explicit, Noisy)
INJECTIONS: tuple[type[contracts.Injection], ...] = (
    CovarianceInjection, GaussianInjection, NoInjection, RecordedInjection, ShuffledInjection, StableInjection,
    WhitenedStableInjection,
)  # fmt: skip
TRACKS: tuple[type[contracts.Track], ...] = (Antithetic, GradientNoise, NoTrack)
LOGGERS: tuple[type[contracts.Logger], ...] = (MLflow, NoLogger, TensorBoard, Wandb)
MEASURES: tuple[type[contracts.Measure], ...] = (
    averages.COMPONENT, envelope.COMPONENT, exponents.COMPONENT, factors.COMPONENT, layers.COMPONENT,
)  # fmt: skip
SCHEDULES: tuple[type[contracts.Schedule], ...] = (Constant, Cosine, Step)
SAMPLES: tuple[type[contracts.Samples], ...] = (
    FileSamples, LaplaceSamples, NormalSamples, RunSamples, StableSamples, StudentSamples, SubWeibullSamples,
)  # fmt: skip
POTENTIALS: tuple[type[contracts.Potential], ...] = (
    DoubleWell, EqualDepth, MultiWell, Polynomial, Quadratic, Quartic, Separable,
)  # fmt: skip

GROUPS: dict[str, tuple[type, tuple[type, ...]]] = {
    "dataset": (contracts.Dataset, DATASETS),
    "network": (contracts.Network, NETWORKS),
    "noise": (contracts.Noise, NOISES),
    "objective": (contracts.Objective, OBJECTIVES),
    "inject": (contracts.Injection, INJECTIONS),
    "track": (contracts.Track, TRACKS),
    "logger": (contracts.Logger, LOGGERS),
    "measure": (contracts.Measure, MEASURES),
    "schedule": (contracts.Schedule, SCHEDULES),
    "samples": (contracts.Samples, SAMPLES),
    "potential": (contracts.Potential, POTENTIALS),
}
# The keys of a landscape that `model.network_chains` builds: potentials know neither networks nor losses.
NO_POTENTIAL = {("potential", "network")}
MEMBERS = [(g, n) for g in registry.GROUPS for n in registry.members(g) if (g, n) not in NO_POTENTIAL]


def broken(component: object, protocol: type) -> list[str]:
    """In what an object departs from a protocol: attributes that it lacks, methods that cannot be called as said."""
    found = []
    for name, part in vars(protocol).items():
        if name.startswith("_"):
            continue
        if not hasattr(component, name):
            found.append(f"{name} is missing")
        elif inspect.isfunction(part):
            if not callable(getattr(component, name)):
                found.append(f"{name} is no method")
            elif not takes(inspect.signature(getattr(component, name)), inspect.signature(part)):
                found.append(f"{name} takes {inspect.signature(getattr(component, name))}")
    return found + [f"{name} is missing" for name in protocol.__annotations__ if not hasattr(component, name)]


def takes(own: inspect.Signature, asked: inspect.Signature) -> bool:
    """Whether a bound method takes the calls of a protocol's method: by position and by the protocol's names."""
    names = list(asked.parameters)[1:]
    required = [n for n in names if asked.parameters[n].default is inspect.Parameter.empty]
    try:
        own.bind(*names)
        own.bind(**dict.fromkeys(names))
        own.bind(*required)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("group", registry.GROUPS)
def test_the_type_checker_sees_every_member(group: str) -> None:
    listed = set(GROUPS[group][1])
    assert listed == {
        registry.find(group, name) for name in registry.own_names(group) if (group, name) not in NO_POTENTIAL
    }


@pytest.mark.parametrize("command", commands.COMMANDS)
def test_the_field_of_a_group_has_the_type_of_its_members(command: str) -> None:
    fields = {field.name: field.type for field in dataclasses.fields(commands.schema(command))}
    expected = {group: f"Unchecked[{GROUPS[group][0].__name__}]" for group in commands.groups(command)}
    assert expected
    assert {group: fields[group] for group in expected} == expected


@pytest.mark.parametrize(("group", "name"), MEMBERS)
def test_a_member_is_what_its_group_asks_for(group: str, name: str) -> None:
    component = registry.build(group, name)
    assert broken(component, GROUPS[group][0]) == []
    assert component.name == name
    assert dataclasses.is_dataclass(component)


@dataclasses.dataclass
class Theirs:
    """A noise of another package, whose methods are not those of a noise."""

    name: str = "theirs"

    operation = "add"
    antithetic = False

    def stds(self) -> tuple[float, ...]:
        return (0.0,)

    def fill(self, out: object) -> object:
        return out


def test_a_member_of_another_package_is_found_and_held_to_the_same() -> None:
    with plugged_in(EntryPoint("theirs", f"{__name__}:Theirs", "gnicli.noise")):
        assert not registry.members("noise")["theirs"].built_in
        component = registry.build("noise", "theirs")
    assert broken(component, contracts.Noise) == [
        "stds takes () -> tuple[float, ...]", "fill takes (out: object) -> object",
    ]  # fmt: skip


def parts(protocol: type) -> list[str]:
    """What a member must have beside its name: methods, properties, attributes."""
    names = [name for name in vars(protocol) if not name.startswith("_")]
    return [*names, *(name for name in protocol.__annotations__ if name != "name")]


def test_the_registry_asks_for_the_same_protocols() -> None:
    assert {group: protocol for group, (protocol, _) in GROUPS.items()} == registry.PROTOCOLS


@pytest.mark.parametrize(
    ("group", "lacking"), [(group, part) for group, (protocol, _) in GROUPS.items() for part in parts(protocol)]
)
def test_a_member_of_another_package_that_lacks_a_part_is_told_which(
    group: str, lacking: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    protocol = GROUPS[group][0]
    others = {part: vars(protocol).get(part, False) for part in parts(protocol) if part != lacking}
    whole = others | {lacking: vars(protocol).get(lacking, False)}
    points = []
    for name, has in (("halved", others), ("entire", whole)):
        made = dataclasses.make_dataclass(name.title(), [("name", str, name)], namespace=has)
        monkeypatch.setitem(globals(), name.title(), made)
        points.append(EntryPoint(name, f"{__name__}:{name.title()}", f"gnicli.{group}"))
    with plugged_in(*points):
        assert registry.build(group, "entire").name == "entire"
        with pytest.raises(UsageError) as caught:
            registry.build(group, "halved")
    if inspect.isfunction(whole[lacking]):
        lacking = f"method {lacking}({', '.join(inspect.signature(whole[lacking]).parameters)})"
    else:
        lacking = f"attribute {lacking}"
    assert f"{group}=halved from the package " in str(caught.value)
    assert str(caught.value).endswith(f"lacks what every {group}= has: add to class Halved the {lacking}")
