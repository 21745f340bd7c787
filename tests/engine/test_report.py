"""report.md and the screen show what strangers wrote as text: no tag, link, picture, heading or escape comes of it."""

import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.console import Console

from gnicli.contracts.results import FigureData, Results, Table, Value
from gnicli.engine import display, report, table_text

EVIL = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "[x](http://evil)", "![x](http://evil/p.png)",
    "a](http://evil) b", "[x]: http://evil", "[x][y]", "`code` and ``more``", "```\nfence", "# heading", "> quoted",
    "- item", "+ item", "1. one", "2) two", "---", "===", "| a | b |", "**bold** *it*", "w**2 and cos(w)**2",
    "~~gone~~", "&lt;b&gt; &#60;", "\\<b>", "\\`x\\`", "a\\|b", "a\\", "\x1b]0;title\x07", "\x1b[31mred",
    "one\n\n# two", "a\rb", "\u202etxt", "<!-- gone", "</td></tr>", "http://a.b/<x>", "<http://evil>", "~~~", "___",
    "***", "--", "- -",
]  # fmt: skip
MANIFEST = {"command": "train", "status": "failed", "error": "", "command_line": "gni train", "fingerprint": "f"}
LEAST = st.lists(st.sampled_from([*"<>`|[]()!*\\#&~-=:_\n\r\x1b 1.ax", *EVIL]), max_size=12).map("".join)


def rendered(text):
    """The report with a text wherever one can come from elsewhere."""
    content = report.render(
        {
            **MANIFEST,
            "error": text,
            "command_line": text,
            "arrays": {text: {"shape": [1], "meaning": text}},
            "host": text,
        },
        Results(
            {text: Value("word", unit=text), "another name": Value(text)},
            notes=(text,),
            warnings=(text,),
            tables={text: Table((text,), ((text,),))},
        ),
        {"walk": FigureData(text, (), text)},
        {title: Table((text,), ((text,),)) for title in ("Settings", "Jobs")},
    )
    return content.decode()


def kinds(tokens):
    return [kind for token in tokens for kind in [token.type, *kinds(token.children or [])]]


def words(tokens):
    return [
        part for token in tokens for part in ([token.content] if token.type == "text" else words(token.children or []))
    ]


READER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
PLAIN = "plain text"


@pytest.mark.parametrize("text", EVIL)
def test_a_report_has_the_same_shape_whatever_it_quotes(text):
    assert kinds(READER.parse(rendered(text))) == kinds(READER.parse(rendered(PLAIN)))


@settings(max_examples=40, deadline=None)
@given(LEAST.filter(lambda text: text.strip()))
@example("a|b")
@example("___<___")
@example("~~~<~~~")
def test_a_report_has_the_same_shape_whatever_it_quotes_at_random(text):
    found = rendered(text)
    assert kinds(READER.parse(found)) == kinds(READER.parse(rendered(PLAIN)))
    assert all(line.isprintable() for line in found.split("\n"))


@pytest.mark.parametrize("text", [text for text in EVIL if text.isprintable()])
def test_what_is_quoted_is_read_as_it_was(text):
    assert " ".join(text.split()) in words(READER.parse(rendered(text))) or text in "".join(
        token.content for token in READER.parse(rendered(text)) if token.type == "fence"
    )
    read = "".join(words(READER.parse(f"- {report._text(text)}\n")))
    assert read == text


def test_plain_sentences_stay_as_they_are():
    for text in ("alpha = 1.67 ± 0.03 (95 %: [1.61, 1.73]), n = 1,000", "-0.5 to 1.5", "train_loss_x", "1.5", "a > b"):
        assert report._text(text) == report._cell(text) == text


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
    text = report.render(MANIFEST, results, {}).decode()
    places = [
        text.index(part)
        for part in ("## Warnings", "the warning", "## Notes", "the note", "## The table", "## Results")
    ]
    assert places == sorted(places)
    assert "Warnings" not in report.render(MANIFEST, results._replace(warnings=()), {}).decode()
