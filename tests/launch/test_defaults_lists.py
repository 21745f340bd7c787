"""Defaults lists in files of the user's own: what Hydra accepts works, what it refuses gets one line with its place.

Hydra without gni's guard says what is accepted.
"""

import random

import pytest
import yaml
from hydra import compose

from gnicli.launch import commands, components, hydra_versions

GLOBAL = "# @package _global_\n"
# Each file below says in `lr` that it was read.
OTHERS = {
    "experiment/other": GLOBAL + "lr: 0.11\n",
    "experiment/own/a": GLOBAL + "lr: 0.12\n",
    "experiment/own/b": GLOBAL + "lr: 0.13\n",
    "experiment/own/mine": GLOBAL + "lr: 0.14\n",
    "experiment/more/a": GLOBAL + "lr: 0.15\n",
    "experiment/more/over": GLOBAL + "defaults:\n  - override /noise: mult\n",
    "experiment/2020-01-01": GLOBAL + "lr: 0.17\n",
    "things/one/a": GLOBAL + "lr: 0.18\n",
    "schedule/digits": "defaults:\n  - step\ngamma: 0.25\n",
}


@pytest.fixture
def folder(tmp_path):
    """A folder of configuration files, those of `OTHERS` among them."""
    for name, text in OTHERS.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / f"{name}.yaml").write_text(text)
    return tmp_path


def write(folder, entries, name="experiment/mine"):
    header = GLOBAL if name.startswith("experiment/") else ""
    path = folder / f"{name}.yaml"
    path.write_text(header + "defaults:\n" + "".join(f"  - {entry}\n" for entry in entries))
    return path


def accepted_by_hydra(folder, words):
    """What Hydra composes from gni's configuration and the folder, or None where it refuses to."""
    components.register({commands.config_name(name): commands.schema(name) for name in commands.COMMANDS})
    try:
        with hydra_versions.initialized():
            composed = compose("train", overrides=[*words, f"hydra.searchpath=[file://{folder}]"])
    except Exception:
        return None
    return hydra_versions.plain(composed, resolve=True)


ACCEPTED = [
    (["override /noise: mult"], [], {"noise": "mult"}),
    (["optional override /noise: mult"], [], {"noise": "mult"}),
    (["override /dataset@dataset: digits"], [], {"dataset": "digits"}),
    (["override /schedule: ${dataset}"], ["dataset=digits"], {"schedule": "step"}),
    (["override /schedule: [step]"], [], {"schedule": "step"}),
    (["override /noise: [add, mult]"], ["noise=mult"], {"noise": "mult"}),
    (["own: a"], [], {"lr": 0.12}),
    (["own: [a, b]"], [], {"lr": 0.13}),
    (["own: ${experiment}"], [], {"lr": 0.14}),
    (["own@_global_: a"], [], {"lr": 0.12}),
    (["own@_here_: a"], [], {"lr": 0.12}),
    (["own@: a"], [], {"lr": 0.12}),
    (["own/a@_global_"], [], {"lr": 0.12}),
    (["/arm@_global_: M16"], [], {"lr": 0.003}),
    (["/things/one: a", "more: ${things/one}"], [], {"lr": 0.15}),
    (["more: ${things/one}", "/things/one: a"], [], {"lr": 0.18}),
    (["other"], [], {"lr": 0.11}),
    (["2020-01-01"], [], {"lr": 0.17}),
    (["own: null"], [], {"lr": 0.003}),
    (["override own: _self_", "other"], [], {"lr": 0.11}),
    (["optional own: nothing"], [], {"lr": 0.003}),
    (["_self_", "own: a", "override /noise: mult"], [], {"lr": 0.12, "noise": "mult"}),
    (["own: a", "override /noise: mult", "_self_"], [], {"lr": 0.12, "noise": "mult"}),
]


