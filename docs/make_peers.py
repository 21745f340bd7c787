"""Make docs/peers.md, gni's stable law beside other packages: `python docs/make_peers.py`.

The page is made from docs/peers.json and docs/peers-tables.csv, which `make peers` measures (benchmarks/peers.py says
how). What is said of the packages beside figures is in docs/peers-texts.txt.
"""

import csv
import json
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
RECORD, WRONG, PAGE = DOCS / "peers.json", DOCS / "peers-tables.csv", DOCS / "peers.md"
TEXTS = DOCS / "peers-texts.txt"
NAMES = ("gni", "SciPy", "PyLevy", "AUB-HTP")
_TITLES = {
    "accuracy": "Accuracy at reference points", "tables": "The public tables", "speed": "Speed", "fits": "Fits",
}  # fmt: skip
_GROUPS = {"ordinary": "ordinary", "other": "edges and tails"}
_FUNCTIONS = {"pdf": "density", "tail": "smaller tail"}


def text() -> str:
    """The whole page."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    parts = {"accuracy": _accuracy, "tables": _tables, "speed": _speed, "fits": _fits}
    lines = []
    for name, part in parts.items():
        lines += [f"## {_TITLES[name]}", ""]
        if name in record:
            lines += [_about(record[name]["about"]), "", *part(record[name]["found"]), ""]
        else:
            lines += ["Not measured in this record.", ""]
    page = TEXTS.read_text(encoding="utf-8")
    page = page.replace("<!-- figures: ahead -->\n", "\n".join([*_ahead(record), "", ""]))
    return page.replace("<!-- figures: all -->\n", "\n".join([*lines, ""]))


def _about(about: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return (
        f"Measured {about['date']}, seed {about['seed']}, on one of {about['cores']} "
        f"cores of a busy server ({about['cpu']}); {versions}."
    )


def _table(head: list[str], rows: list[list[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "| --- " * len(head) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return "0" if value == 0.0 else f"{value:.2g}"


def _share(found: dict[str, Any], tolerance: str) -> str:
    """Of the points within a tolerance: in per cent, never 100 where one is not."""
    share = 100.0 * found["within"][tolerance] / found["points"]
    return "100 %" if share == 100.0 else f"{min(share, 99.9):.1f} %"


# --------------------------------------------------------------------------------------------------- who is ahead


def _measured(results: dict[str, Any]) -> dict[str, list[Any]]:
    """What each package has measured; without errors."""
    without = {name: [each for each in of if each is not None] for name, of in results.items() if isinstance(of, list)}
    return {name: each for name, each in without.items() if each}


def _ahead(record: dict[str, Any]) -> Iterator[str]:
    """Where a peer is ahead of gni, by the figures."""
    yield "By the figures below:\n"
    said = 0
    for name, task in record.get("speed", {}).get("found", {}).items():
        times = {name: statistics.median(each) for name, each in _measured(task).items()}
        for peer, seconds in times.items():
            if peer != "gni" and seconds < times["gni"]:
                said += 1
                yield f"- **{peer} is faster**: {name}, in {seconds / times['gni']:.2g} of gni's time."
    for size, results in record.get("fits", {}).get("found", {}).items():
        times = {name: statistics.median(fit["seconds"] for fit in each) for name, each in _measured(results).items()}
        for peer, seconds in times.items():
            if peer != "gni" and seconds < times["gni"]:
                said += 1
                yield f"- **{peer} is faster**: a fit of {int(size):,}, in {seconds / times['gni']:.2g} of gni's time."
    accuracy = record.get("accuracy", {}).get("found", {})
    for function, what in _FUNCTIONS.items():
        for group, words in _GROUPS.items():
            errors = {name: found[function][group]["median"] for name, found in accuracy.items()}
            for peer, error in errors.items():
                if peer != "gni" and error is not None and error < errors["gni"]:
                    said += 1
                    yield (
                        f"- **{peer} has the smaller median error** of the {what} at points called {words}: "
                        f"{_number(error)}, gni {_number(errors['gni'])}."
                    )
    if not said:
        yield "- In no figure is a peer ahead."


# --------------------------------------------------------------------------------------------------------- the parts


def _accuracy(found: dict[str, Any]) -> Iterator[str]:
    yield "Relative errors against values of 20 digits. A per cent is the share of points with an error up to that at"
    yield "its head; what a package has no number for counts as not within.\n"
    for function, what in _FUNCTIONS.items():
        for group, words in _GROUPS.items():
            rows = []
            for name in (name for name in NAMES if name in found):
                errors = found[name][function][group]
                shares = [_share(errors, each) for each in ("0.01", "0.0001", "1e-06", "1e-10")]
                worst, median = _number(errors["worst"]), _number(errors["median"])
                rows.append([name, f"{errors['points']:,}", median, worst, *shares, str(errors["no_number"])])
            head = [f"{what}, {words}", "points", "median", "worst", "1e-2", "1e-4", "1e-6", "1e-10", "no number"]
            yield from (*_table(head, rows), "")
    if missing := [name for name in NAMES if name not in found]:
        yield f"Not measured in this record: {', '.join(missing)}."


def _tables(found: dict[str, Any]) -> Iterator[str]:
    with WRONG.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    wrong = [row for row in rows if row["is_wrong"] == "True"]
    counts = found["rows_of_tables"]
    yield (
        f"Of the {counts['quantiles']:,} quantiles and {counts['densities']:,} densities of Nolan's programs, versions "
        f"2.2 and 3.14, {found['doubted']:,} differ from gni by more than 1e-4 beyond the rounding of x. Zolotarev's "
        f"integral in mpmath (`benchmarks/stable_quadrature.py`) says that the table is wrong in {len(wrong):,} of "
        f"these, and in {found['doubted'] - len(wrong):,} gni. All are in "
        "[peers-tables.csv](peers-tables.csv), with the values of both and of the integral. They are of these laws:\n"
    )
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in wrong:
        groups.setdefault((row["table"], row["alpha"]), []).append(row)
    lines = []
    for (table, alpha), members in sorted(groups.items()):
        betas = sorted({float(row["beta"]) for row in members})
        tails = sorted(float(row["exact"]) for row in members)
        theirs = max(abs(float(row["error_of_table"])) for row in members)
        ours = max(abs(float(row["error_of_gni"])) for row in members)
        beta = f"{betas[0]:g} to {betas[-1]:g}" if len(betas) > 1 else f"{betas[0]:g}"
        extent = f"{tails[0]:.1e} to {tails[-1]:.1e}"
        lines.append([table, alpha, beta, str(len(members)), extent, _number(theirs), _number(ours)])
    head = ["table", "alpha", "beta", "wrong rows", "exact tail or density", "worst error of the table", "of gni"]
    yield from _table(head, lines)
    yield (
        f"\nErrors of the packages at the other rows of {found['laws']} laws drawn at random, where the last digit of "
        "x matters less than 1e-7. Quantiles have 8 digits, so that errors below 1e-7 are the table's; whose those "
        "between that and 1e-4 are was not looked into:\n"
    )
    lines = []
    for key, errors in found["errors"].items():
        shares = [_share(errors, each) for each in ("0.01", "0.0001", "1e-06")]
        worst, median = _number(errors["worst"]), _number(errors["median"])
        lines.append([key, f"{errors['points']:,}", median, worst, *shares, str(errors["no_number"])])
    yield from _table(["", "rows", "median", "worst", "1e-2", "1e-4", "1e-6", "no number"], lines)


def _duration(seconds: float) -> str:
    for unit, size in (("µs", 1e-6), ("ms", 1e-3)):
        if seconds < 1000.0 * size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds:.3g} s"


def _cell(times: Any, ours: list[float], limit: str) -> str:
    """Median time with its ratio to gni's, or why there is none."""
    if times is None:
        return "has none"
    if isinstance(times, str):
        return f"over {limit}" if times == "slow" else times
    right = [each for each in times if each is not None]
    wrong = len(times) - len(right)
    if not right:
        return "an error each time"
    median = statistics.median(right)
    ratio = "" if right == ours else f" ({median / statistics.median(ours):.2g})"
    return _duration(median) + ratio + (f", {wrong} of {len(times)} in error" if wrong else "")


