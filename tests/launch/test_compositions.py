"""Compositions that go on from one of the same choices: nothing in them is another than in those made whole."""

import json
import random
import subprocess
import sys

import pytest
from hydra import compose
from hydra._internal import config_loader_impl
from omegaconf import OmegaConf

from gnicli import registry
from gnicli.engine.jobs.plan import Plan
from gnicli.launch import commands, components, compositions, hydra_session, hydra_versions
from gnicli.launch.jobs import ahead
from gnicli.launch.schema_keys import default_members

EXPERIMENTS = sorted(path.stem for path in (components.conf_folder() / "experiment").glob("*.yaml"))


@pytest.fixture(autouse=True)
def registered():
    commands.register()


def composed(command, words):
    with hydra_versions.initialized():
        return compose(commands.config_name(command), hydra_session.of_job(words), return_hydra_config=True)


def begun(command, words):
    with compositions.recorded() as found:
        composed(command, words)
    assert len(found) == 1
    return found[0]


def whole_of(config):
    """All that a configuration is made of: values, types, and flags of every node."""
    found = [(OmegaConf.to_yaml(config), str(OmegaConf.get_type(config)))]

    def look(node, name):
        found.append((name, str(node._metadata.ref_type), str(node._metadata.object_type),
                      sorted((node._metadata.flags or {}).items())))  # fmt: skip
        if OmegaConf.is_config(node) and not node._is_none() and not node._is_missing():
            for key in node if OmegaConf.is_dict(node) else range(len(node)):
                look(node._get_node(key), f"{name}.{key}")

    look(config, "")
    return found


class Merges:
    """How many compositions were made whole."""

    def __init__(self, monkeypatch):
        self.n, merge = 0, config_loader_impl.ConfigLoaderImpl._compose_config_from_defaults_list

        def counted(*args, **kwargs):
            self.n += 1
            return merge(*args, **kwargs)

        monkeypatch.setattr(config_loader_impl.ConfigLoaderImpl, "_compose_config_from_defaults_list", counted)


@pytest.fixture
def merges(monkeypatch):
    return Merges(monkeypatch)


def drawn(rng):
    """A command and random choices for it: members of some of its groups, in any order."""
    command = rng.choice(list(commands.COMMANDS))
    groups = rng.sample(sorted(default_members(command)), rng.randint(0, len(default_members(command))))
    words = [f"{group}={rng.choice(sorted(registry.members(group)))}" for group in groups]
    rng.shuffle(words)
    return command, words


@pytest.mark.parametrize("seed", range(25))
def test_a_composition_that_goes_on_is_the_one_made_whole(seed, merges):
    command, choices = drawn(random.Random(seed))
    first = begun(command, ["seed=1", *choices])
    words = [*choices, f"seed={seed + 2}", "+more.x=[1,{a: b}]", "run.root='né'", "~more.x"]
    whole, before = composed(command, words), merges.n
    with compositions.continued(first):
        again = composed(command, words)
        assert merges.n == before
    assert whole_of(again) == whole_of(whole)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiments_go_on_as_well(name, merges):
    command = (components.conf_folder() / "experiment" / f"{name}.yaml").read_text().partition("# gni ")[2].split()[0]
    first = begun(command, [f"experiment={name}", "seed=1"])
    whole, before = composed(command, [f"experiment={name}", "seed=2"]), merges.n
    with compositions.continued(first):
        assert whole_of(composed(command, [f"experiment={name}", "seed=2"])) == whole_of(whole)
    assert merges.n == before


@pytest.mark.parametrize(
    "words",
    [["noise=add"], [], ["noise=mult", "dataset=digits"], ["noise=mult", "hydra/job_logging=default"],
     ["noise=mult", "experiment=fig4"]],
)  # fmt: skip
def test_other_choices_are_composed_whole(words, merges):
    first, whole, before = begun("train", ["noise=mult", "seed=1"]), composed("train", [*words, "seed=2"]), merges.n
    with compositions.continued(first):
        assert whole_of(composed("train", [*words, "seed=2"])) == whole_of(whole)
    assert merges.n == before + 1
    assert begun("gradient-noise", ["noise=mult"]).asked != first.asked


def test_other_places_are_composed_whole(tmp_path, merges):
    first, before = begun("train", ["dataset=digits"]), merges.n
    with compositions.continued(first):
        composed("train", ["dataset=digits", f"hydra.searchpath=['file://{tmp_path}']"])
        assert merges.n == before + 1
        composed("train", ["dataset=digits"])
        assert merges.n == before + 1


