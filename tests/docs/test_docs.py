"""The documentation tells the truth: links lead somewhere, commands parse, what is generated is up to date."""

import re
import runpy
import shlex
from pathlib import Path

import pytest

from gnicli.cli import main, reference
from gnicli.launch.commands import COMMANDS

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
GROUPS = {path.name for path in (ROOT / "conf").iterdir() if path.is_dir()}


STARTS = tuple(f"gni {command}" for command in COMMANDS)


def commands(page: Path) -> list[str]:
    """The lines of fenced blocks, without a comment after two spaces and the & of a command left running."""
    blocks = re.findall(r"^```[^\n`]*\n(.*?)^```", page.read_text(), flags=re.S | re.M)
    lines = [line.strip() for block in blocks for line in block.splitlines()]
    return [re.split(r"\s{2,}|\s#|\s&$", line)[0] for line in lines if line.startswith(STARTS)]


def first_of(word: str) -> str:
    """The first value of a sweep's list, which `--cfg` can show: `M=1,2` is `M=1`, and so is `M=interval(1,2)`."""
    key, sign, value = word.partition("=")
    value = value.rpartition("interval(")[2].replace("range(", "0,")
    return word if set("[{") & set(value) else f"{key}{sign}{value.split(',')[0]}"


EXAMPLES = sorted({line for page in PAGES for line in commands(page)})


def test_there_are_examples():
    assert len(EXAMPLES) > 8


@pytest.mark.parametrize("line", EXAMPLES)
def test_the_commands_of_the_docs_compose(line, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path))
    words = [first_of(word) for word in shlex.split(line)[1:] if word not in ("--help", "-m")]
    ramp = "dataset=ramp" in line  # the example of a component that a reader adds
    code = main(words if "--cfg" in words else [*words, "--cfg", "job"])
    said = capsys.readouterr()
    assert code == (2 if ramp else 0), said.err
    assert ramp or "\nrun:\n" in said.out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)", page.read_text()):
        assert target.startswith("http") or (page.parent / target).exists(), target


def test_the_reference_is_up_to_date():
    assert (ROOT / "docs" / "reference.md").read_text() == reference.text(), "run make docs"


def test_the_readme_prints_the_commands_of_its_figures():
    figures = runpy.run_path(str(ROOT / "docs" / "make_figures.py"))["FIGURES"]
    readme = (ROOT / "README.md").read_text()
    for name, (command, _) in figures.items():
        assert command in readme
        assert (ROOT / "docs" / "figures" / f"{name}.png").exists()


def test_every_target_of_the_makefile_that_the_docs_name_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.M))
    named = {name for page in PAGES for name in re.findall(r"`make ([a-z-]+)`|^make ([a-z-]+)", page.read_text(), re.M)}
    assert {a or b for a, b in named} <= targets


def test_the_example_of_a_new_component_works(tmp_path, monkeypatch):
    """docs/adding.md's module is a data set."""
    source = re.search(r"```python\n(# gnicli/dataset/ramp.py.*?)```", (ROOT / "docs" / "adding.md").read_text(), re.S)
    path = tmp_path / "ramp.py"
    path.write_text(source[1])
    module = runpy.run_path(str(path), run_name="ramp")
    data = module["COMPONENT"](slope=2.0, n_train=5).load(0, None)
    assert data.train.targets[-1, 0] == 2.0
    assert data.train.inputs.shape == (5, 1)
