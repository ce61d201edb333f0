"""The layers to measure: named lists of shapes in the text files of `shapes/`."""

from pathlib import Path
from typing import Any, NamedTuple


class Layer(NamedTuple):
    """One line of a list: what to compute on an input of which shape."""

    name: str
    operation: str
    input: tuple[int, ...]
    options: dict[str, Any]

    def title(self) -> str:
        """The name and everything that the time depends on."""
        words = [f"{key}={_text(value)}" for key, value in self.options.items()]
        return " ".join([self.name, "x".join(map(str, self.input)), *words])


SUITES = ("lenet", "layers", "networks", "bridges")


def _value(text: str) -> Any:
    """A number, numbers joined by x, or a word."""
    numbers = text.split("x")
    if not all(map(str.isdigit, numbers)):
        return text
    return int(text) if len(numbers) == 1 else tuple(map(int, numbers))


def _text(value: Any) -> str:
    return "x".join(map(str, value)) if isinstance(value, tuple) else str(value)


def read(suite: str) -> list[Layer]:
    """The layers of one list, in the order of its file."""
    layers = []
    for line in (Path(__file__).parent / "shapes" / f"{suite}.txt").read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            name, operation, shape, *options = words
            sizes = tuple(map(int, shape.split("x")))
            pairs = (option.split("=") for option in options)
            layers.append(Layer(name, operation, sizes, {key: _value(value) for key, value in pairs}))
    return layers
