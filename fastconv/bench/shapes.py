"""The layers to measure: named lists of shapes in the text files of `shapes/`."""

from pathlib import Path
from typing import NamedTuple


class Layer(NamedTuple):
    """One line of a list: what to compute on an input of which shape."""

    name: str
    operation: str
    input: tuple[int, ...]
    options: dict[str, int]

    def title(self) -> str:
        """The name and everything that the time depends on."""
        words = [f"{key}={value}" for key, value in self.options.items()]
        return " ".join([self.name, "x".join(map(str, self.input)), *words])


def read(suite: str) -> list[Layer]:
    """The layers of one list, in the order of its file."""
    layers = []
    for line in (Path(__file__).parent / "shapes" / f"{suite}.txt").read_text(encoding="utf-8").splitlines():
        words = line.partition("#")[0].split()
        if words:
            name, operation, shape, *options = words
            sizes = tuple(map(int, shape.split("x")))
            pairs = (option.split("=") for option in options)
            layers.append(Layer(name, operation, sizes, {key: int(value) for key, value in pairs}))
    return layers
