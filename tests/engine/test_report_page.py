"""report.html: what its colors, its style, its pictures and its bytes promise."""

import base64
import itertools
import re

import fake_experiment as fake
import numpy as np
import pytest
import report_pages

from gnicli.contracts import number_text
from gnicli.contracts.results import About, Curve, FigureData, Panel, Results, Table, Value
from gnicli.engine import figures, sweep
from gnicli.engine.drawing.words import signed
from gnicli.engine.report import html, markdown, parts, pictures, templates, writing

CSS = templates.read("report.css")
MANIFEST = {"command": "train", "kind": "run", "status": "completed", "error": "", "command_line": "gni train"}
MOST_BYTES = 2_000_000


def colors():
    """The named colors of each scheme: light, dark, print. Dark and print change what light says."""
    blocks = [
        dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.S)
    ]
    light, dark, paper = blocks
    return {"light": light, "dark": light | dark, "print": light | paper}


def luminance(color):
    """Relative luminance as WCAG 2 defines it."""
    parts_of = [int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts_of]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize(
    ("scheme", "text", "ground"),
    list(itertools.product(("light", "dark", "print"), ("text", "muted", "link"), ("ground", "raised"))),
)
def test_every_text_can_be_read_on_every_ground(scheme, text, ground):
    found = colors()[scheme]
    assert contrast(found[text], found[ground]) >= 4.5


def test_the_style_has_no_color_but_those_that_are_computed():
    """Else a color could be hard to read without a test that says so."""
    rules = re.sub(r":root \{.*?\}", "", re.sub(r"/\*.*?\*/", "", CSS, flags=re.S), flags=re.S)
    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[;\s])", rules) == ["#fff"]  # behind pictures, which have their own colors
    assert set(re.findall(r"var\(--([\w-]+)\)", rules)) <= set(colors()["light"])
    assert colors()["dark"].keys() == colors()["print"].keys() == colors()["light"].keys()


def test_the_style_says_what_is_promised_of_narrow_screens_and_paper():
    paper = CSS.partition("@media print")[2]
    assert re.search(r"table, figure[^{]*\{[^}]*break-inside: avoid", paper)
    assert re.search(r"\.scrolled \{ overflow-x: auto", CSS)
    assert re.search(r"\.number \{[^}]*text-align: right[^}]*tabular-nums", CSS)
    assert "prefers-color-scheme: dark" in CSS


def curves(n=400):
    x = np.linspace(0, 10, n)
    rng = np.random.default_rng(0)
    return tuple(Curve(f"arm {k}", x, np.cumsum(rng.standard_normal(n)), style="line") for k in range(4))


@pytest.fixture(scope="module")
def folder(all_formats, tmp_path_factory):
    """A report of two figures, the second of which is wide, as a run writes it."""
    place = tmp_path_factory.mktemp("report")
    panel = Panel(curves(), "time", "position")
    wide, narrow = FigureData("Wide", (panel, panel), "Two panels"), FigureData("Narrow", (panel,), "One panel.")
    drawn = figures.write(place / "figures", {f"f{k}": wide if k % 2 else narrow for k in range(2)}, figures.FORMATS)
    writing.write(place, MANIFEST, results(), drawn)
    return place


def results(**changes):
    found = Results(
        {"loss": Value(0.25, 0.01, 4)},
        about=About("A title", {"data": "digits"}, "The loss is small."),
        tables={"Losses": Table(("arm", "loss", "word"), (("a", "-1.5 ± 0.1", "x"), ("b", "", "1 y")))},
        notes=("a note",),
    )
    return found._replace(**changes)


def test_a_figure_takes_its_smaller_file_and_six_fit_into_two_megabytes(folder):
    content = (folder / "report.html").read_text()
    page = report_pages.check(content)
    assert len(page.all("img")) == 2
    assert 3 * len(content) < MOST_BYTES
    shown = {picture["src"].partition(",")[2] for picture in page.all("img")}
    files = [[(folder / f"figures/f{k}.{kind}").read_bytes() for kind in ("svg", "png")] for k in range(2)]
    assert shown == {base64.b64encode(min(both, key=len)).decode() for both in files}


def test_wide_pictures_alone_keep_a_size_that_can_be_read(folder):
    page = report_pages.check((folder / "report.html").read_text())
    assert [picture.get("class", "") for picture in page.all("img")] == ["", "wide"]
    assert all(float(picture["width"]) > 300 for picture in page.all("img"))


def test_what_is_read_aloud_is_title_and_caption(folder):
    page = report_pages.check((folder / "report.html").read_text())
    assert [picture["alt"] for picture in page.all("img")] == ["Narrow. One panel", "Wide. Two panels"]


