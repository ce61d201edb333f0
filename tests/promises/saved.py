"""The kinds of files that a model is saved in, and a model whose state can be told from a file: it is one number."""

import os
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np

import fastconv as fc
from fastconv import nn, optim
from fastconv.weights import read_meta


class Numbered:
    """A model and its optimizer in which every number is the same."""

    def __init__(self, width: int) -> None:
        self.model = nn.Linear(width, 8, rng=0)
        self.optimizer = optim.Adam(self.model.parameters())
        for parameter in self.model.parameters():
            parameter.grad = np.ones_like(parameter.data)
        self.optimizer.step()

    def _arrays(self) -> list[Any]:
        states = [value for state in self.optimizer.state.values() for value in state.values()]
        return [p.data for p in self.model.parameters()] + [value for value in states if isinstance(value, np.ndarray)]

    def become(self, number: int, *, arrays: int | None = None) -> None:
        """Put the number everywhere, or into the first arrays only."""
        for array in self._arrays()[:arrays]:
            array.fill(number)

    def is_all(self, number: int, *, arrays: int | None = None) -> bool:
        """Whether the number is everywhere."""
        return all((array == number).all() for array in self._arrays()[:arrays])


def _save_weights(path: str, given: Numbered, number: int) -> None:
    given.become(number)
    fc.save_weights(path, given.model, {"number": number})


def _load_weights(path: str, into: Numbered) -> int | None:
    fc.load_weights(path, into.model)
    number = read_meta(path)["number"]
    return int(number) if into.is_all(number, arrays=2) else None


def _save_checkpoint(path: str, given: Numbered, number: int) -> None:
    given.become(number)
    fc.save_checkpoint(path, given.model, given.optimizer, number=number)


def _load_checkpoint(path: str, into: Numbered) -> int | None:
    number = fc.load_checkpoint(path, into.model, into.optimizer)["number"]
    return int(number) if into.is_all(number) else None


class Kind(NamedTuple):
    """A kind of file: what it is called, how a number gets there, and the number there, None if it is not whole."""

    name: str
    save: Callable[[str, Numbered, int], None]
    load: Callable[[str, Numbered], int | None]


WITH_SAFETENSORS = find_spec("safetensors") is not None

KINDS = [
    Kind("weights.npz", _save_weights, _load_weights),
    Kind("checkpoint.npz", _save_checkpoint, _load_checkpoint),
]
if WITH_SAFETENSORS:
    KINDS.append(Kind("weights.safetensors", _save_weights, _load_weights))


def folder(*, in_memory: bool = True) -> "tempfile.TemporaryDirectory[str]":
    """A temporary folder, which no disk has to keep if the system offers that."""
    memory = "/dev/shm"
    return tempfile.TemporaryDirectory(dir=memory if in_memory and os.access(memory, os.W_OK) else None)
