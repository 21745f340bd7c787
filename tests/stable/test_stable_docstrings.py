"""Every public name of `gnicli.stable` explains itself with an example that runs."""

import doctest
import importlib
import inspect

import pytest

import gnicli.stable
import gnicli.stable.tensors
from gnicli.stable.tempered import TemperedStableLaw


def public():
    """Names and objects: those of `__all__`, and the methods and properties that their classes define."""
    found = {}
    named = [(name, getattr(gnicli.stable, name)) for name in gnicli.stable.__all__]
    for name, each in [*named, ("TemperedStableLaw", TemperedStableLaw)]:
        found[name] = each
        if inspect.isclass(each):
            owners = [owner for owner in each.__mro__ if owner.__module__.startswith("gnicli.stable")]
            defined = {key: value for owner in owners for key, value in vars(owner).items() if not key.startswith("_")}
            found |= {f"{name}.{key}": value for key, value in defined.items() if callable(value) or is_property(value)}
    tensors = gnicli.stable.tensors
    return found | {"tensors.logpdf": tensors.logpdf, "tensors.Stable": tensors.Stable}


def is_property(value):
    return isinstance(value, property)


PUBLIC = public()


def test_there_are_methods_and_properties():
    methods = {"StableLaw.rvs", "StableLaw.isf", "StableLaw.entropy", "StableFit.log_likelihood"}
    assert methods | {"fit", "hill"} <= PUBLIC.keys()


@pytest.mark.parametrize("name", PUBLIC)
def test_the_example_runs(name):
    each = PUBLIC[name]
    owner = each.fget if is_property(each) else each
    found = doctest.DocTestParser().get_doctest(
        inspect.getdoc(owner), vars(importlib.import_module(owner.__module__)).copy(), name, None, None
    )
    assert found.examples, "no example"
    said = []
    doctest.DocTestRunner().run(found, out=said.append)
    assert not said, "".join(said)
