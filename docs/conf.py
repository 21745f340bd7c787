"""The pages of docs/ as a site: `make site`. Warnings are errors, so that no link and no docstring breaks unseen."""

import sys
from pathlib import Path

import gnicli

sys.path.insert(0, str(Path(__file__).parent))  # for `gni_figure`

project = "gni"
author = "gni developers"
copyright = "gni developers"
version = release = gnicli.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "gni_figure",
]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"gni {version}"

# Docstrings mark names with single backticks; without this reStructuredText takes them for titles.
default_role = "literal"
autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "show-inheritance": False}
# Signatures say DataFrame and Tensor, not the modules that hold them.
python_use_unqualified_type_names = True

# Links of the pages to headings (`reference.md#gni-train`) and to files of the repository beside docs/.
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
# An unknown language of a fenced block: console blocks have none, because nothing in them is Python.
highlight_language = "text"
suppress_warnings = ["myst.xref_missing"]
nitpicky = False