@pytest.mark.parametrize(("entries", "words", "expected"), ACCEPTED, ids=[str(case[0]) for case in ACCEPTED])
def test_what_hydra_accepts_works(gni, folder, entries, words, expected):
    write(folder, entries)
    said = gni("train", "-cd", str(folder), "experiment=mine", *words, "--cfg", "job")
    assert (said.code, said.err) == (0, "")
    found = yaml.safe_load(said.out)
    assert {key: found[key] if key == "lr" else found[key]["name"] for key in expected} == expected
    assert found == accepted_by_hydra(folder, ["experiment=mine", *words])


# The number is that of the entry which the line names.
REFUSED = [
    # references
    (["own: ${dataset}"], 1, "no choice of dataset is known where this file is read (known is experiment); name the"),
    (["optional own: a_${noise}"], 1, "no choice of noise is known where this file is read"),
    (["own/${dataset}"], 1, "no choice of dataset is known where this file is read"),
    (["own/${experiment}"], 1, "a reference stands for the choice of a group alone"),
    (["/experiment/own/${experiment}"], 1, "a reference stands for the choice of a group alone"),
    (["own: a", "more: ${experiment/own}"], 2, "no choice of experiment/own is known where this file is read"),
    (["override /schedule: ${datasett}"], 1, "${datasett} is not the choice of a group; did you mean dataset?"),
    (["override /schedule: ${dataset}"], 1, "unknown schedule 'sinusoids' for schedule: choose from constant, cosine"),
    (["own: a", "override /noise: ${dataset}"], 2, "other files are chosen by noise, so no reference can choose it"),
    (["/things: null", "more: ${things}"], 2, "refers to a group whose choice is null; name the choice"),
    (["own: [a, '${experiment}']"], 1, "a list of choices takes no reference; name the choices"),
    (["override /schedule: ${.dataset}"], 1, "an entry names a group and a choice, such as 'override /noise: mult'"),
    (["own: ${oc.env:HOME}"], 1, "an entry names a group and a choice, such as 'override /noise: mult'"),
    (["own: ${hydra.job.name}"], 1, "a file may not refer to Hydra's own keys; name the choice"),
    # more than one choice
    (["override /noise: [add, mult]"], 1, "a group takes one choice; name one, as in noise=mult"),
    (["override /dataset: [digits]"], 1, "a group takes one choice; name one, as in noise=mult"),
    (["override /schedule: [constant, step]"], 1, "a group takes one choice; name one, as in noise=mult"),
    (["/noise/mult"], 1, "its keys are placed where those of another choice are; a group takes one choice"),
    (["/noise: mult"], 1, "noise is chosen already; write 'override /noise: …', or leave it out"),
    (["own: a", "/noise: add"], 2, "noise is chosen already; write 'override /noise: …', or leave it out"),
    (["own: a", "own: b"], 1, "experiment/own is chosen twice; leave one out, or choose both in one list"),
    # what is not there
    (["override /noise: mlut"], 1, "unknown noise 'mlut' for noise: did you mean mult? choose from add, mult, none"),
    (["own: c"], 1, "unknown experiment/own 'c' for experiment/own: choose from a, b, mine"),
    (["override /nosie: mult"], 1, "there is no group nosie to override; did you mean noise?"),
    (["override /potential: quadratic"], 1, "there is no choice of potential to override here; leave it out"),
    (["override /noise@network: mult"], 1, "no entry before places noise there; leave out what follows the @"),
    (["override noise: mult"], 1, "experiment/noise is not chosen; for gni's own group write override /noise"),
    (["noise: mult"], 1, "there is no folder experiment/noise; for gni's own group write /noise"),
    (["/nosie: mult"], 1, "there is no group nosie; did you mean noise?"),
    (["nothing: a"], 1, "there is no group experiment/nothing and no file experiment/nothing/a.yaml"),
    (["othr"], 1, "there is no file experiment/othr.yaml in the folders of configurations"),
    (["optional othr"], 1, "'optional' and 'override' stand before a group and its choice"),
    # order and form
    (["override /noise: mult", "own: a"], 1, "overrides stand at the end of the list; move it there"),
    (["other", "override /noise: [add]", "own: [a, b]", "override /noise: add"], 2, "overrides stand at the end of"),
    (["more: ${experiment}_x", "_self_", "_self_"], 3, "is given twice"),
    (["own: _self_", "_self_"], 2, "is given twice"),
    (["override /noise: 3"], 1, "a choice is the name of a file; put it in quotes"),
    (["override /schedule: off"], 1, "a choice is the name of a file; put it in quotes"),
    (["own: [a, 1.5]"], 1, "a choice is the name of a file; put it in quotes"),
    (["own: {a: b}"], 1, "an entry names a group and a choice"),
    (["own: a", "{own: a, more: b}"], 2, "an entry has one group; begin each of own, more with a dash"),
    (["own: a", "[a]"], 2, "an entry names a group and a choice"),
    (["3"], 1, "an entry names a group and a choice"),
    (["3: a"], 1, "an entry names a group and a choice"),
    (["''"], 1, "an entry names a group and a choice"),
    (["null"], 1, "an entry names a group and a choice"),
    (["/: a"], 1, "an entry names a group and a choice"),
    # places
    (["own@hydra.job: a"], 1, "a file may not place keys among Hydra's own"),
    (["own@_global_.hydra: a"], 1, "a file may not place keys among Hydra's own"),
    (["own@a-b: a"], 1, "after @ stands where keys are placed, such as network or _global_"),
    (["own@${dataset}: a"], 1, "after @ stands where keys are placed, such as network or _global_"),
    (["_self_@network"], 1, "after @ stands where keys are placed, such as network or _global_"),
]


