"""Expressions are typed as `--help` prints them."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from gnicli.launch import expressions, schema_keys


def read(word):
    (quoted,) = expressions.quote([word])
    return OverridesParser.create().parse_overrides([quoted])[0].value()


def default(command):
    return next(entry.default for entry in schema_keys.of_command(command) if entry.name == "functions")


@pytest.mark.parametrize(
    ("typed", "texts"),
    [
        (default("simulate-sde"), ["w", "w**2", "cos(w)"]),
        (default("kde-stationary"), ["w", "w**2", "cos(w)"]),
        ("w**2", ["w**2"]),
        ("cos(w)", ["cos(w)"]),
        ("[w]", ["w"]),
        ("[minimum(w,1),maximum(w, 2) , w<=1]", ["minimum(w,1)", "maximum(w, 2)", "w<=1"]),
        ("[w,\"w**2\",'cos(w)']", ["w", "w**2", "cos(w)"]),
        ("minimum(w,1)", ["minimum(w,1)"]),
        ("[exp(-abs(w)) * (w > 0), -w, 2, 1e-3]", ["exp(-abs(w)) * (w > 0)", "-w", "2", "1e-3"]),
        ("[]", []),
    ],
)
def test_functions_are_read_as_documented(typed, texts):
    found = read(f"functions={typed}")
    assert [getattr(text, "text", text) for text in found] == texts


@pytest.mark.parametrize("word", ["functions=null", "functions=${x}", "functions=choice([w],[w,1])", "lr=w**2", "w**2"])
def test_other_words_stay(word):
    assert expressions.quote([word]) == [word]


def test_a_run_takes_them(tmp_path):
    import json

    from gnicli.cli import main

    words = ("n_chains=20", "n_steps=100", "burn_in=0", "n_bins=200", "exit_steps=0", f"run.dir={tmp_path / 'run'}")
    assert main(["simulate-sde", *words, "functions=[w,w**2,cos(w)]"]) == 0
    found = json.loads((tmp_path / "run" / "results.json").read_text())
    assert {"mean/w", "mean/w**2", "mean/cos(w)"} <= found.keys()
