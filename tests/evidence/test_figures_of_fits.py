"""The figures of fits to samples drawn at random: what is compared shares its axes, and titles say what was fitted."""

import numpy as np
import pytest
from matplotlib.patches import Patch
from print_faults import faults

from gnicli.engine.drawing import looks
from gnicli.engine.drawing.backend import own_style
from gnicli.engine.drawing.figure import COLUMN, PAGE, draw
from gnicli.engine.figure_data import read
from gnicli.engine.figures import write
from gnicli.evidence import figures
from gnicli.evidence.blocks import Block
from gnicli.evidence.families import OTHERS, stable_family
from gnicli.evidence.finding import Plan, drawn_laws, investigate
from gnicli.evidence.reporting import results
from gnicli.evidence.shape import shape
from gnicli.laws import Gamma, HalfCauchy, HalfNormal, Laplace, LogNormal, Pareto, StudentT, SubWeibull, Weibull
from gnicli.stable import StableLaw, fit

ABOUT = "Stable law, alpha = 1.5 ± 0.1, beta = -0.3 ± 0.2, n = 400; draws from a stable law"


def fitted(seed):
    """Skewed samples of a random stable law, positive ones for every third seed, and the laws fitted to them."""
    rng = np.random.default_rng(seed)
    law = StableLaw(float(rng.uniform(0.7, 2.0)), float(rng.uniform(-1, 1)), loc=3.0, scale=10.0 ** rng.uniform(-3, 3))
    x = law.rvs(400, rng)
    if seed % 3 == 0:
        x = np.abs(x)
    family, normal = stable_family(), OTHERS["normal"]
    laws = {"stable": (family, fit(x, exact=False).law), "normal": (normal, normal.fit(x))}
    words = {name: each.words for name, (each, _) in laws.items()}
    return shape(x, laws), words