@pytest.mark.parametrize(("entries", "number", "message"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_what_is_refused_gets_one_line_with_file_line_and_entry(gni, outputs, folder, entries, number, message):
    path = write(folder, entries)
    said = gni("train", "-cd", str(folder), "experiment=mine")
    assert said.err.startswith(f"gni: error: {path}:{number + 2}: ")
    assert message in said.err
    assert (said.code, said.out, len(said.err.splitlines())) == (2, "", 1)
    assert not outputs.exists()


@pytest.mark.parametrize(
    ("name", "entries", "number", "message"),
    [
        (
            "dataset/mine",
            ["digits", "override /noise: mult"],
            2,
            "a file of dataset cannot choose noise; a file of exp",
        ),
        ("dataset/mine", ["digits", "mnist"], 2, "its keys are placed where those of another choice are"),
        ("dataset/mine", ["digist"], 1, "there is no file dataset/digist.yaml in the folders of configurations"),
        ("dataset/mine", ["digits", "own: ${M}"], 2, "no choice of M is known where this file is read"),
    ],
)
def test_a_file_of_another_group_is_named_too(gni, folder, name, entries, number, message):
    (folder / "dataset").mkdir()
    path = write(folder, entries, name)
    said = gni("train", "-cd", str(folder), "dataset=mine")
    assert said.err.startswith(f"gni: error: {path}:{number + 1}: ")
    assert message in said.err
    assert (said.code, len(said.err.splitlines())) == (2, 1)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("noise: ${dataset}", "unknown noise 'digits' for noise: choose from add, mult, none"),
        ("noise: ${M}", "no choice of M is known where this file is read (known is objective, network, dataset)"),
        ("nosie: mult", "there is no group nosie; did you mean noise?"),
        ("override noise: mult", "overrides stand at the end of the list; move it there"),
        ("noise: [add, mult]", "a group takes one choice; name one, as in noise=mult"),
    ],
)
def test_a_main_file_of_the_users_own_is_named_too(gni, folder, entry, message):
    entries = ["train_schema", "dataset: digits", "network: mlp", entry, "objective: noisy", "_self_"]
    path = write(folder, entries, "own_main")
    said = gni("train", "-cp", str(folder), "-cn", "own_main", "--cfg", "job")
    assert said.err.startswith(f"gni: error: {path}:5: ")
    assert message in said.err
    assert (said.code, len(said.err.splitlines())) == (2, 1)
    write(folder, [*entries[:3], "noise: mult", *entries[4:]], "own_main")
    said = gni("train", "-cp", str(folder), "-cn", "own_main", "--cfg", "job")
    assert (said.code, yaml.safe_load(said.out)["noise"]["name"]) == (0, "mult")


