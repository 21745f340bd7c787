"""Reports as a browser lays them out, on a phone and on a screen: nothing sticks out, and no number is broken."""

import html as escaping
import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from gnicli.contracts.results import About, FigureData, Results, Table, Value
from gnicli.engine.report import html, parts, pictures

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTHS = (360, 400, 800, 1400)
MANIFEST = {"command": "train", "kind": "run", "status": "completed", "error": "", "command_line": "gni train " * 20}
# The page is measured from the one that frames it, because it runs no script itself.
FRAME = """<!DOCTYPE html><body>%s<script>
const NUMBER = /[-+]?\\d+(?:[.,]\\d+)*(?:e[-+]?\\d+)?(?: ± \\d+(?:[.,]\\d+)*(?:e[-+]?\\d+)?)?(?: %%)?/g;
window.onload = () => {
  const found = [...document.querySelectorAll("iframe")].map((frame) => {
    const page = frame.contentDocument, view = page.documentElement;
    const broken = [], outside = [], walk = page.createTreeWalker(page.body, NodeFilter.SHOW_TEXT);
    let numbers = 0;
    for (const block of page.querySelectorAll("td, th, li, p, caption, figcaption, h1")) {
      const texts = [], inside = page.createTreeWalker(block, NodeFilter.SHOW_TEXT);
      while (inside.nextNode()) texts.push(inside.currentNode);
      for (const text of texts) for (const match of text.data.matchAll(NUMBER)) {
        const range = page.createRange();
        range.setStart(text, match.index);
        range.setEnd(text, match.index + match[0].length);
        numbers += 1;
        if (new Set([...range.getClientRects()].map((each) => Math.round(each.top))).size > 1) broken.push(match[0]);
      }
    }
    for (const element of page.querySelectorAll("body *")) {
      if (!element.parentElement.closest(".scrolled") && element.getBoundingClientRect().right > view.clientWidth + 1)
        outside.push(element.tagName + " " + element.textContent.slice(0, 40));
    }
    return {width: frame.width, numbers, broken, outside, sideways: view.scrollWidth - view.clientWidth};
  });
  document.body.innerHTML = "<pre>" + JSON.stringify(found).replaceAll("<", "&lt;") + "</pre>";
};
</script></body>"""


def number(rng):
    size = 10.0 ** rng.integers(-9, 9)
    value, stderr = rng.normal() * size, abs(rng.normal()) * size / 10
    return str(
        rng.choice([f"{value:.5g}", f"{value:.4g} ± {stderr:.2g}", f"{rng.normal() * 99:.3g} %", "", "not mixed"])
    )


def sentence(rng):
    words = [
        "the rate",
        "alpha =",
        "is not that of",
        number(rng),
        "layers",
        number(rng),
        "parameterization",
        number(rng),
    ]
    return " ".join(rng.permutation(words * 2))


def page(rng):
    """A report with tables of many and of few columns, sentences full of numbers, and a wide and a narrow picture."""
    heads = [
        "setting",
        *(f"{'rate by theory, ' * int(rng.integers(0, 2))}basin {k}-{k + 1}" for k in range(rng.integers(2, 14))),
    ]
    rows = tuple((f"epsilon={k / 10} noise.std={k}", *(number(rng) for _ in heads[1:])) for k in range(5))
    wordy = tuple((f"part {k}", sentence(rng), number(rng), sentence(rng)) for k in range(3))
    results = Results(
        {f"alpha_scaled/over_draws/layer{k}": Value(float(rng.normal()), float(rng.random())) for k in range(9)},
        about=About(sentence(rng), {"data": sentence(rng), "network": sentence(rng)}, sentence(rng)),
        tables={sentence(rng): Table(tuple(heads), rows), "words": Table(("part", "a", "b", "c"), wordy)},
        notes=tuple(sentence(rng) for _ in range(4)),
    )
    svg = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4="
    drawn = {"wide": pictures.Picture(svg, 900, 300), "narrow": pictures.Picture(svg, 420, 300)}
    figures = {stem: FigureData(sentence(rng), (), sentence(rng)) for stem in drawn}
    return html.write(parts.document(MANIFEST, results, figures), drawn).decode()


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="NO BROWSER: the layout of reports is not tested; install chromium")
@pytest.mark.parametrize("seed", range(6))
def test_nothing_sticks_out_and_no_number_is_broken(tmp_path, seed):
    content = escaping.escape(page(np.random.default_rng(seed)))
    frames = "".join(f'<iframe width="{width}" height="900" srcdoc="{content}"></iframe>' for width in WIDTHS)
    path = tmp_path / "frame.html"
    path.write_text(FRAME % frames, encoding="utf-8")
    command = [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", path.as_uri()], capture_output=True, text=True, check=True, timeout=300
    )
    found = json.loads(escaping.unescape(re.search(r"<pre>(\[.*?\])</pre>", done.stdout, re.S)[1]))
    assert [int(each["width"]) for each in found] == list(WIDTHS)
    for each in found:
        assert each["numbers"] > 100
        assert (each["broken"], each["outside"], each["sideways"] <= 0) == ([], [], True), each["width"]
