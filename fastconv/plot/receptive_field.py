"""How much of the image one number of a layer sees."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from fastconv._arrays import Array
from fastconv.nn import Module

from ._arguments import names_of, one_image
from ._canvas import COLORS, Axes, axes_or_new, check_axes, library, unframed
from ._images import visible
from ._layers import check_model, layer_outputs


class Field(NamedTuple):
    """The rows and columns of the image that the middle of a layer's maps depends on."""

    name: str
    kind: str
    top: int
    bottom: int
    left: int
    right: int
    """As in a slice: `bottom` and `right` are the first that do not count."""

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.bottom - self.top, self.right - self.left

    @property
    def area(self) -> int:
        """Pixels."""
        height, width = self.size
        return height * width


def receptive_field(model: Module, image: Any, layers: Sequence[str] | None = None, *, ax: Axes | None = None) -> Axes:
    """Draw around an image which part of it the middle unit of each layer sees.

    By default layers that see no more than one before, such as activations, are left out. What is not a map has no
    field. A field ends where the image does: of a layer that sees beyond, the part in the image is drawn.

    It is measured, not computed from kernel sizes, so that it is right for branches, shortcuts and custom layers too: a
    row or column of NaN reaches exactly the units that see it.

    Parameters
    ----------
    model : Module
        Run in eval mode, and left as it was.
    image : array, shape (C, H, W) or (1, C, H, W)
        What the model takes, float32 or float64; uint8 becomes float32 in [0, 1].
    layers : sequence of str, optional
        Names as in ``model.named_modules()``.
    ax : Axes, optional
        By default those of a new figure of pyplot.

    Returns
    -------
    Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import fastconv as fc
    >>> _, (x_test, y_test) = fc.data.digits(size=32)
    >>> ax = fc.plot.receptive_field(fc.models.lenet5(rng=0), x_test[0])
    >>> [text.get_text() for text in ax.get_legend().get_texts()]
    ['conv1: 5 × 5', 'pool1: 6 × 6', 'conv2: 14 × 14', 'pool2: 16 × 16']
    """
    check_model("receptive_field", model)
    batch = one_image("receptive_field", image)
    check_axes("receptive_field", ax)
    fields = receptive_fields(model, batch)
    chosen = names_of("receptive_field", "layers", layers, list(dict.fromkeys(field.name for field in fields)))
    fields = [field for field in fields if field.name in chosen]
    if layers is None:
        fields = growing(fields)
    ax = axes_or_new(ax, 5.0, 5.0 + 0.11 * len(fields))
    ax.imshow(visible(batch[0]), cmap="gray", interpolation="nearest", alpha=0.6)
    # The largest is drawn first and thickest, so that it is seen where edges meet.
    for i, field in reversed(list(enumerate(fields))):
        height, width = field.size
        ax.add_patch(
            library("patches").Rectangle(
                (field.left - 0.5, field.top - 0.5), width, height, fill=False, linewidth=1.5 + 3 * i / len(fields),
                edgecolor=COLORS[i % len(COLORS)], label=f"{field.name or field.kind}: {height} × {width}",
            )
        )  # fmt: skip
    unframed(ax)
    ax.set_title("what the middle of each layer sees")
    if fields:
        handles, labels = ax.get_legend_handles_labels()
        columns = 2 if max(map(len, labels)) < 20 else 1
        ax.legend(
            handles[::-1], labels[::-1], loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=columns, frameon=False
        )
    return ax


def growing(fields: Sequence[Field]) -> list[Field]:
    """Those that are larger than all before them."""
    return [field for i, field in enumerate(fields) if all(field.area > before.area for before in fields[:i])]


def receptive_fields(model: Module, image: Array) -> list[Field]:
    """The fields of all layers whose outputs are maps, in the order of their calls."""
    height, width = image.shape[2:]
    # One batch: each image has a row of NaN, then each has a column of NaN.
    images = np.repeat(image, height + width, axis=0)
    rows, columns = np.arange(height), np.arange(width)
    images[rows, :, rows, :] = np.nan
    images[height + columns, :, :, columns] = np.nan
    fields = []
    with np.errstate(invalid="ignore"):
        outputs = layer_outputs(model, images)
    for name, kind, output in outputs:
        if output.ndim != 4 or len(output) != len(images):
            continue
        seen: Array = np.isnan(output[:, :, output.shape[2] // 2, output.shape[3] // 2]).max(axis=1)
        (seen_rows,), (seen_columns,) = np.nonzero(seen[:height]), np.nonzero(seen[height:])
        if len(seen_rows) and len(seen_columns):
            fields.append(
                Field(
                    name, kind,
                    int(seen_rows[0]), int(seen_rows[-1]) + 1, int(seen_columns[0]), int(seen_columns[-1]) + 1,
                )
            )  # fmt: skip
    return fields