def _speed(found: dict[str, Any]) -> Iterator[str]:
    n = len(next(iter(found.values()))["gni"])
    yield f"Time of one call, the median over {n} random laws, and in brackets how many times that of gni. Other work"
    yield "ran beside it: read the ratios rather than the times.\n"
    rows = [[task, *(_cell(times[name], times["gni"], "10 s") for name in NAMES)] for task, times in found.items()]
    yield from _table(["", *NAMES], rows)


def _fits(found: dict[str, Any]) -> Iterator[str]:
    n = len(next(iter(found.values()))["gni"])
    yield f"All four parameters, {n} samples of random laws of each size: median time, in brackets how many"
    yield "times that of gni, and how far the fit is below the likeliest of those measured, in nats: median, worst.\n"
    rows = []
    for size, results in found.items():
        ours = [fit["seconds"] for fit in results["gni"]]
        cells = []
        for name in NAMES:
            fits = results.get(name, "not measured")
            times = [fit and fit["seconds"] for fit in fits] if isinstance(fits, list) else fits
            below = [fit["nats_below"] for fit in _measured(results).get(name, [])]
            ends = f"; {_number(statistics.median(below))}, {_number(max(below))}" if below else ""
            cells.append(_cell(times, ours, "60 s") + ends)
        rows.append([f"{int(size):,}", *cells])
    yield from _table(["samples", *NAMES], rows)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
