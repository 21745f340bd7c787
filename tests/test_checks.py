"""The fields that OmegaConf has no type for, and the checks that stand in for it."""

import dataclasses
import typing

import pytest
from omegaconf import OmegaConf

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.errors import UsageError


@dataclasses.dataclass
class Free:
    """One key that OmegaConf takes as it comes, and one that it checks."""

    std: Unchecked[float | list[float] | None] = key(None, "a number or a list")
    depth: int = key(1, "a number")


@pytest.mark.parametrize("value", [0.5, [0.5, 1], {"name": "add"}, "text", None], ids=str)
def test_an_unchecked_field_takes_every_value(value):
    merged = OmegaConf.merge(OmegaConf.structured(Free), {"std": value})
    assert OmegaConf.to_object(merged) == Free(std=value)


def test_an_unchecked_field_is_shown_as_one_of_any_type():
    assert typing.get_type_hints(Free) == {"std": typing.Any, "depth": int}


@pytest.mark.parametrize("value", [[1], [1, 2], ("a",)], ids=str)
def test_a_list_that_holds_something_is_a_list(value):
    checks.listed("noise.std", value, "numbers", "[1,2]")


@pytest.mark.parametrize("value", [[], (), 1, "12", {"a": 1}, None], ids=str)
def test_what_is_no_list_or_empty_is_refused(value):
    with pytest.raises(UsageError) as refused:
        checks.listed("noise.std", value, "numbers", "[1,2]")
    assert str(refused.value) == f"noise.std: expected a list of numbers such as [1,2], got {value!r}"
