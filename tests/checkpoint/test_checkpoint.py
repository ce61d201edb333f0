"""Checkpoints of a loop of one's own: what comes back, and what is refused."""

import os
import zipfile

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn, optim
from fastconv.checkpoint.generators import Generators

from .parts import parts, states, train

BIT_GENERATORS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


def test_a_loop_goes_on_where_it_was(path):
    ours, theirs = parts(0), parts(1)
    train(*ours)
    fc.save_checkpoint(path, *ours, epoch=1, history={"loss": [0.5]}, best=np.arange(3), note=("a", None))
    read = fc.load_checkpoint(path, *theirs)
    assert states(ours) == states(theirs)
    assert read["epoch"] == 1 and read["history"] == {"loss": [0.5]} and read["note"] == ("a", None)
    assert list(read) == ["model", "rng", "optimizer", "scheduler", "loader", "epoch", "history", "best", "note"]
    train(*ours)
    train(*theirs)
    assert states(ours) == states(theirs)


def test_some_parts_only(path):
    ours, theirs = parts(0), parts(1)
    train(*ours)
    fc.save_checkpoint(path, *ours)
    fc.load_checkpoint(str(path), optimizer=theirs[1])
    assert [a == b for a, b in zip(states(ours), states(theirs), strict=True)] == [False, True, False, False, False]
    fc.save_checkpoint(os.fsencode(path), ours[0])
    assert sorted(fc.load_checkpoint(path, theirs[0])) == ["model", "rng"]
    with pytest.raises(ValueError, match="scheduler: it is not in the file"):
        fc.load_checkpoint(path, theirs[0], scheduler=theirs[2])


def test_numpy_reads_the_arrays(path):
    model = parts()[0]
    fc.save_checkpoint(path, model, **{"a/b": {"../x": np.arange(2)}})
    with np.load(path, allow_pickle=False) as archive:
        assert np.array_equal(archive["model/0.weight"], model[0].weight)
        assert np.array_equal(archive["a/b/..%2Fx"], [0, 1])
    assert zipfile.ZipFile(path).testzip() is None
    assert os.listdir(path.parent) == [path.name]


def test_every_bit_of_arrays_comes_back(path):
    special = np.array([0x7FC00001, 0xFFBFFFFF, 0x80000000, 1, 0x7F800000], np.uint32).view(np.float32)
    arrays = {
        "special": special, "0-d": np.array(2), "empty": np.zeros((2, 0)), "bool": np.array([True]),
        "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)), "swapped": np.arange(3, dtype=">i8"),
        "many axes": np.ones((1,) * 32), "\u00e9": np.zeros(1), "e\u0301": np.ones(1), "A": np.ones(2),
        "a": np.zeros(2), "n" * 4000: np.ones(1),
    }  # fmt: skip
    fc.save_checkpoint(path, nn.ReLU(), arrays=arrays)
    found = fc.load_checkpoint(path)["arrays"]
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].tobytes() == array.astype(array.dtype.newbyteorder("=")).tobytes()
        assert found[name].shape == array.shape


@pytest.mark.parametrize("kind", BIT_GENERATORS)
def test_states_of_generators(path, kind):
    def model(seed):
        rng = np.random.Generator(getattr(np.random, kind)(seed))
        return nn.Sequential(nn.Dropout(rng=rng), nn.Dropout(rng=rng), nn.Dropout(rng=3))

    one, other = model(0), model(1)
    one[0].rng.integers(2**32, size=5, dtype=np.uint32)
    fc.save_checkpoint(path, one)
    fc.load_checkpoint(path, other)
    for layer in range(3):
        numbers = one[layer].rng.integers(2**31, size=700)
        assert np.array_equal(numbers, other[layer].rng.integers(2**31, size=700))


def test_states_of_generators_that_cannot_be():
    for kind in BIT_GENERATORS:
        generators = Generators(nn.Sequential(nn.Dropout(rng=np.random.Generator(getattr(np.random, kind)(0)))))
        good = generators.state_dict()
        bad = [{}, {"0.rng": 3}, {**good, "1.rng": good["0.rng"]}, {"0.rng": good["0.rng"] | {"bit_generator": "X"}}]
        bad += [{"0.rng": good["0.rng"] | {"has_uint32": value}} for value in (2, -1, "1", True)]
        if kind == "MT19937":
            bad = bad[:4]
            for wrong in (
                {"pos": 625},
                {"pos": -1},
                {"key": [0.5] * 624},
                {"key": [2**40] * 624},
                {"key": [0, 1, 2]},
                {"key": 3},
            ):
                bad.append({"0.rng": good["0.rng"] | {"state": good["0.rng"]["state"] | wrong}})
        if kind == "Philox":
            bad.append({"0.rng": good["0.rng"] | {"buffer_pos": 5}})
        for state in bad:
            with pytest.raises(ValueError):
                generators.load_state_dict(state)
        assert repr(generators.state_dict()) == repr(good)


def test_a_misfit_lists_everything_and_changes_nothing(path):
    fc.save_checkpoint(path, *parts(0))
    others = parts(1, optim.SGD, width=5)
    others[0].append(nn.Dropout(rng=0))
    before = states(others)
    with pytest.raises(ValueError) as error:
        fc.load_checkpoint(path, *others)
    for text in (str(path), "'0.weight' has shape", "'2.bias' has shape", "missing '3.rng'", "of Adam, not of SGD"):
        assert text in str(error.value), text
    assert states(others) == before


@pytest.mark.parametrize("failing", ["optimizer", "scheduler", "loader", "model"])
def test_an_error_while_loading_changes_nothing(path, monkeypatch, failing):
    fc.save_checkpoint(path, *parts(0))
    ours = parts(1)
    before = states(ours)
    part = ours[["model", "optimizer", "scheduler", "loader"].index(failing)]
    loads = type(part).load_state_dict

    def fail(self, state):
        monkeypatch.setattr(type(part), "load_state_dict", loads)
        raise MemoryError

    monkeypatch.setattr(type(part), "load_state_dict", fail)
    with pytest.raises(MemoryError):
        fc.load_checkpoint(path, *ours)
    assert states(ours) == before


def test_what_cannot_be_saved_leaves_the_old_file(path):
    path.write_bytes(b"old")
    model = nn.ReLU()
    for extra, error in (
        ({"a": np.array([None])}, TypeError), ({"a": print}, TypeError), ({"a": {"b": {1, 2}}}, TypeError),
        ({"a": {"b\0": np.zeros(1)}}, ValueError), ({"": 1}, ValueError),
        ({"rng": 1}, ValueError), ({"a": "x" * 2_000_000}, ValueError),
    ):  # fmt: skip
        with pytest.raises(error, match="save_checkpoint"):
            fc.save_checkpoint(path, model, **extra)
    assert path.read_bytes() == b"old" and os.listdir(path.parent) == [path.name]
