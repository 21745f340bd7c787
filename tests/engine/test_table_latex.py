"""Tables as LaTeX: read back they are the texts and numbers that they were, whatever the labels hold."""

import re
import shutil
import subprocess

import fake_experiment as fake
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gnicli.contracts.results import Results, Table, Value
from gnicli.engine import sweep, table_latex
from gnicli.engine.table_latex import latex, names
from gnicli.errors import shown
from gnicli.launch import arguments

COMMANDS = {
    "textbackslash": "\\", "textasciitilde": "~", "textasciicircum": "^", "textless": "<", "textgreater": ">",
    "textbar": "|", "ldots": "…", "pm": "±", "le": "≤", "ge": "≥", "approx": "≈", "times": "×", "infty": "inf",
}  # fmt: skip
TOKEN = re.compile(
    r"\\(?P<escaped>[{}$&#%_])|\\(?P<command>[a-z]+)(?P<ended>\{\})?|(?P<dash>---?)|(?P<mark>[`'?!,])(?=[-`',])"
    r"|(?P<plain>.)"
)


def read(cell):
    """A cell as LaTeX reads it: escapes undone, math without its marks. Fails where it would be taken for a command."""
    text, depth, in_math = "", 0, False
    for token in TOKEN.finditer(cell):
        plain, command = token["plain"], token["command"]
        assert token["mark"] is None, f"a ligature in {cell!r}"
        if token["escaped"]:
            text += token["escaped"]
        elif command:
            assert in_math or token["ended"], f"\\{command} takes the blank after it in {cell!r}"
            text += COMMANDS[command]
        elif token["dash"]:
            text += "–" if len(token["dash"]) == 2 else "—"
        elif plain == "$":
            in_math = not in_math
        elif plain in "{}":
            depth += 1 if plain == "{" else -1
            assert depth >= 0
        else:
            assert plain not in ("\\&#%" if in_math else "\\&#%^_"), f"{plain!r} is no text in {cell!r}"
            text += "\N{NO-BREAK SPACE}" if plain == "~" else plain
    assert depth == 0
    assert not in_math
    return text


def cells_of(line):
    assert line.endswith(r" \\")
    return re.split(r" (?<!\\)& ", line.removesuffix(r" \\"))


labels = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cs", "Nd", "Nl", "No"], exclude_characters="".join(table_latex._MATH)
    )
    | st.sampled_from("\\{}$&#%_~^<>|[]*-–—…'`\",.?!=+ \N{NO-BREAK SPACE}"),
    max_size=12,
).filter(lambda text: "inf" not in text)


@given(st.lists(st.tuples(labels, labels, labels), min_size=1, max_size=4))
@example([("[2]", "*", "--"), ("a\\", "?`''`` ,,", "$\\alpha$")])
@settings(max_examples=300, deadline=None)
def test_labels_stand_for_themselves(rows):
    header, *body = rows
    lines = latex(Table(header, tuple(body)), "a title\nof two lines").splitlines()
    assert lines[0] == "% a title of two lines"
    assert [lines[k] for k in (1, 3, 5, -2, -1)] == [
        r"% \usepackage{booktabs}", r"\toprule", r"\midrule", r"\bottomrule", r"\end{tabular}"
    ]  # fmt: skip
    for line, row in zip((lines[4], *lines[6:-2]), rows, strict=True):
        assert line[:1] not in ("[", "*")  # LaTeX would take it for an argument of the line above
        assert [read(cell) for cell in cells_of(line)] == [shown(label) for label in row]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("-13,940.25", "$-13{,}940.25$"),
        ("1.50 ± 0.02", r"$1.50 \pm 0.02$"),
        ("+0.0100 ± 2e-05", r"$+0.0100 \pm 2 \times 10^{-5}$"),
        ("-0.1 … 3e+02", r"$-0.1 \ldots 3 \times 10^{2}$"),
        ("≤ 0.005", r"$\le 0.005$"),
        ("inf", r"$\infty$"),
        ("−∞", r"$-\infty$"),
        ("−∞: density 0 at 1 of 400", r"$-\infty$: density $0$ at $1$ of $400$"),
        ("df = 3.02, loc = -2e-05", r"df $= 3.02$, loc $= -2 \times 10^{-5}$"),
        ("layer1/W_2", r"layer1/W\_2"),
        ("2026-11-26", "2026-11-26"),
        ("info", "info"),
        ("α of 5 %", r"$\alpha$ of $5$ \%"),
    ],
)
def test_numbers_are_in_math_mode(cell, expected):
    assert cells_of(latex(Table(("law",), ((cell,),))).splitlines()[5]) == [expected]


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(1e-12, 1e12))
@settings(max_examples=200, deadline=None)
def test_numbers_keep_their_value_and_error(value, stderr):
    (cell,) = cells_of(latex(Table(("law",), ((f"{value:.5g} ± {stderr:.2g}",),))).splitlines()[5])
    parts = [re.sub(r" × 10", "e", part).replace("^", "") for part in read(cell).split(" ± ")]
    assert [float(part) for part in parts] == [float(f"{value:.5g}"), float(f"{stderr:.2g}")]


