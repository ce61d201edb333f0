"""Damaged files: each truncation, each wrong bit, and changes of all kinds."""

import os
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import NamedTuple

import numpy as np

import fastconv as fc
from fastconv import nn, optim
from fastconv.weights import read_meta

from .mutations import mutated
from .promise import Promise, Tally
from .saved import WITH_SAFETENSORS, folder
from .supervised import supervise
from .untrusted import attempt

UNTOUCHED = 77.0


class Sealed(Enum):
    """What of a file cannot change unnoticed."""

    BYTES = "every byte"
    CONTENTS = "what was saved"
    SIZES = "sizes and names; the numbers are those in the file"


class Model:
    """A small model, what trains it, and all of it as bytes."""

    def __init__(self, seed: int) -> None:
        self.net = nn.Sequential(nn.Linear(2, 1, rng=seed), nn.Dropout(rng=seed))
        self.optimizer = optim.Momentum(self.net.parameters(), lr=0.1)
        for parameter in self.net.parameters():
            parameter.grad = np.full_like(parameter.data, seed + 0.5)
        self.optimizer.step()
        self._arrays = [p.data for p in self.net.parameters()]
        self._arrays += [self.optimizer.state[p]["momentum_buffer"] for p in self.net.parameters()]

    def fill(self) -> None:
        """Put a number everywhere that no file has."""
        for array in self._arrays:
            array.fill(UNTOUCHED)

    def untouched(self) -> bool:
        """Whether it is still there."""
        return all((array == UNTOUCHED).all() for array in self._arrays)

    def state(self) -> str:
        """Everything."""
        generator = self.net[1].rng.bit_generator.state
        return repr((self.net.state_dict(), self.optimizer.state_dict(), generator))


class Sample(NamedTuple):
    """A file that is going to be damaged, another one of its kind, and what was saved in it."""

    name: str
    content: bytes
    other: bytes
    load: Callable[[str, Model], str]
    states: tuple[str, str]
    sealed: Sealed

    def wrong(self, path: str, content: bytes, model: Model) -> list[str]:
        """Load other content; what must not have happened."""
        Path(path).write_bytes(content)
        model.fill()
        states: list[str] = []
        refused, wrong = attempt(lambda: states.append(self.load(path, model)))
        if refused is not None:
            if not str(refused).startswith(path):
                wrong.append(f"the error does not begin with the path: {refused}")
            if not model.untouched():
                wrong.append("refused, but changed something")
        elif states and not self._right(content, states[0], model):
            wrong.append("loaded what was not saved")
        return wrong

    def _right(self, content: bytes, state: str, model: Model) -> bool:
        """Whether what was loaded may have been."""
        if self.sealed == Sealed.SIZES:
            return all(array.tobytes() in content for array in model.net.state_dict().values())
        return state in self.states and (self.sealed == Sealed.CONTENTS or content in (self.content, self.other))


def _weights(path: str, model: Model) -> str:
    fc.load_weights(path, model.net)
    return repr((model.net.state_dict(), read_meta(path)))


def _checkpoint(path: str, model: Model) -> str:
    loaded = fc.load_checkpoint(path, model.net, model.optimizer)
    return model.state() + repr((loaded["note"], loaded["best"]))


def _samples(directory: str) -> list[Sample]:
    def saved(
        name: str, save: Callable[[str, Model], None], load: Callable[[str, Model], str], sealed: Sealed
    ) -> Sample:
        contents, states = [], []
        for seed in (0, 1):
            path = os.path.join(directory, f"{seed}-{name}")
            save(path, Model(seed))
            contents.append(Path(path).read_bytes())
            states.append(load(path, Model(2)))
        return Sample(name, contents[0], contents[1], load, (states[0], states[1]), sealed)

    def weights(path: str, model: Model) -> None:
        fc.save_weights(path, model.net, {"classes": ["a", "b"]})

    def checkpoint(path: str, model: Model) -> None:
        fc.save_checkpoint(path, model.net, model.optimizer, note=("epoch", 3), best=0.5)

    def by_numpy(path: str, model: Model) -> None:
        np.savez(path, **model.net.state_dict())

    samples = [
        saved("weights.npz", weights, _weights, Sealed.BYTES),
        saved("checkpoint.npz", checkpoint, _checkpoint, Sealed.BYTES),
        saved("numpy.npz", by_numpy, _weights, Sealed.CONTENTS),
    ]
    if WITH_SAFETENSORS:
        samples.append(saved("weights.safetensors", weights, _weights, Sealed.SIZES))
    return samples


def _systematic(samples: list[Sample]) -> list[tuple[Sample, int, int]]:
    """Every truncation (at a byte, -1) and every wrong bit (of a byte, 0 to 7)."""
    return [(sample, place, bit) for sample in samples for place in range(len(sample.content)) for bit in range(-1, 8)]


def attack(n: int, rng: np.random.Generator) -> Tally:
    """Every systematic damage, or as many as an eighth of `n`; then random ones."""
    seed = int(rng.integers(2**31))
    with folder() as directory:
        samples, model = _samples(directory), Model(2)
        cases = _systematic(samples)
        order = rng.permutation(len(cases))
        listed = min(len(cases), n // 8)

        def case(i: int) -> Tally:
            if i < listed:
                sample, place, bit = cases[order[i]]
                whole = sample.content
                told = f"{sample.name}, " + (f"{place} bytes" if bit < 0 else f"byte {place}, bit {bit}")
                content = whole[:place] if bit < 0 else (
                    whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])  # fmt: skip
            else:
                draw = np.random.default_rng((seed, i))
                sample = samples[int(draw.integers(len(samples)))]
                told, content = f"{sample.name}, change {seed, i}", mutated(sample.content, sample.other, draw)
            path = os.path.join(directory, f"{os.getpid()}-{sample.name}")
            wrong = sample.wrong(path, content, model)
            return Tally(1, 1, [f"{told}: {what}" for what in wrong])

        total = supervise(case, n, chunk=20_000)
    total.notes.append(f"{listed:,} of {len(cases):,} truncations and wrong bits, {n - listed:,} random changes")
    return total


PROMISES = [
    Promise(
        "damage",
        "A damaged file is refused with ValueError (one by `numpy.savez` may give exactly what was saved, and "
        ".safetensors has no checksums of numbers): no crash, no code run, no memory beyond its size",
        4_000, 1_035_532, attack,
    ),
]  # fmt: skip
