"""What the sections of the page show."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import numpy as np

from fastconv import plot, summary
from fastconv._geometry import Shape
from fastconv._summary.report import Summary
from fastconv.functional import cross_entropy
from fastconv.nn import Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d, Module
from fastconv.plot._images import mosaic, visible
from fastconv.plot._layers import LayerOutput, layer_outputs
from fastconv.plot.feature_maps import colors_of
from fastconv.plot.learning_curve import without_validation
from fastconv.plot.most_confused import mistakes
from fastconv.plot.receptive_field import growing, receptive_fields
from fastconv.train import History

from .figures import colored, png, svg
from .run import Run
from .tested import Tested, short

CONVOLUTIONS = (Conv1d, Conv2d, ConvTranspose1d, ConvTranspose2d)
# At most so many: of mistakes the worst, of maps the first, of layers some from the first to the last.
MOST_MISTAKES, MOST_MAPS, MOST_FILTERS, MOST_LAYERS, MOST_FIELDS = 24, 32, 4, 16, 8
COLUMNS = 8

Item = TypeVar("Item")


class Picture(NamedTuple):
    """An SVG element or the address of an image, and what is written beside it."""

    content: str
    caption: str = ""
    detail: str = ""


def facts(run: Run, layers: Summary | None) -> list[tuple[str, str]]:
    """The numbers that matter most, and what they are."""
    found = []
    if run.tested is not None:
        right, count = int((run.tested.guesses == run.tested.labels).sum()), len(run.tested.labels)
        loss = cross_entropy(run.tested.logits, run.tested.labels)
        found += [(f"{100 * right / count:.2f} %", "test accuracy"), (f"{loss:.4f}", "test loss")]
    if run.history is not None:
        found.append((f"{run.history.epochs:,}", "epochs"))
    if layers is not None:
        found.append((f"{layers.totals.parameters:,}", "parameters"))
        found.append((f"{layers.totals.multiply_adds:,}", "multiply-adds for an image"))
        found.append((f"{layers.totals.forward_ms:.3g} ms", "forward, for an image"))
    return found


def curves(history: History) -> list[Picture]:
    """A diagram for each metric."""

    def draw(metric: str) -> str:
        def on(ax: Any) -> None:
            plot.learning_curve(history, [metric], axes=ax)
            ax.set_ylabel(short(ax.get_ylabel()))

        return svg(f"curve-{metric}", f"{metric.replace('_', ' ')} over the epochs", on)

    return [Picture(draw(metric)) for metric in without_validation(history)]


def confusion(tested: Tested) -> Picture:
    """The confusion matrix."""

    def draw(ax: Any) -> None:
        plot.confusion_matrix(tested.labels, tested.guesses, display_labels=tested.names, ax=ax)

    return Picture(svg("confusion", "confusion matrix", draw, 4.2, 4.2))


def confused(tested: Tested) -> list[Picture]:
    """The wrongly classified images, the worst first."""
    return [
        Picture(
            png(visible(tested.images[mistake.example])),
            f"{tested.names[mistake.truth]} → {tested.names[mistake.guess]}",
            f"{100 * mistake.probability:.0f} %",
        )
        for mistake in mistakes(tested.labels, tested.logits)[:MOST_MISTAKES]
    ]


def filters(model: Module) -> list[Picture]:
    """The filters of some convolutions, that of the first among them."""
    layers = [(name, layer) for name, layer in model.named_modules() if isinstance(layer, CONVOLUTIONS)]

    def draw(name: str, layer: Module) -> str:
        return svg(f"filters-{name}", f"filters of {name}", lambda ax: plot.filters(layer, ax=ax))

    return [Picture(draw(name, layer), name or type(layer).__name__) for name, layer in spread(layers, MOST_FILTERS)]


def example(tested: Tested) -> list[Picture]:
    """The image that is followed through the network: itself, what decides, and what layers see of it."""
    image, name = tested.images[tested.example], tested.names[tested.labels[tested.example]]
    fields = [field.name for field in spread(growing(receptive_fields(tested.model, image[None])), MOST_FIELDS)]
    return [
        Picture(png(visible(image)), f"test image {tested.example}: {name}"),
        Picture(
            svg(
                "saliency", f"saliency of an image of class {name}",
                lambda ax: plot.saliency(tested.model, image, display_labels=tested.names, ax=ax), 4.2, 3.4,
            ),
            "the gradient of the output in each pixel",
        ),
        Picture(
            svg(
                "field", "receptive fields",
                lambda ax: plot.receptive_field(tested.model, image, fields or None, ax=ax), 4.2, 4.6,
            ),
            "receptive fields, rows × columns",
        ),
    ]  # fmt: skip


def feature_maps(tested: Tested) -> list[Picture]:
    """What some layers make of the image, from the first to the last."""
    outputs = layer_outputs(tested.model, tested.images[tested.example][None])
    return [Picture(_maps(output), output.title, _shown(output)) for output in spread(outputs, MOST_LAYERS)]


def _maps(output: LayerOutput) -> str:
    values = output.output[0]
    if values.ndim == 3:
        picture = mosaic(values[:MOST_MAPS], COLUMNS)
    else:  # a vector is a line that can be seen
        picture = np.atleast_2d(values).repeat(max(1, values.shape[-1] // 16 // values.ndim), axis=0)
    return png(colored(picture, **colors_of(values)))


def _shown(output: LayerOutput) -> str:
    """How many maps there are, where there are more than shown."""
    return f"the first {MOST_MAPS} maps" if output.output.ndim == 4 and output.output.shape[1] > MOST_MAPS else ""


def layers(model: Module, shape: Shape) -> Summary:
    """The table of layers, with times of a training step for one image; the machine's peak is not the run's matter."""
    table = summary(model, shape, timing=True)
    rows = [row._replace(forward_share=None, backward_share=None) for row in table.rows]
    return Summary(rows, table.totals, table.input_shape, None)


def configuration(config: dict[str, Any]) -> list[tuple[str, str]]:
    """Names and values; what is not a text stands as in JSON."""
    return [(key, value if isinstance(value, str) else json.dumps(value)) for key, value in config.items()]


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most so many of them, from the first to the last at equal distances.

    Examples
    --------
    >>> spread("abcdefg", 3), spread("ab", 3)
    (['a', 'd', 'g'], ['a', 'b'])
    """
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]
