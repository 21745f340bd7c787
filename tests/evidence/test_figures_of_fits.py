"""The figures of fits to samples drawn at random: what is compared shares its axes, and titles say what was fitted."""

import numpy as np
import pytest
from matplotlib.patches import Patch
from print_faults import faults

from gnicli.engine.drawing.backend import own_style
from gnicli.engine.drawing.figure import COLUMN, PAGE, draw
from gnicli.evidence import figures
from gnicli.evidence.blocks import Block
from gnicli.evidence.families import OTHERS, stable_family
from gnicli.evidence.shape import shape
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
