"""Findings as `Results`: values with names for programs, tables and sentences for people, figures."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from gnicli.contracts.number_text import plain, with_error
from gnicli.contracts.results import Curve, FigureData, NamedArray, Panel, Results, Table, Value
from gnicli.evidence import figures as drawn
from gnicli.evidence import law_table, p_values, sums, tempering
from gnicli.evidence.blocks import Block
from gnicli.evidence.finding import Finding
from gnicli.stable import StableFit, SumIndex
from gnicli.stable.fitting.result import interval95

_MOST_FIGURES = 24
_AT_BOUND = "none: at the parameter bound"


def results(
    findings: Mapping[str, Finding], warnings: Sequence[str] = (), source: str = "", quantity: str = "x"
) -> Results:
    """Everything about each group; the names of a group's values end in `/<group>`.

    `warnings` are sentences on groups that are not among the `findings`.
    Figures say `source` in their titles and `quantity` on their axes.
    """
    values: dict[str, Value] = {}
    arrays: dict[str, NamedArray] = {}
    figures: dict[str, FigureData] = {}
    said: list[str] = []
    limits: list[str] = []
    is_single = list(findings) == [""]
    for group, finding in findings.items():
        suffix = f"/{group}" if group else ""
        values |= {name + suffix: value for name, value in _values(finding).items()}
        arrays |= {name + suffix: array for name, array in _arrays(finding).items()}
        words = {name: score.family.words for name, score in finding.scores.items()}
        law = finding.family.words
        if is_single:
            figures |= drawn.figures(finding.shape, words, law, finding.blocks, _about(finding, source), quantity)
        elif len(figures) < _MOST_FIGURES:
            figures |= drawn.one_figure(
                finding.shape, words, law, finding.blocks, group, _about(finding, source), quantity
            )
        place = f"{group}: " if group else ""
        said += [place + sentence for sentence in _sentences(finding)]
        limits += [place + sentence for sentence in (*finding.fit.notes, finding.ties) if sentence]
    if not is_single and len(findings) > 1:
        figures = {"groups": _overview(findings), **figures}
    tables = _single_tables(findings[""]) if is_single else {"Fits": _groups_table(findings)}
    return Results(values, arrays, figures, notes=tuple(said), tables=tables, warnings=(*warnings, *limits))


def _about(finding: Finding, source: str) -> str:
    """The law, its first parameters with standard errors, the number of samples and where they are from."""
    law = finding.family.words
    first = list(_parameters(finding).items())[:2]
    parts = [f"{name} = {with_error(value.number, value.stderr, digits=4)}" for name, value in first]
    said = ", ".join([f"{law[:1].upper()}{law[1:]} law", *parts, f"n = {finding.n:,}"])
    return f"{said}; {source}" if source else said


def _sentences(finding: Finding) -> list[str]:
    """The verdict, stable or tempered, whether the two alphas disagree, and which laws could not be fitted."""
    absent = [f"no {s.family.words} law was fitted: {s.why_not}" for s in finding.scores.values() if s.law is None]
    apart = None if finding.sums is None else sums.disagreement(finding.sums, finding.fit)
    tempered = [] if finding.tempering is None else [tempering.sentence(finding.tempering)]
    return [finding.sentence, *tempered, *([apart] if apart else []), *absent]


# -------------------------------------------------------------------------------------------------------------- values


def _parameters(finding: Finding) -> dict[str, Value]:
    """The parameters of the law that was asked for: a stable law's errors come from its information matrix, those of
    other laws from the bootstrap.
    """
    n = finding.n
    if finding.family.name == "stable":
        return law_table.stable_parameters(finding.fit, n)
    tested = finding.goodness
    found = {}
    for name, value in finding.family.parameters(finding.law).items():
        stderr = tested.stderr.get(name) if tested is not None else None
        if stderr is not None and tested is not None:
            stderr *= math.sqrt(tested.n / n)
        found[name] = Value(value, stderr, n, ci95=_around(value, stderr))
    return found


def _around(value: float, stderr: float | None) -> tuple[float, float] | None:
    return None if stderr is None else interval95(value, stderr)


def _values(finding: Finding) -> dict[str, Value]:
    n = finding.n
    values = _parameters(finding)
    own = finding.scores[finding.family.name]
    values["log_likelihood"] = Value(own.log_likelihood, n=n, unit="nat")
    values["n"] = Value(float(n), n=n)
    if finding.family.name == "stable":
        values["parameterization"] = Value(finding.fit.parameterization, n=n)
    values["aic"] = Value(own.aic, n=n)
    if finding.ratio is not None:
        values["ratio"] = Value(finding.ratio.statistic, n=n)
        values["ratio_p"] = Value(finding.ratio.p_value, n=n)
    if finding.tempering is not None:
        values |= tempering.values(finding.tempering)
    if finding.goodness is not None:
        for name, statistic in finding.goodness.statistics.items():
            values[name] = Value(statistic, n=finding.goodness.n)
        for name, p in finding.goodness.p_values.items():
            values[f"{name}_p"] = Value(p, n=finding.goodness.n)
        if finding.goodness.p_values:
            values["tests_p"] = Value(finding.goodness.together, n=finding.goodness.n)
            values["n_bootstrap"] = Value(float(finding.goodness.n_bootstrap))
    values["verdict"] = Value(finding.outcome.value, n=n)
    for name, score in finding.scores.items():
        if score.law is None:
            continue
        if name != finding.family.name:
            values[f"log_likelihood_{name}"] = Value(score.log_likelihood, n=n, unit="nat")
            values[f"aic_{name}"] = Value(score.aic, n=n)
        if not math.isnan(score.heldout):
            values[f"heldout_{name}"] = Value(score.heldout, _finite(score.heldout_stderr), n, "nat")
        if name != "normal" and math.isfinite(score.tail_gain):
            values[f"tail_gain_{name}"] = Value(
                score.tail_gain, _finite(score.tail_gain_stderr), score.n_heldout, "nat"
            )
    values |= law_table.values(finding.scores, finding.family.name, finding.fit, n)
    if finding.sums is not None:
        values["alpha_mohammadi"] = Value(finding.sums.alpha, finding.sums.stderr, finding.sums.n_sums)
    for block in finding.blocks[1:]:
        values[f"alpha_sum{block.size}"] = Value(block.alpha, block.stderr, block.n)
    return values


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


# -------------------------------------------------------------------------------------------------------------- tables


def _p_text(p: float) -> str:
    return f"{p:.2g}" if p >= 1e-99 else "< 1e-99"


def stable_table(fit: StableFit, held: Collection[str]) -> tuple[str, Table]:
    """Title and table of a stable fit, which are known before any test is made; `held` names what was not fitted."""
    rows = {
        name: (value, "held" if name in held else _AT_BOUND)
        for name, value in law_table.stable_parameters(fit, fit.n).items()
    }
    return f"Stable law ({fit.parameterization}), n = {fit.n:,}", _parameter_table(rows)


def _parameter_table(rows: Mapping[str, tuple[Value, str]]) -> Table:
    """Parameters by name, each with the reason that is given where it has no standard error."""
    cells = tuple(
        (name, plain(value.number), _interval_cell(value), why if value.stderr is None else plain(value.stderr, 2))
        for name, (value, why) in rows.items()
    )
    return Table(("parameter", "value", "95 % interval", "standard error"), cells)


def _single_tables(finding: Finding) -> dict[str, Table]:
    law = finding.family.words
    if finding.family.name == "stable":
        title, fitted = stable_table(finding.fit, finding.held)
    else:
        why = "none: too few bootstrap samples"
        title = f"{law[:1].upper() + law[1:]} law, n = {finding.n:,}"
        fitted = _parameter_table({name: (value, why) for name, value in _parameters(finding).items()})
    tables = {
        title: fitted,
        "Laws compared": law_table.table(finding.scores, finding.family.name, finding.fit, finding.n),
    }
    if finding.sums is not None:
        tables["Alpha by two estimators"] = _two_alphas(finding.sums, finding.fit)
    tests = _test_rows(finding)
    if tests:
        tables["Tests"] = Table(("test", "statistic", "p"), tuple(tests))
    if len(finding.blocks) > 1:
        rows = tuple((str(b.size), plain(b.n), plain(b.alpha, 4), _error(b)) for b in finding.blocks)
        tables["Block sums"] = Table(("samples in a sum", "sums", "alpha", "standard error"), rows)
    return tables


def _two_alphas(found: SumIndex, fit: StableFit) -> Table:
    by_sums = f"growth of {found.n_sums:,} sums of {found.block} (Mohammadi)"
    stderr = _AT_BOUND if fit.alpha_stderr is None else plain(fit.alpha_stderr, 2)
    return Table(
        ("estimator", "alpha", "standard error", "what it needs"),
        (
            ("maximum likelihood", plain(fit.alpha, 4), stderr, sums.NEEDS["likelihood"]),
            (by_sums, plain(found.alpha, 4), plain(found.stderr, 2), sums.NEEDS["sums"]),
        ),
    )


def _error(block: Block) -> str:
    return _AT_BOUND if block.stderr is None else plain(block.stderr, 2)


def _interval_cell(value: Value) -> str:
    return "" if value.ci95 is None else f"{plain(value.ci95[0])} … {plain(value.ci95[1])}"


def _test_rows(finding: Finding) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    if finding.ratio is not None:
        name = "likelihood ratio, stable against Gaussian"
        rows.append((name, plain(finding.ratio.statistic, 4), _p_text(finding.ratio.p_value)))
    if finding.tempering is not None:
        rows.append(tempering.row(finding.tempering))
    if finding.goodness is not None:
        tests, law = finding.goodness, finding.family.words
        for name, p in tests.p_values.items():
            words = f"{p_values.TESTS[name]}, {law} law"
            rows.append((words, plain(tests.statistics[name], 4), _plain(p_values.p_text(p, tests))))
        if tests.p_values:
            words = f"all of them together, {law} law, {tests.n_bootstrap} bootstrap samples"
            rows.append((words, "", _plain(p_values.p_together(tests))))
    return rows


def _plain(p: str) -> str:
    return p.removeprefix("= ")


def _groups_table(findings: Mapping[str, Finding]) -> Table:
    some = next(iter(findings.values()))
    parameters = list(_parameters(some))
    header = ("group", "verdict", *parameters, "n", "p of all tests", "p of the ratio to a Gaussian", "best held out")
    rows = []
    for group, finding in findings.items():
        cells = [with_error(value.number, value.stderr, digits=4) for value in _parameters(finding).values()]
        ratio = "" if finding.ratio is None else _p_text(finding.ratio.p_value)
        tests = finding.goodness
        together = "" if tests is None or not tests.p_values else _plain(p_values.p_together(tests))
        scored = [s for s in finding.scores.values() if math.isfinite(s.heldout)]
        best = max(scored, key=lambda s: s.heldout).family.words if scored else ""
        rows.append((group, finding.outcome.value, *cells, plain(finding.n), together, ratio, best))
    return Table(header, tuple(rows))


# ------------------------------------------------------------------------------------------------- arrays and pictures


def _arrays(finding: Finding) -> dict[str, NamedArray]:
    """What is needed to draw the figures again, and the block sums."""
    shape = finding.shape
    found = {
        "bins": NamedArray(shape.bins, "centers of the histogram's bins"),
        "density": NamedArray(shape.density, "density of the samples in each bin"),
        "grid": NamedArray(shape.grid, "where the densities of the laws are given"),
        "lower_t": NamedArray(shape.lower_t, "distances below the median"),
        "lower_share": NamedArray(shape.lower_share, "share of the samples beyond lower_t"),
        "upper_t": NamedArray(shape.upper_t, "distances above the median"),
        "upper_share": NamedArray(shape.upper_share, "share of the samples beyond upper_t"),
        "quantiles": NamedArray(shape.quantiles, "quantiles of the samples"),
        "law_quantiles": NamedArray(shape.law_quantiles, "quantiles of the law at the same probabilities"),
        "block_sums": NamedArray(
            np.array([(b.size, b.n, b.alpha, np.nan if b.stderr is None else b.stderr) for b in finding.blocks]),
            "(block size, column): size, number of sums, alpha, its standard error (NaN at the bound)",
        ),
    }
    for name in shape.densities:
        words = finding.scores[name].family.words
        found[f"density_{name}"] = NamedArray(shape.densities[name], f"density of the {words} law on grid")
        found[f"lower_{name}"] = NamedArray(shape.lower[name], f"probability beyond lower_t, {words} law")
        found[f"upper_{name}"] = NamedArray(shape.upper[name], f"probability beyond upper_t, {words} law")
    return found


def _overview(findings: Mapping[str, Finding]) -> FigureData:
    """Alpha (or the first parameter) of every group with its interval."""
    each = [next(iter(_parameters(finding).items())) for finding in findings.values()]
    value = np.array([v.number for _, v in each])
    ends = [v.ci95 if v.ci95 is not None else (v.number,) * 2 for _, v in each]
    x = np.arange(1.0, value.size + 1)
    curve = Curve(each[0][0], x, value, np.array([e[0] for e in ends]), np.array([e[1] for e in ends]), "points")
    law = next(iter(findings.values())).family.words
    order = ", ".join(f"{k} {group}" for k, group in enumerate(findings, 1))
    return FigureData(
        f"{each[0][0].capitalize()} of the {law} law by group",
        (Panel((curve,), "group", each[0][0], x_ticks=tuple((k, group) for k, group in enumerate(findings, 1))),),
        f"With 95 % intervals where there are any. Groups in order: {order}.",
        "95 % interval",
    )