def test_columns_of_numbers_are_right_aligned():
    rows = (("1", "1.5 ± 0.1", "a", ""), ("2", "", "3", "≤ 0.1"))
    assert r"\begin{tabular}{lrlr}" in latex(Table(("n", "value", "verdict", "p"), rows))
    assert r"\begin{tabular}{lr}" in latex(Table(("a", "b"), ()))


@given(st.lists(st.text(max_size=20), max_size=8))
@example(["Laws compared", "laws Compared", "Laws compared-2", "Laws compared"])
def test_files_have_plain_names_of_their_own(titles):
    found = names(titles)
    assert len(set(found)) == len(titles) == len(found)
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in found)


def test_numbers_in_a_title_do_not_rename_its_file():
    assert names(["Stable law (S1), n = 2000"]) == names(["Stable law (S0), n = 50"]) == ["stable-law"]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_pdflatex_takes_it(tmp_path):
    table = latex(Table(("[a] & b", "± ‖x‖"), (("*", "1.5 ± 0.1"), ("\\alpha_{1}", "−∞: 1e-9"), ("α ≤ β", "?`--,,"))))
    document = rf"\documentclass{{article}}\usepackage{{booktabs}}\begin{{document}}{table}\end{{document}}"
    (tmp_path / "t.tex").write_text(document)
    done = subprocess.run(["pdflatex", "-halt-on-error", "t.tex"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]


# ----------------------------------------------------------------------------------------------------- where it is made


def tables_in(folder):
    return {path.name for path in (folder / "tables").glob("*")}


@pytest.mark.parametrize("wanted", [True, False])
def test_a_run_writes_its_tables_where_that_is_asked_for(tmp_path, wanted):
    own = Table(("law", "n"), (("a_b", "3"),))

    def experiment(cfg, observer):
        return Results({"x": Value(1.0)}, tables={"Laws compared": own, "Tests, n = 3": own})

    folder = fake.start(tmp_path / "run", experiment, run_keys={"latex": wanted}).folder
    assert tables_in(folder) == ({"laws-compared.tex", "tests.tex"} if wanted else set())
    if wanted:
        assert (folder / "tables" / "tests.tex").read_text() == latex(own, "Tests, n = 3")


def test_a_run_without_tables_of_its_own_writes_its_values(tmp_path):
    folder = fake.start(tmp_path / "run", run_keys={"latex": True}).folder
    text = (folder / "tables" / "results.tex").read_text()
    assert re.search(r"train\\_loss & \$\d+\.\d\d \\pm 0\.25\$ & \$4\$ &", text)


@pytest.mark.parametrize("wanted", [True, False])
def test_a_sweep_whose_jobs_write_tables_writes_its_own(tmp_path, wanted):
    swept = sweep.Sweep(tmp_path / "s", command="count", overrides=["lr=.1,.2"], argv=["gni", "count", "-m"])
    for number, lr in enumerate((0.1, 0.2)):
        fake.start(swept.job_folder(number), in_sweep=True, overrides=[f"lr={lr}"], lr=lr, run_keys={"latex": wanted})
    folder = swept.finish().folder
    assert tables_in(folder) == ({"settings.tex", "jobs.tex"} if wanted else set())
    if wanted:
        assert r"lr=0.1 & completed &" in (folder / "tables" / "jobs.tex").read_text().replace("$", "")


def test_the_flag_is_short_for_the_key():
    assert arguments.split(["M=4", "--latex"]).overrides == ["M=4", "run.latex=true"]
    assert arguments.split(["M=4"]).overrides == ["M=4"]


def test_a_mark_behind_a_number_leaves_its_column_one_of_numbers():
    text = latex(Table(("result", "value"), (("a", "0.02 †"), ("b", "1.5 ± 0.1"))))
    assert r"\begin{tabular}{lr}" in text
    assert r"a & $0.02$ $^\dagger$ \\" in text
