"""The Python blocks of the documentation run."""

import pytest
from python_blocks import PAGES, ROOT, blocks, run

WITH_BLOCKS = [page for page in PAGES if blocks(page.read_text())]


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.name)
def test_the_python_of_a_page_runs(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / "outputs"))
    run(str(page.relative_to(ROOT)), page.read_text())


@pytest.mark.parametrize("page", WITH_BLOCKS, ids=lambda page: page.name)
def test_blocks_that_do_not_run_say_why(page):
    for block in blocks(page.read_text()):
        kind, _, reason = block.mark.partition(": ")
        assert block.mark == "" or (kind in ("needs", "not run") and reason.strip()), (
            page.name,
            block.line,
            block.mark,
        )


def test_a_broken_block_is_found_at_its_line():
    wrong = "<!-- not run: it is wrong -->\n```python\n1 / 0\n```\n"
    page = f"text\n\n```python\na = 1\n```\n\n{wrong}```python\nb = a + c\n```\n"
    with pytest.raises(NameError, match="'c'") as error:
        run("page.md", page)
    assert error.traceback[-1].lineno + 1 == 12
    assert run("page.md", page.replace("a + c", "a + 1"))["b"] == 2


def test_there_are_pages_with_blocks():
    assert {"python.md", "stable.md", "adding.md"} <= {page.name for page in WITH_BLOCKS}