def test_the_file_that_is_named_is_the_one_with_the_entry(gni, folder):
    """A file that a reference chose, and one of two folders deeper."""
    write(folder, ["more: over"])
    write(folder, ["more: ${experiment}"], "experiment/by_reference")
    (folder / "experiment/more/by_reference.yaml").write_text(OTHERS["experiment/more/over"])
    said = gni("train", "-cd", str(folder), "experiment=by_reference")
    assert f"{folder}/experiment/more/by_reference.yaml:3: 'override /noise: mult': a file that a reference" in said.err
    said = gni("train", "-cd", str(folder), "experiment=mine", "--cfg", "job")
    assert yaml.safe_load(said.out)["noise"]["name"] == "mult"


@pytest.mark.parametrize("words", [["noise=mlut"], ["schedule=stpe"], ["dataset=[digits]"]])
def test_a_mistake_that_was_typed_is_not_the_files(gni, folder, words):
    plain = gni("train", "-cd", str(folder), *words)
    write(folder, ["override /noise: mlut", "override /schedule: ${dataset}", "override /dataset: [digits]"])
    rest = [word for word in ("noise=add", "schedule=step", "dataset=digits") if word[:3] != words[0][:3]]
    said = gni("train", "-cd", str(folder), "experiment=mine", *words, *rest)
    assert (said.code, said.err) == (2, plain.err)


def test_a_group_that_is_typed_and_chosen_a_second_time_by_a_file_is_named(gni, folder):
    path = write(folder, ["/noise: add"])
    said = gni("train", "-cd", str(folder), "experiment=mine", "noise=mult")
    assert said.err.startswith(f"gni: error: {path}:3: '/noise: add': noise is chosen already; write 'override /noise")


def test_a_circle_names_its_files(gni, folder):
    path = write(folder, ["other_of_two"])
    other = write(folder, ["mine"], "experiment/other_of_two")
    said = gni("train", "-cd", str(folder), "experiment=mine")
    assert said.err == f"gni: error: {path}, {other}: the defaults lists include one another without an end\n"
    assert said.code == 2


def drawn(rng):
    """A list of up to three entries."""
    groups = ["/noise", "/schedule", "noise", "own", "more", "/things/one", "/nosie", "own@_global_", "/noise@noise"]
    values = ["mult", "step", "a", "zz", "null", "[a, b]", "[mult]", "${dataset}", "${experiment}", "${none}", "3"]
    entries = []
    for _ in range(rng.randint(1, 3)):
        keyword = rng.choice(["", "", "override ", "optional ", "optional override "])
        one = f"{keyword}{rng.choice(groups)}: {rng.choice(values)}"
        entries.append(rng.choice([one, one, one, rng.choice(["other", "_self_", "othr", "own/b"])]))
    return entries


@pytest.mark.parametrize("seed", range(8))
def test_drawn_lists_are_accepted_as_hydra_does(gni, folder, seed):
    entries = drawn(random.Random(seed))
    path = write(folder, entries)
    expected = accepted_by_hydra(folder, ["experiment=mine"])
    said = gni("train", "-cd", str(folder), "experiment=mine", "--cfg", "job")
    if expected is not None:
        assert (said.code, said.err) == (0, ""), entries
        assert yaml.safe_load(said.out) == expected
    else:
        assert said.code == 2, entries
        assert said.err.startswith(f"gni: error: {path}:"), (entries, said.err)
        assert len(said.err.splitlines()) == 1
