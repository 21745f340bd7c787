"""Reports and the screen show what strangers wrote as text: no tag, link, picture, heading or escape comes of it."""

import functools
import io

import pytest
import report_pages
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from gnicli.contracts.results import About, FigureData, Results, Table, Value
from gnicli.engine import display, table_text
from gnicli.engine.report import html, markdown, parts, pictures

EVIL = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](http://evil)", "![x](http://evil/p.png)",
    "a](http://evil) b", "[x]: http://evil", "[x][y]", "`code` and ``more``", "```\nfence", "# heading", "> quoted",
    "- item", "+ item", "1. one", "2) two", "---", "===", "| a | b |", "**bold** *it*", "w**2 and cos(w)**2",
    "~~gone~~", "&lt;b&gt; &#60;", "\\<b>", "\\`x\\`", "a\\|b", "a\\", "\x1b]0;title\x07", "\x1b[31mred",
    "one\n\n# two", "a\rb", "\u202etxt", "<!-- gone", "</td></tr>", "http://a.b/<x>", "<http://evil>", "~~~", "___",
    "***", "--", "- -", '"><script>alert(1)</script>', "' onload='x", '" onerror="x', "javascript:alert(1)",
    "</style><b>", "</title><b>", "{{ 7 * 7 }}", "{% raw %}", "]]>", "<?x ?>", "&quot;", "\ud800", "\x00a",
]  # fmt: skip
MANIFEST = {"command": "train", "status": "failed", "error": "", "command_line": "gni train", "fingerprint": "f"}
LEAST = st.lists(st.sampled_from([*"<>`|[]()!*\\#&~-=:_\n\r\x1b 1.ax", *EVIL]), max_size=12).map("".join)


def document(text):
    """A report with a text wherever one can come from elsewhere."""
    return parts.document(
        {
            **MANIFEST,
            "error": text,
            "command_line": text,
            "arrays": {text: {"shape": [1], "meaning": text}, "another array": {"shape": [1], "meaning": "a word"}},
            "host": text,
        },
        Results(
            {text: Value("word", unit=text), "another name": Value(text, unit="m")},
            notes=(text, text),
            warnings=(text,),
            tables={text: Table((text, text), ((text, text), *WORDS))},
            about=About(text, dict([(text, text), *WORDS]), text),
        ),
        {"walk": FigureData(text, (), text)},
        {"Jobs": Table((text,), ((text,),)), "Settings": Table((text,), ((text,),))},
    )


def rendered(text):
    return markdown.write(document(text)).decode()


def page(text):
    drawn = {"walk": pictures.Picture("data:image/png;base64,", 900, 300)}
    return html.write(document(text), drawn).decode()


def kinds(tokens):
    return [kind for token in tokens for kind in [token.type, *kinds(token.children or [])]]


def words(tokens):
    return [
        part for token in tokens for part in ([token.content] if token.type == "text" else words(token.children or []))
    ]


@functools.cache
def plain_kinds():
    return kinds(READER.parse(rendered(PLAIN)))


@functools.cache
def plain_shape():
    return report_pages.check(page(PLAIN)).shape


READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PLAIN = "plain text"
WORDS = (("another key", "word"),)  # keep a column from being one of numbers, which is aligned otherwise


@pytest.mark.parametrize("text", EVIL)
def test_a_report_has_the_same_shape_whatever_it_quotes(text):
    assert kinds(READER.parse(rendered(text))) == plain_kinds()


@pytest.mark.parametrize("text", EVIL)
def test_a_page_has_the_same_tags_and_attributes_whatever_it_quotes(text):
    assert report_pages.check(page(text)).shape == plain_shape()


@settings(max_examples=40)
@given(st.one_of(LEAST, st.text(st.characters(codec="utf-8"))).filter(lambda text: text.strip()))
def test_a_page_has_the_same_tags_and_attributes_whatever_it_quotes_at_random(text):
    assert report_pages.check(page(text)).shape == plain_shape()


@pytest.mark.parametrize("text", [text for text in EVIL if text.isprintable()])
def test_a_page_is_read_as_what_it_quotes(text):
    found = report_pages.check(page(text))
    assert found.texts.count(" ".join(text.split())) >= 10
    (picture,) = found.all("img")
    assert picture["alt"].startswith(text.rstrip("."))


@settings(max_examples=40)
@given(LEAST.filter(lambda text: text.strip()))
@example("a|b")
@example("___<___")
@example("~~~<~~~")
def test_a_report_has_the_same_shape_whatever_it_quotes_at_random(text):
    found = rendered(text)
    assert kinds(READER.parse(found)) == plain_kinds()
    assert all(line.isprintable() for line in found.split("\n"))


@pytest.mark.parametrize("text", [text for text in EVIL if text.isprintable()])
def test_what_is_quoted_is_read_as_it_was(text):
    assert " ".join(text.split()) in words(READER.parse(rendered(text))) or text in "".join(
        token.content for token in READER.parse(rendered(text)) if token.type == "fence"
    )
    read = "".join(words(READER.parse(f"- {markdown.text(text)}\n")))
    assert read == text


def test_plain_sentences_stay_as_they_are():
    for text in ("alpha = 1.67 ± 0.03 (95 %: [1.61, 1.73]), n = 1,000", "-0.5 to 1.5", "train_loss_x", "1.5", "a > b"):
        assert markdown.text(text) == markdown.cell(text) == text


@pytest.mark.parametrize("text", [*EVIL, "[/]", "[bold]x[/bold]", "[link=http://evil]x[/link]"])
def test_the_screen_shows_text_without_markup_and_control_characters(text, capsys):
    table_text.print_table(Table((text,), ((text,),)), text)
    display.Display(live=False).note(text)
    live = io.StringIO()
    console = Console(file=live, force_terminal=True, width=100, color_system=None)
    shown = display.Display(live=True, console=console)
    shown.stage(text)
    shown.update(text, 1, 2, "step", {})
    shown.note(text)
    out, err = capsys.readouterr()
    for line in (*out.split("\n"), *err.split("\n")):
        assert line.isprintable()
    assert "\x07" not in live.getvalue()
    assert "]0;" not in live.getvalue().replace("\\x1b]0;", "")
    assert "\x1b[31m" not in live.getvalue()
    if text.isprintable():
        assert err == f"{text}\n"
        assert out.count(text.strip()) == 3


def test_a_report_gives_the_warnings_before_tables_notes_and_values():
    results = Results(
        {"v": Value(1.0)},
        notes=("the note",),
        warnings=("the warning",),
        tables={"The table": Table(("head",), (("cell",),))},
    )
    text = markdown.write(parts.document(MANIFEST, results, {})).decode()
    said = ("## Warnings", "the warning", "## Result", "the note", "head", "## All values")
    places = [text.index(part) for part in said]
    assert places == sorted(places)
    without = parts.document(MANIFEST, results._replace(warnings=()), {})
    assert "Warnings" not in markdown.write(without).decode()
