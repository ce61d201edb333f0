"""Pictures as parts of a page."""

from base64 import b64decode
from io import BytesIO

import numpy as np
import pytest

from fastconv import plot
from fastconv.report.figures import colored, png, svg
from fastconv.report.sections import spread

from .reading import Page


def draw(ax):
    plot.confusion_matrix([0, 1, 1], [0, 1, 0], display_labels=["<b>", "a & b"], ax=ax)


def parsed(element):
    return Page(f"<section id='x'>{element}</section>")


def test_texts_are_texts():
    page = parsed(svg("a", 'a "title" & <more>', draw))
    assert "<b>" in page.texts["x"] and "a & b" in page.texts["x"] and not page.named("b")
    (start,) = page.named("svg")
    assert start["aria-label"] == 'a "title" & <more>' and start["viewbox"] == "0 0 302.4 223.2"


def test_colors_of_the_page():
    element = svg("a", "", lambda ax: plot.learning_curve({"loss": [1.0, 0.5], "val_loss": [1.0, 0.7]}, axes=ax))
    assert "currentColor" in element and "var(--blue)" in element and "#000000" not in element


def test_the_same_picture_has_the_same_bytes_and_others_other_names():
    first, again, other = svg("a", "", draw), svg("a", "", draw), svg("b", "", draw)
    assert first == again
    names = [{attributes.get("id") for _, attributes in parsed(text).elements} - {"x", None} for text in (first, other)]
    assert names[0] and not names[0] & names[1]


def test_the_style_of_the_user_does_not_matter():
    style = pytest.importorskip("matplotlib.style")
    before = svg("a", "", draw)
    with style.context("dark_background"):
        assert svg("a", "", draw) == before


def read(address):
    image = pytest.importorskip("PIL.Image")
    prefix, _, data = address.partition(",")
    assert prefix == "data:image/png;base64"
    return np.asarray(image.open(BytesIO(b64decode(data))).convert("RGBA"))


def test_pixels_become_squares():
    pixels = np.array([[0.0, 0.5], [1.0, 2.0]])
    image = read(png(pixels))
    assert image.shape == (480, 480, 4)
    expected = np.clip(pixels, 0, 1).repeat(240, 0).repeat(240, 1)
    np.testing.assert_allclose(image[..., 0] / 255, expected, atol=0.005)
    assert read(png(np.zeros((3, 1000)))).shape == (3, 1000, 4)


def test_what_is_no_number_is_transparent():
    colors = colored(np.array([[0.0, np.nan, 1.0]]), "viridis", 0, 1)
    assert colors[0, :, 3].tolist() == [1, 0, 1]
    assert (read(png(colors))[0, [0, 200, 479], 3] == [255, 0, 255]).all()


@pytest.mark.parametrize(("count", "most"), [(0, 3), (3, 3), (4, 3), (100, 16)])
def test_some_of_many_have_the_first_and_the_last(count, most):
    chosen = spread(range(count), most)
    assert len(chosen) == min(count, most) == len(set(chosen)) and chosen == sorted(chosen)
    assert chosen[:1] + chosen[-1:] == ([0, count - 1] if count else [])
