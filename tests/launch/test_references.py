"""`${…}`: what is taken from whom, how far it grows, and texts that stay what they are."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from gnicli.errors import UsageError
from gnicli.launch import references


@given(st.text(st.sampled_from("\\${}a:.'\" "), max_size=10))
@example("a\\")
@example("\\\\${a}")
def test_a_literal_text_is_what_it_was(text):
    for given_text in (text, text.replace("$", "${")):
        made = OmegaConf.create(references.literal({"a": [given_text]}))
        assert OmegaConf.to_container(made, resolve=True) == {"a": [given_text]}


@pytest.mark.parametrize("text", ["lr", "${lr}", "a${noise.std}b", "${..lr}", "$", "${experiment}_${network}", "a{b}"])
def test_references_to_keys_are_taken_from_files(text):
    references.refuse_calls(text, "mine.yaml:1")


@pytest.mark.parametrize(
    "text",
    [
        "${oc.env:HOME}", "\\${oc.env:HOME}", "\\\\${oc.env:HOME}", "${oc.decode:${oc.env:HOME}}", "${now:%Y}", "${lr",
        "${oc.${a}:HOME}", "${${a}}", "${a[0]}", "${ lr }", "${hydra:runtime.cwd}", "${hydra.runtime.cwd}",
        "${..hydra.job}", "${gni_folder:x}", "$\\{oc.env\\:HOME}", "${oc.env:HOME,${lr}}", "${}", "${:}",
    ],
)  # fmt: skip
def test_nothing_else_is(text):
    with pytest.raises(UsageError, match=r"mine.yaml:1"):
        references.refuse_calls(text, "mine.yaml:1")


@pytest.mark.parametrize(
    ("text", "allow_env", "message"),
    [
        ("${oc.env:HOME}", False, "add --allow-env"),
        ("${oc.env:HOME}", True, None),
        ("${oc.decode:${oc.env:HOME}}", False, "add --allow-env"),
        ("\\\\${oc.env:HOME}", False, "add --allow-env"),
        ("\\${oc.env:HOME}", False, None),  # a text
        ("runs/${now:%Y}", False, None),
        ("${hydra:job.num}", False, None),
        ("${lr}", False, None),
        ("${measure.figures[0]}", False, None),
        ("${theirs:1}", True, "only ${key} and"),
        ("${oc.${a}:HOME}", True, "only ${key} and"),
    ],
)
def test_the_command_line_may_call_what_reads_no_environment(text, allow_env, message):
    if message is None:
        references.refuse_typed_calls(text, allow_env=allow_env)
        return
    with pytest.raises(UsageError) as told:
        references.refuse_typed_calls(text, allow_env=allow_env)
    assert message in str(told.value)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": "${b}", "b": "${a}"}, "a: refers to itself"),
        ({"a": {"b": "${a}"}}, "a.b: refers to itself"),
        ({"a": {"b": "${..a}"}}, "a.b: refers to itself"),
        ({"a": ["${a}"]}, "a.0: refers to itself"),
        ({f"k{i}": f"${{k{i + 1}}}" for i in range(5000)}, "in more than 8 steps"),
        ({f"k{i}": f"${{k{i + 1}}}" for i in reversed(range(5000))}, "in more than 8 steps"),
        ({f"k{i}": f"${{k{i + 1}}}" * 20 for i in range(7)} | {"k7": "lol"}, "comes to more than 100,000 values"),
        ({f"k{i}": [f"${{k{i + 1}}}"] * 20 for i in range(7)} | {"k7": [1]}, "comes to more than 100,000 values"),
    ],
)
def test_references_may_not_grow_without_bounds(values, message):
    with pytest.raises(UsageError) as told:
        references.refuse_growth(values)
    assert message in str(told.value)


def test_references_within_bounds_are_left_alone():
    values = {"lr": 0.1, "a": "${lr}", "b": {"c": "${a}", "d": "${.c}", "e": ["${..lr}", "${absent}"]}, "f": "${b}"}
    references.refuse_growth(values)


def test_a_value_that_came_together_from_parts_is_not_followed_again(gni, monkeypatch):
    monkeypatch.setenv("GNI_SECRET", "hunter2")
    said = gni("train", "run.dir=$", "loss='${run.dir}{oc.env:GNI_SECRET}'")
    assert said.code == 2
    assert "hunter2" not in said.err
    assert "got '${oc.env:GNI_SECRET}'" in said.err


def test_the_environment_is_read_for_who_asks(gni, monkeypatch):
    monkeypatch.setenv("GNI_LR", "0.25")
    said = gni("train", "lr=${oc.env:GNI_LR}")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert "reads the environment, and the value would be saved with the run; add --allow-env" in said.err
    assert gni("train", "lr=${oc.env:GNI_LR}", "--allow-env").code == 0
