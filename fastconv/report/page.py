"""The page: its sections, put into the template."""

import os
from pathlib import Path
from typing import Any

from fastconv import __version__, show_config
from fastconv._extras import require

from . import sections
from .figures import matplotlib
from .run import CONFIG, HISTORY, MODEL, TEST, Run

HERE = Path(__file__).parent


def page(run: Run) -> str:
    """The whole page, as HTML.

    Parameters
    ----------
    run : Run

    Raises
    ------
    ImportError
        jinja2 or matplotlib is not installed.
    """
    jinja2 = require("jinja2", "fastconv report", "report")
    matplotlib()
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return str(environment.get_template("page.html").render(_content(run)))


def _content(run: Run) -> dict[str, Any]:
    """What the template names. A section is None, or a reason stands in its place among the notes."""
    model, shape, tested, config = run.model, run.input_shape, run.tested, run.config or {}
    found: dict[str, Any] = {}
    if run.history is not None:
        found["curves"] = sections.curves(run.history)
    if tested is not None:
        found["confusion"], found["confused"] = sections.confusion(tested), sections.confused(tested)
        found["example"] = run.part("example", lambda: sections.example(tested))
        found["maps"] = run.part("maps", lambda: sections.feature_maps(tested))
    if model is not None:
        found["filters"] = sections.filters(model)
    if model is not None and shape is not None:
        found["layers"] = run.part("layers", lambda: sections.layers(model, shape))
    if run.config is not None:
        found["configuration"] = sections.configuration(run.config)
    needs = {
        "curves": (HISTORY,),
        **dict.fromkeys(("confusion", "example", "maps"), (MODEL, TEST)),
        **dict.fromkeys(("filters", "layers"), (MODEL,)),
        "configuration": (CONFIG,),
    }
    machine = show_config(mode="dicts")
    return {
        **dict.fromkeys((*needs, "confused")),
        **found,
        "facts": sections.facts(run, found.get("layers")),
        "notes": {name: run.why_not(name, *files) for name, files in needs.items() if found.get(name) is None},
        "title": " on ".join(str(config[key]) for key in ("model", "data") if key in config) or "A run",
        "folder": os.path.basename(os.path.abspath(run.folder)),
        "style": (HERE / "page.css").read_text(),
        "version": __version__,
        "machine": machine,
    }
