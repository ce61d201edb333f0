"""How the documentation is built: `python -m sphinx -W docs docs/_build`, with the extra `docs` installed."""

import os
import sys
from pathlib import Path

import fastconv

os.environ.setdefault("MPLBACKEND", "Agg")
sys.path.insert(0, str(Path(__file__).parent))  # mathml.py

project = "fastconv"
author = "The fastconv developers"
copyright = "The fastconv developers"
version = release = fastconv.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "mathml",
    "matplotlib.sphinxext.plot_directive",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "py:obj"  # `Trainer` in a docstring is a link, where there is something of that name

# A page for each name in a module's __all__, whatever file it comes from.
autosummary_ignore_module_all = False
autosummary_imported_members = True
autodoc_typehints = "none"  # numpydoc's sections tell them
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "fastconv"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_theme_options = {"show_prev_next": True, "navigation_with_keys": False, "footer_start": ["copyright"]}

plot_basedir = str(Path(__file__).parent)
plot_formats = ["svg"]
plot_html_show_formats = plot_html_show_source_link = False

myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 4

# The course, in the order of its file names, and the scripts. What the scripts print stands on their pages if they
# need a few seconds and nothing but NumPy.
SHOWN = ("numpy_script", "compare_backends")
sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "filename_pattern": rf"/plot_\d\d_|/({'|'.join(SHOWN)})\.py$",
    "ignore_pattern": r"/_[^/]*\.py$",
    "within_subsection_order": "FileNameSortKey",
    "matplotlib_animations": True,
    "capture_repr": (),  # what a page prints and draws; the last line's value is for notebooks
    "show_signature": False,
    "download_all_examples": False,
    "reset_modules": ("matplotlib",),
}


def of_another_library(app, what, name, member, skip, options):
    """Leave out methods that scikit-learn gives to its estimators."""
    return True if str(getattr(member, "__module__", "")).startswith("sklearn.") else None


def setup(app):
    app.connect("autodoc-skip-member", of_another_library)
