"""Tables as LaTeX, for a paper: `\\input{tables/laws-compared.tex}` with the package booktabs.

A file holds one `tabular`, without a float or a caption, which belong to the paper. Numbers are in math mode, and every
other character stands for itself, whoever wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from gnicli import files
from gnicli.contracts.number_text import MARK
from gnicli.contracts.results import Results, Table
from gnicli.engine.table_text import results_table
from gnicli.errors import shown

FOLDER = "tables"

_ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", "–": "--", "—": "---", "…": r"\ldots{}", "\N{NO-BREAK SPACE}": "~",
}  # fmt: skip
_PAIRS = re.compile(r"([-,'`?!])(?=[-,'`])")  # of these LaTeX makes dashes and quotation marks
# What pdflatex has no glyph for in text.
_MATH = {
    "±": r"\pm", "†": r"^\dagger",
    "−": "-", "≤": r"\le", "≥": r"\ge", "≈": r"\approx", "×": r"\times", "·": r"\cdot", "∞": r"\infty",
    "‖": r"\|", "∇": r"\nabla", "√": r"\sqrt{}", "→": r"\to", "≠": r"\ne", "²": "^2", "³": "^3", "⁴": "^4",
    "₀": "_0", "₁": "_1", "₂": "_2", "ᵢ": "_i", "ℓ": r"\ell", "∂": r"\partial", "Σ": r"\Sigma", "Δ": r"\Delta",
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "ε": r"\varepsilon", "θ": r"\theta", "λ": r"\lambda", "μ": r"\mu",
    "ξ": r"\xi", "π": r"\pi", "ρ": r"\rho", "σ": r"\sigma", "τ": r"\tau", "φ": r"\varphi", "χ": r"\chi",
    "ψ": r"\psi", "ω": r"\omega", "δ": r"\delta", "η": r"\eta", "κ": r"\kappa",
}  # fmt: skip
_NUMBER = r"[+−-]?(?:\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+\.?\d*|\.\d+)(?:[eE][+−-]?\d+)?|[+−-]?(?:inf|∞)"
_SIGN = r"±|\+-|…|≤|≥|<|>|≈|="
# A number, or numbers with signs before and between them: ≤ 0.005, 1.50 ± 0.02, 0.1 … 0.3.
_NUMBERS = re.compile(rf"(?:(?:{_SIGN}) ?)?(?:{_NUMBER})(?: (?:{_SIGN}) (?:{_NUMBER}))*")
_PIECE = re.compile(rf"({_SIGN})|({_NUMBER})")
_IN_TEXT = re.compile(rf"(?<![\w.,+−–-])(?:{_NUMBERS.pattern})(?!\w|[.,]\d|[–-])")
_SIGNS = {"±": r"\pm", "+-": r"\pm", "…": r"\ldots", "≤": r"\le", "≥": r"\ge", "≈": r"\approx"}


def latex(table: Table, title: str = "") -> str:
    """The table as a `tabular` of booktabs: texts to the left, columns of numbers to the right.

    `title` is a comment above it.
    """
    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.header)
    sides = "".join("r" if k and _is_numeric(column) else "l" for k, column in enumerate(columns))
    lines = [
        f"% {shown(' '.join(title.split()))}",
        r"% \usepackage{booktabs}",
        rf"\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        _line(table.header),
        r"\midrule",
        *map(_line, table.rows),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    return "\n".join(lines if title else lines[1:]) + "\n"


def tables_of(results: Results) -> dict[str, Table]:
    """The tables of a run by title: the experiment's own, or where it has none its values."""
    if results.tables or not results.values:
        return dict(results.tables)
    return {"Results": results_table(results.values)}


def write(folder: Path, tables: Mapping[str, Table]) -> None:
    """Write each table to `folder`/tables/NAME.tex, where NAME is its title without numbers, or a number after it.

    Raises `ResourceError` where the disk is full.
    """
    files.make_folder(folder / FOLDER)
    for name, (title, table) in zip(names(list(tables)), tables.items(), strict=True):
        files.replace(folder / FOLDER / f"{name}.tex", latex(table, title).encode())


def names(titles: list[str]) -> list[str]:
    """A file name for each title: its words up to the first bracket or comma, which is where numbers begin.

    >>> names(["Laws compared", "Stable law (S1), n = 2000", "Stable law (S0)"])
    ['laws-compared', 'stable-law', 'stable-law-2']
    """
    found: list[str] = []
    for title in titles:
        words = "-".join(re.findall(r"[a-z0-9]+", re.split(r"[(,:]", title.lower())[0]))[:60].strip("-") or "table"
        name, k = words, 1
        while name in found:
            k += 1
            name = f"{words}-{k}"
        found.append(name)
    return found


def _is_numeric(column: tuple[str, ...]) -> bool:
    return all(not cell or _NUMBERS.fullmatch(cell.removesuffix(f" {MARK}")) for cell in column)


def _line(cells: tuple[str, ...]) -> str:
    return " & ".join(map(_cell, cells)) + r" \\"


def _cell(cell: str) -> str:
    text, at = "", 0
    plain = shown(cell)
    for found in _IN_TEXT.finditer(plain):
        text += _text(plain[at : found.start()]) + _math(found.group())
        at = found.end()
    text += _text(plain[at:])
    # After the end of a row LaTeX takes a bracket for the row's height, and a star for a mark.
    return f"{{{text[0]}}}{text[1:]}" if text[:1] in ("[", "*") else text


def _math(numbers: str) -> str:
    pieces = []
    for sign, number in _PIECE.findall(numbers):
        pieces.append(_SIGNS.get(sign, sign) if sign else _number(number))
    return f"${' '.join(pieces)}$"


def _number(number: str) -> str:
    mantissa, _, exponent = number.lower().replace("−", "-").replace("∞", "inf").partition("e")
    mantissa = mantissa.replace(",", "{,}").replace("inf", r"\infty")
    return rf"{mantissa} \times 10^{{{int(exponent.replace('+', ''))}}}" if exponent else mantissa


def _text(text: str) -> str:
    apart = [(_ESCAPES.get(c, c) if c not in _MATH else f"${_MATH[c]}$") for c in _PAIRS.sub("\\1\0", text)]
    return "".join("{}" if each == "\0" else each for each in apart)