def test_columns_of_numbers_are_right_aligned_in_both(folder):
    text = (folder / "report.md").read_text()
    assert "| arm | loss | word |\n| --- | ---: | --- |\n| a | -1.5 ± 0.1 | x |" in text
    page = (folder / "report.html").read_text()
    assert re.search(r'<td class="number"><span class="whole">-1.5 ± 0.1</span></td>\s*<td>x</td>', page)


WORDS = ("alpha =", "untested", "<b>", "x_1/y_2", "steps of", "[", "]", "…", "-", "(", ")", "at&t", "of 3", "")


def drawn_numbers(rng, n):
    """Numbers as tables and sentences have them, each of which a browser could break."""
    for _ in range(n):
        size = 10.0 ** rng.integers(-300, 300)
        value, stderr = float(rng.normal() * size), float(abs(rng.normal()) * size)
        small = f"{rng.normal() * 1e-9:.3g}"
        yield str(rng.choice([number_text.with_error(value, stderr), f"{rng.normal():.3g} %", f"± {small}", small]))


@pytest.mark.parametrize("seed", range(5))
def test_no_number_is_broken_wherever_it_stands(seed):
    """In tables and sentences, among words and tags: a number keeps to its line, and no text is changed."""
    rng = np.random.default_rng(seed)
    numbers = list(drawn_numbers(rng, 40))
    texts = [
        " ".join([str(rng.choice(WORDS)), *(f"{number} {rng.choice(WORDS)}" for number in rng.choice(numbers, 3))])
        for _ in range(24)
    ]
    table = Table(("name", texts[0], "b"), tuple((texts[k], texts[k + 1], texts[k + 2]) for k in range(1, 12, 3)))
    figure = FigureData(texts[12], (), texts[13])
    found = results(
        about=About(texts[14], {texts[15]: texts[16]}, texts[17]), tables={texts[18]: table}, notes=tuple(texts[19:])
    )
    content = html.write(parts.document(MANIFEST, found, {"f": figure}), {}).decode()
    page = report_pages.check(content)  # which looks for numbers that can be broken
    shown = " ".join(page.texts)
    texts[12:14] = map(signed, texts[12:14])  # title and caption of a figure, as the picture has them
    numbers += [signed(number) for number in numbers]
    assert all(" ".join(text.split()) in shown for text in texts)
    whole = "\n".join(page.whole)
    can_break = [number for number in numbers if report_pages.BREAKABLE.search(number)]
    assert all(number in whole for number in can_break if any(number in text for text in texts))


def test_names_of_rows_and_columns_may_be_broken_between_their_parts(folder):
    document = parts.document(MANIFEST, results(values={"alpha_scaled/over_draws/layer1": Value(1.5)}, tables={}), {})
    content = html.write(document, {}).decode()
    assert "alpha_<wbr>scaled/<wbr>over_<wbr>draws/<wbr>layer1" in content
    assert "alpha_scaled/over_draws/layer1" in report_pages.check(content).texts


@pytest.mark.parametrize(("n", "is_broad"), [(5, False), (30, True)])
def test_what_is_wider_than_paper_has_the_name_of_its_column_at_each_value(n, is_broad):
    heads = tuple(f"rate <{k}>" for k in range(n))
    table = Table(("setting", *heads), (("a", *["0.0123 ± 0.0045"] * n),))
    page = report_pages.check(html.write(parts.document(MANIFEST, results(tables={"T": table}), {}), {}).decode())
    named = [cell["data-head"] for cell in page.all("td") if "data-head" in cell]
    assert named == (list(heads) if is_broad else [])
    assert [each.get("class") for each in page.all("table")].count("broad") == is_broad


def test_columns_of_sentences_get_room_and_columns_of_numbers_get_theirs():
    table = Table(("a", "b", "c", "d"), (("x", "word " * 20, "1", "two words now"), ("y", "", "2", "word")))
    content = html.write(parts.document(MANIFEST, results(tables={"T": table}), {}), {}).decode()
    assert re.findall(r'<th scope="col"( class="\w+")?>([a-d])</th>', content) == [
        ("", "a"), (' class="wordy"', "b"), (' class="number"', "c"), (' class="phrase"', "d")
    ]  # fmt: skip


def test_sections_come_in_their_order_and_say_the_same_in_both(folder):
    text, page = ((folder / f"report.{kind}").read_text() for kind in ("md", "html"))
    titles = re.findall("^## (.*)$", text, re.M)
    assert titles == ["What was run", "Result", "Figures", "Notes", "All values", "Provenance", "To run it again"]
    assert re.findall(r"<h2 [^>]*>(.*?)</h2>", page) == titles
    assert text.index("The loss is small.") < text.index("| arm |") < text.index("![Narrow]") < text.index("- a note")


