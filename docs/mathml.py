"""Formulas as MathML, made when the site is built: a page fetches nothing from elsewhere, and needs no script."""

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.util import logging

logger = logging.getLogger(__name__)


def markup(node: nodes.Node, text: str, display: str) -> str:
    """The formula, or its text with a warning where it cannot be read."""
    if display == "block" and "\\\\" in text and "\\begin" not in text:
        text = rf"\begin{{align*}}{text}\end{{align*}}"
    try:
        return convert(text, display=display)
    except Exception as error:  # of many kinds, none of them documented
        logger.warning("formula that cannot be read: %s (%r)", text, error, location=node)
        return f"<code>{text}</code>"


def visit_inline(translator, node):
    translator.body.append(markup(node, node.astext(), "inline"))
    raise nodes.SkipNode


def visit_block(translator, node):
    """A block holds formulas with blank lines between them, as in Sphinx's own renderers."""
    formulas = re.split(r"\n\s*\n", node.astext().strip())
    body = "\n".join(markup(node, formula.strip(), "block") for formula in formulas)
    translator.body.append(f'<div class="math">{body}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", inline_renderers=(visit_inline, None), block_renderers=(visit_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
