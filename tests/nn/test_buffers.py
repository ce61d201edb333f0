"""Arrays that belong to the state of a module but are not trained."""

import copy
import pickle

import numpy as np
import pytest

from fastconv import load_weights, nn, save_weights


class Counter(nn.Module):
    """A parameter, two stored buffers, one that is not stored, one without an array."""

    def __init__(self) -> None:
        self.register_buffer("mean", np.zeros(3, np.float32))
        self.register_buffer("steps", np.zeros((), np.int64))
        self.register_buffer("cache", np.ones(2), persistent=False)
        self.register_buffer("later", None)
        self.scale = nn.Parameter(np.ones(3, np.float32))


def test_buffers_are_found_under_their_names():
    net = nn.Sequential(Counter(), nn.ReLU())
    assert [name for name, _ in net.named_buffers()] == ["0.mean", "0.steps", "0.cache"]
    assert [name for name, _ in net.named_buffers("net")] == ["net.0.mean", "net.0.steps", "net.0.cache"]
    assert list(net.named_buffers(recurse=False)) == []
    assert [b is a for b, a in zip(net.buffers(), (net[0].mean, net[0].steps, net[0].cache), strict=True)] == [True] * 3
    assert [name for name, _ in net.named_parameters()] == ["0.scale"]
    assert list(net.state_dict()) == ["0.scale", "0.mean", "0.steps"]  # parameters first, as PyTorch


def test_a_buffer_shared_by_two_modules_is_visited_once_and_saved_twice():
    first, second = Counter(), Counter()
    second.mean = first.mean
    net = nn.Sequential(first, second)
    assert len(list(net.buffers())) == 5
    assert "1.mean" in net.state_dict()


def test_values_are_replaced_in_place_or_not():
    counter = Counter()
    steps = counter.steps
    counter.steps += 1
    assert counter.steps is steps and counter.state_dict()["steps"] == 1
    counter.later = np.ones(1, bool)
    assert list(counter.state_dict()) == ["scale", "mean", "steps", "later"]
    counter.mean = None
    assert list(counter.state_dict()) == ["scale", "steps", "later"]


def test_state_goes_round(tmp_path):
    counter, other = Counter(), Counter()
    counter.mean[...] = [1, 2, 3]
    counter.steps[...] = 7
    array = other.mean
    assert other.load_state_dict(counter.state_dict()) == ([], [])
    assert other.mean is array and array.tolist() == [1, 2, 3] and other.steps == 7 and other.steps.dtype == np.int64
    save_weights(tmp_path / "w.npz", counter)
    third = Counter()
    load_weights(tmp_path / "w.npz", third)
    assert third.mean.tolist() == [1, 2, 3] and third.steps == 7 and third.steps.shape == ()


def test_what_does_not_fit_is_listed_and_changes_nothing():
    counter = Counter()
    state = counter.state_dict() | {"mean": np.ones(4, np.float32), "steps": np.ones(()), "cache": np.ones(2)}
    state["scale"] += 1
    with pytest.raises(ValueError) as error:
        counter.load_state_dict(state)
    for part in ("unexpected 'cache'", "'mean' has shape (4,) instead of (3,)", "'steps' has dtype float64"):
        assert part in str(error.value)
    assert counter.scale.data.tolist() == [1, 1, 1]


def test_deleting():
    counter = Counter()
    del counter.mean
    assert not hasattr(counter, "mean") and list(counter.state_dict()) == ["scale", "steps"]
    counter.mean = [1, 2]  # an attribute like any other now
    with pytest.raises(AttributeError):
        del counter.nothing


def test_a_parameter_or_part_takes_the_place_of_a_buffer():
    counter = Counter()
    counter.mean = nn.Parameter(np.ones(1))
    counter.steps = nn.Linear(1, 1)
    assert set(counter.state_dict()) == {"mean", "scale", "steps.weight", "steps.bias"}
    assert [name for name, _ in counter.named_buffers()] == ["cache"]


@pytest.mark.parametrize("wrong", [[1.0], 1.0, np.float32(1), np.array("a"), np.array(1j), np.array(None)])
def test_only_arrays_that_can_be_stored(wrong):
    counter = Counter()
    with pytest.raises(TypeError, match="buffer mean"):
        counter.mean = wrong
    with pytest.raises(TypeError, match="buffer other"):
        counter.register_buffer("other", wrong)
    assert counter.mean.tolist() == [0, 0, 0] and not hasattr(counter, "other")


@pytest.mark.parametrize("name", ["", "a.b", "scale", "forward", "training"])
def test_names_that_would_hide_something(name):
    with pytest.raises(ValueError, match="name of a buffer"):
        Counter().register_buffer(name, np.ones(1))


def test_arguments_of_the_wrong_kind():
    with pytest.raises(TypeError, match="name of a buffer"):
        Counter().register_buffer(1, np.ones(1))
    with pytest.raises(TypeError, match="persistent"):
        Counter().register_buffer("other", np.ones(1), persistent=1)
    with pytest.raises(ValueError, match="name of a part"):
        Counter().add_module("mean", nn.ReLU())


def test_copies_are_independent():
    counter = Counter()
    for twin in (copy.deepcopy(counter), pickle.loads(pickle.dumps(counter))):
        twin.mean += 1
        assert [name for name, _ in twin.named_buffers()] == ["mean", "steps", "cache"]
        assert list(twin.state_dict()) == ["scale", "mean", "steps"]
        del twin.mean
        assert counter.mean.tolist() == [0, 0, 0]