def test_hydra_has_its_own_steps_again():
    steps = config_loader_impl.create_defaults_list, config_loader_impl.ConfigLoaderImpl.__dict__
    first = begun("train", [])
    with pytest.raises(ZeroDivisionError), compositions.continued(first):
        raise ZeroDivisionError
    assert config_loader_impl.create_defaults_list is steps[0]
    assert "_compose_config_from_defaults_list" in steps[1]


def of_seeds(*words, n=4, **more):
    return Plan("train", [[*words, f"seed={k}"] for k in range(n)], **({"hydra": [], "options": {}} | more))


def test_jobs_with_choices_in_common_have_one_composition_ahead(merges):
    plan = of_seeds("noise=mult")
    plan = plan._replace(words=[*plan.words, ["noise=add", "seed=1"], ["noise=add", "seed=2"]])
    common = ahead.Ahead(plan, range(6))
    assert common.of(0) is not None
    assert all(common.of(job) is common.of(0) for job in range(4))
    assert merges.n == 1
    assert common.of(4) is common.of(5) is None  # two jobs
    assert ahead.Ahead(plan, [0, 1]).of(0) is None
    assert ahead.Ahead(of_seeds("noise=nothing"), range(4)).of(0) is None


@pytest.mark.parametrize(
    "more",
    [{"options": {"config_dir": "there"}}, {"options": {"config_name": "mine"}}, {"hydra": ["hydra.searchpath=[x]"]}],
)
def test_nothing_is_ahead_where_files_of_the_users_are_read(more):
    assert ahead.Ahead(of_seeds(), range(4)).of(0) is not None
    assert ahead.Ahead(of_seeds(**more), range(4)).of(0) is None


def test_a_job_that_goes_on_leaves_what_one_leaves_that_does_not(gni, jobs_here, tmp_path, monkeypatch, merges):
    def left(name):
        """The files of the jobs that say what they were given, and how many compositions were made whole."""
        before, words = merges.n, ["seed=0,1,2,3", "noise=mult", "M=2", "hydra/launcher=local"]
        assert gni("train", "-m", *words, f"run.dir={tmp_path / name}").code == 0
        folders = [tmp_path / name / str(job) for job in range(4)]
        given = [(path.name, path.read_text().replace(name, "")) for folder in folders
                 for path in sorted((folder / ".hydra").iterdir())]  # fmt: skip
        fingerprints = [json.loads((folder / "manifest.json").read_text())["fingerprint"] for folder in folders]
        return given, fingerprints, merges.n - before

    *goes_on, n = left("goes-on")
    monkeypatch.setattr(ahead.Ahead, "of", lambda self, job: None)
    *made_whole, n_whole = left("made-whole")
    assert goes_on == made_whole
    assert len(goes_on[0]) >= 12
    assert n_whole - n == 3  # of four jobs, one is composed ahead


FRESH = """
import json, sys
from pathlib import Path
from gnicli.engine.jobs import plan as plans
from gnicli.launch.jobs import ahead, configured
place = Path(sys.argv[1])
plan = plans.read(place)
own = plan._replace(options={})._replace(words=[["noise=mult"]] * 3)
changed = configured.changed(place, plan, plan._replace(files="another"), allow_env=False)
print(json.dumps([ahead.Ahead(own, range(3)).of(0) is not None, sorted(changed)]))
"""


def test_a_process_that_has_composed_nothing_composes_for_a_sweep_that_goes_on(gni, jobs_here, tmp_path):
    """Hydra knows no schema before somebody tells it: `gni sweep resume` called the sweep's own words unknown."""
    (tmp_path / "conf" / "experiment").mkdir(parents=True)
    mine = tmp_path / "conf" / "experiment" / "mine.yaml"
    mine.write_text("# @package _global_\nM: 2\n")
    words = ["seed=1,2,3", "experiment=mine", "--config-dir", str(mine.parent.parent), f"run.dir={tmp_path / 's'}"]
    assert gni("train", "-m", *words, "hydra/launcher=local").code == 0

    def answer():
        whole = subprocess.run(
            [sys.executable, "-c", FRESH, str(tmp_path / "s")], capture_output=True, text=True, check=True
        )
        return json.loads(whole.stdout)

    assert answer() == [True, []]
    mine.write_text("# @package _global_\nM: 3\n")
    assert answer() == [True, [0, 1, 2]]