def test_a_report_without_tables_of_its_own_has_its_values_as_the_result():
    document = parts.document(MANIFEST, results(tables={}, about=None), {})
    (section,) = [section for section in document.sections if section.name == "result"]
    assert [block.kind for block in section.blocks] == ["sentence", "table"]
    assert section.blocks[0].text == "a note"
    assert {section.name for section in document.sections}.isdisjoint({"notes", "values", "conditions", "jobs"})
    assert document.title == "gni train"


def test_errors_are_explained_where_there_are_some():
    for stderr, said in ((0.01, True), (None, False)):
        document = parts.document(MANIFEST, Results({"loss": Value(1.0, stderr)}), {})
        assert ("one standard error" in markdown.write(document).decode()) is said


def test_reports_link_to_the_pictures_that_are_drawn_and_to_no_others():
    walk = {"walk": FigureData("Walk", (), "")}
    for kinds, shown, in_text, on_page in (
        (("png", "pdf", "svg"), "![Walk](figures/walk.png)", {"png", "csv", "pdf"}, {"csv", "pdf", "svg", "png"}),
        (("svg",), "![Walk](figures/walk.svg)", {"svg", "csv"}, {"csv", "svg"}),
        ((), "**Walk**", {"csv"}, {"csv"}),
    ):
        document = parts.document(MANIFEST, results(), walk, kinds=kinds)
        text, page = markdown.write(document).decode(), html.write(document, {}).decode()
        assert shown in text
        assert set(re.findall(r"\(figures/walk\.(\w+)\)", text)) == in_text
        assert set(re.findall(r'"figures/walk\.(\w+)"', page)) == on_page


def test_a_figure_whose_files_are_gone_is_named():
    document = parts.document(MANIFEST, results(), {"walk ü": FigureData("Walk", (), "")})
    page = report_pages.check(html.write(document, {}).decode())
    assert not page.all("img")
    assert {"href": "figures/walk%20%C3%BC.csv"} in page.all("a")


def test_pictures_are_read_from_plain_files_alone(tmp_path):
    assert pictures.embedded(tmp_path, ["walk"]) == {}
    (tmp_path / "walk.png").write_bytes(b"png")
    assert pictures.embedded(tmp_path, ["walk"]) == {"walk": pictures.Picture("data:image/png;base64,cG5n")}
    (tmp_path / "walk.svg").write_bytes(b"")
    assert pictures.embedded(tmp_path, ["walk"])["walk"].address == "data:image/svg+xml;base64,"


def without_provenance(folder):
    page = (folder / "report.html").read_text()
    assert page.count('<section id="provenance"') == 1
    return re.sub('<section id="provenance".*?</section>', "", page, flags=re.S)


def test_a_run_that_is_resumed_has_the_same_page(tmp_path):
    fake.start(tmp_path / "whole", figures=True)
    with pytest.raises(RuntimeError):
        fake.start(tmp_path / "torn", run=lambda cfg, obs: fake.count(fake.config(fail_at=40), obs), figures=True)
    assert not (tmp_path / "torn" / "report.html").exists()
    fake.start(tmp_path / "torn", resume=True, figures=True)
    assert without_provenance(tmp_path / "torn") == without_provenance(tmp_path / "whole")
    report_pages.check((tmp_path / "torn" / "report.html").read_text())


def with_conditions(cfg, observer):
    about = About("Count", {"lr": f"{cfg.lr:g}", "steps": str(cfg.steps)}, "Counted.")
    return fake.count(cfg, observer)._replace(about=about)


def swept(folder, lrs, run):
    found = sweep.Sweep(folder, command="count", overrides=["lr=.1,.2"], argv=["gni", "count", "-m"])
    for number, lr in enumerate(lrs):
        fake.start(found.job_folder(number), run, in_sweep=True, overrides=[f"lr={lr}"], lr=lr)
    found.finish()
    return (folder / "report.md").read_text()


def test_the_report_of_a_sweep_says_what_its_runs_share_and_where_they_differ(tmp_path):
    text = swept(tmp_path / "s", (0.1, 0.2), with_conditions)
    assert text.startswith("# Sweep: Count\n\nSweep of gni count: completed.\n")
    assert "| lr | 2 values: 0.1; 0.2 |\n| steps | 60 |" in text
    assert "2 of 2 runs completed; they differ in lr (0.1, 0.2)." in text
    assert text.index("## What was run") < text.index("## Result") < text.index("## Jobs")
    page = report_pages.check((tmp_path / "s" / "report.html").read_text())
    assert {"Each run of the sweep", "2 values: 0.1; 0.2"} <= set(page.texts)


def test_the_report_of_a_sweep_of_runs_that_say_nothing(tmp_path):
    text = swept(tmp_path / "s", (0.1, 0.1), fake.count)
    assert text.startswith("# Sweep: gni count\n")
    assert "What was run" not in text
    assert "2 of 2 runs completed.\n" in text
