"""A directive of the pages: a command, and the figure that it makes while the site is built.

    ```{gni-figure} density
    gni kde-stationary alpha=1.1 beta=0.5
    ```

shows the command and `figures/density` of its run. A command that fails, or makes no such figure, fails the build.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

PLACE = "_build"  # left out of the pages by `exclude_patterns`, and of the repository


class GniFigure(SphinxDirective):
    """The directive `gni-figure NAME`; its content is one command of gni."""

    has_content = True
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The command as a literal block, and the picture with its title as the alternative text."""
        (name,) = self.arguments
        command = " ".join(self.content)
        try:
            picture, title = figure_of(command, name, Path(self.env.srcdir) / PLACE)
        except subprocess.CalledProcessError as error:
            raise self.error(f"{command}: {error.stderr}") from error
        except FileNotFoundError as error:
            raise self.error(f"{command} makes no figure {name}") from error
        block = nodes.literal_block(command, command, language="text")
        image = nodes.image(uri=f"/{PLACE}/{picture.name}", alt=title, width="27em")
        return [block, image]


def figure_of(command: str, name: str, place: Path) -> tuple[Path, str]:
    """Run a command in a process of its own, and copy its figure `name` into `place`: its path and its title.

    Raises `CalledProcessError` where the command fails, `FileNotFoundError` where it makes no such figure.
    """
    place.mkdir(exist_ok=True)
    picture = place / f"{name}-{hashlib.sha256(command.encode()).hexdigest()[:12]}.png"
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        words = [sys.executable, "-m", "gnicli", *shlex.split(command)[1:], f"run.dir={run}"]
        subprocess.run(words, check=True, capture_output=True, text=True)
        shutil.copyfile(run / "figures" / f"{name}.png", picture)
        title = json.loads((run / "figures" / f"{name}.json").read_text())["title"]
    return picture, title


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by Sphinx."""
    app.add_directive("gni-figure", GniFigure)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