@pytest.mark.parametrize("seed", range(4))
def test_both_tails_share_their_axes_and_nothing_overlaps(seed):
    drawn, words = fitted(seed)
    blocks = [Block(size, 400 // size, 1.5, 0.1 * size**0.5) for size in (1, 2, 4)]
    found = figures.figures(drawn, words, "stable", blocks, ABOUT, "latency")
    assert set(found) == {"density", "tails", "quantiles", "blocks"}
    with own_style():
        for name, figure in found.items():
            assert "alpha = 1.5 ± 0.1" in figure.title, name
            for inches in (COLUMN, PAGE) if len(figure.panels) > 1 else (COLUMN,):
                assert faults(draw(figure, inches)) == [], (name, inches)
        lower, upper = draw(found["tails"]).axes
    assert lower.get_xlim() == upper.get_xlim()
    assert lower.get_ylim() == upper.get_ylim()
    assert [panel.heading for panel in found["tails"].panels] == [
        "lower tail: latency < median − t",
        "upper tail: latency > median + t",
    ]
    for panel in found["tails"].panels:  # all samples lie within the shared axes
        assert lower.get_xlim()[0] <= panel.curves[0].x.min()
        assert panel.curves[0].x.max() <= lower.get_xlim()[1]


@pytest.mark.parametrize("seed", [11, 12])
def test_the_law_in_question_is_solid_and_others_are_dashed(seed):
    drawn, words = fitted(seed)
    with own_style():
        (axes,) = draw(figures.figures(drawn, words, "stable", [], ABOUT)["density"]).axes
    dashes = {line.get_label(): line.get_linestyle() for line in axes.get_lines()}
    assert (dashes["stable"], dashes["Gaussian"]) == ("-", "--")
    (legend,) = axes.figure.legends
    handles = dict(zip([text.get_text() for text in legend.get_texts()], legend.legend_handles, strict=True))
    # In grey print a solid line could be either.
    assert [name for name, handle in handles.items() if isinstance(handle, Patch)] == ["samples"]


def truths(rng):
    """One law of every family, with random parameters."""
    shape_, scale = float(rng.uniform(0.6, 3.0)), float(10.0 ** rng.uniform(-3, 3))
    return {
        "stable": StableLaw(float(rng.uniform(0.7, 1.9)), float(rng.uniform(-1, 1)), 0.0, scale),
        "student": StudentT(float(rng.uniform(2, 6)), 3.0 * scale, scale),
        "laplace": Laplace(-2.0 * scale, scale),
        "subweibull": SubWeibull(float(rng.uniform(1.2, 3.0)), scale),
        "half_normal": HalfNormal(scale),
        "half_cauchy": HalfCauchy(scale),
        "log_normal": LogNormal(float(rng.uniform(-1, 1)), float(rng.uniform(0.3, 1.5))),
        "gamma": Gamma(shape_, scale),
        "weibull": Weibull(shape_, scale),
        "pareto": Pareto(float(rng.uniform(0.8, 3.0)), scale),
    }


@pytest.mark.parametrize("seed", [21])
@pytest.mark.parametrize("law", ["stable", "student"])
@pytest.mark.parametrize("truth", list(truths(np.random.default_rng())))
def test_the_laws_that_the_tables_call_best_are_drawn(truth, law, seed):
    rng = np.random.default_rng(seed)
    x = truths(rng)[truth].rvs(int(rng.integers(60, 800)), rng)
    found = investigate(x, Plan(law=law, n_bootstrap=0))
    figures_of = results({"": found}).figures
    fitted = {name: score for name, score in found.scores.items() if score.law is not None}
    words = {name: score.family.words for name, score in fitted.items()}
    by_aic = sorted(fitted, key=lambda name: fitted[name].aic)
    best = {by_aic[0], max(fitted, key=lambda name: fitted[name].heldout)}
    for name in ("density", "tails"):
        for panel in figures_of[name].panels:
            labels = [curve.label for curve in panel.curves]
            assert labels[:2] == ["samples", words[law]], name
            assert {words[each] for each in (*best, "stable", "normal")} <= set(labels), (name, best)
            assert len(labels) == 1 + min(6, len(fitted)) == len(set(labels))
    missing = [each for each in by_aic if words[each] not in labels]
    shown = [each for each in by_aic if each not in (law, *best, "stable", "normal") and words[each] in labels]
    assert not shown or not missing or by_aic.index(shown[-1]) < by_aic.index(missing[0])
    with own_style():
        assert faults(draw(figures_of["tails"], COLUMN)) == []
        density = draw(figures_of["density"], COLUMN)
        assert faults(density) == []
        (axes,) = density.axes
    laws = [line for line in axes.get_lines() if line.get_label() != "samples"]  # those are steps
    assert len({str(line._dash_pattern) for line in laws}) == len(laws) == len(labels) - 1  # told apart in grey print


def test_a_law_has_one_color_in_every_run_whatever_the_samples(tmp_path):
    seed = int(np.random.default_rng().integers(1 << 32))
    rng, colors = np.random.default_rng(seed), set()
    for number, truth in enumerate(rng.permutation(list(truths(rng)))[:5]):
        law = str(rng.choice(["stable", "normal", "student"]))
        found = investigate(truths(rng)[truth].rvs(200, rng), Plan(law=law, n_bootstrap=0))
        together = results({"a": found, "b": found}).figures if number % 2 else results({"": found}).figures
        written = write(tmp_path / str(number), together, ())
        shown = looks.Looks.of(read(tmp_path / str(number) / f"{list(written)[-1]}.json"))
        laws = ("samples", "stable", "Gaussian", "tempered stable")
        colors.add(tuple(shown.key(name).color for name in laws if name in shown.order))
    longest = max(colors, key=len)
    assert all(longest[: len(each)] == each for each in colors), (seed, colors)
    assert len(set(longest)) == len(longest) >= 3


def test_without_held_out_samples_the_order_is_akaikes_alone():
    found = investigate(LogNormal(0.0, 1.0).rvs(300, np.random.default_rng(1)), Plan(n_bootstrap=0, holdout=0.0))
    assert all(np.isnan(score.heldout) for score in found.scores.values())
    by_aic = sorted(found.scores, key=lambda name: found.scores[name].aic)
    drawn = drawn_laws("normal", found.scores)
    assert drawn[:2] == ("normal", "stable")
    assert list(drawn[2:]) == [name for name in by_aic if name not in ("stable", "normal")][:4]
