"""Parameters, parts and states of modules."""

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from fastconv import nn


class Block(nn.Module):
    """Two layers, a parameter of its own, and things that are no parts."""

    def __init__(self) -> None:
        self.second = nn.Linear(2, 3, rng=1)
        self.scale = nn.Parameter(np.ones(3, np.float32))
        self.first = nn.Sequential(nn.Linear(3, 2, rng=2), nn.ReLU())
        self.constant = np.ones(3, np.float32)
        self.nothing = None


NAMES = ["scale", "second.weight", "second.bias", "first.0.weight", "first.0.bias"]


def test_attributes_are_found_under_their_names():
    block = Block()
    assert [name for name, _ in block.named_parameters()] == NAMES
    assert [name for name, _ in block.named_parameters("net")] == [f"net.{name}" for name in NAMES]
    assert [name for name, _ in block.named_parameters(recurse=False)] == ["scale"]
    assert list(block.parameters()) == [p for _, p in block.named_parameters()]
    assert list(block.state_dict()) == NAMES
    assert [name for name, _ in block.named_children()] == ["second", "first"]
    assert [name for name, _ in block.named_modules()] == ["", "second", "first", "first.0", "first.1"]


def test_attributes_can_be_replaced_and_deleted():
    block = Block()
    block.second = nn.ReLU()
    del block.scale
    assert list(block.state_dict()) == ["first.0.weight", "first.0.bias"]
    with pytest.raises(AttributeError):
        _ = block.scale


def test_shared_parts_are_visited_once_and_saved_under_both_names():
    block = Block()
    block.third = block.second
    block.weight = block.second.weight
    assert len(list(block.parameters())) == len(NAMES)
    assert len(list(block.modules())) == 5
    assert set(block.state_dict()) == {*NAMES, "third.weight", "third.bias", "weight"}


def test_train_and_eval_reach_all_parts_and_return_the_module():
    block = Block()
    assert all(m.training for m in block.modules())
    assert block.eval() is block
    assert not any(m.training for m in block.modules())
    assert block.first.train() is block.first
    assert [m.training for m in block.modules()] == [False, False, True, True, True]
    for mode in (1, None, "eval"):
        with pytest.raises(TypeError, match="mode"):
            block.train(mode)


def test_zero_grad():
    block = Block()
    for p in block.parameters():
        p.grad = np.ones(p.shape, np.float32)
    block.first.zero_grad(set_to_none=False)
    assert [p.grad is None or bool(p.grad.any()) for p in block.parameters()] == [True, True, True, False, False]
    block.zero_grad()
    assert all(p.grad is None for p in block.parameters())


def test_state_dict_is_a_copy():
    block = Block()
    state = block.state_dict()
    state["scale"][...] = 7
    assert block.scale.data.tolist() == [1, 1, 1]


def test_load_state_dict_keeps_the_arrays_and_takes_any_layout():
    block, other = Block(), Block()
    data = [p.data for p in block.parameters()]
    swapped = np.dtype(np.float32).newbyteorder()
    state = {name: np.asfortranarray(array + 1).astype(swapped) for name, array in other.state_dict().items()}
    assert block.load_state_dict(state) == ([], [])
    assert all(p.data is array for p, array in zip(block.parameters(), data, strict=True))
    for name, array in block.state_dict().items():
        np.testing.assert_array_equal(array, state[name])
        assert array.dtype == np.float32 and array.flags.c_contiguous


def test_load_state_dict_lists_everything_and_changes_nothing():
    block = Block()
    before = block.state_dict()
    state = {name: array + 1 for name, array in before.items()}
    del state["scale"], state["second.bias"]
    state |= {
        "second.weight": np.zeros((2, 3), np.float32),
        "first.0.bias": np.zeros(2),
        "first.0.weight": [[1.0]],
        "stranger": np.zeros(1),
    }
    with pytest.raises(ValueError) as error:
        block.load_state_dict(state)
    text = str(error.value)
    for part in (
        "missing 'scale'",
        "missing 'second.bias'",
        "unexpected 'stranger'",
        "'second.weight' has shape (2, 3) instead of (3, 2)",
        "'first.0.bias' has dtype float64 instead of float32",
        "'first.0.weight' is not an array",
    ):
        assert part in text
    for name, array in block.state_dict().items():
        np.testing.assert_array_equal(array, before[name])


def test_load_state_dict_not_strict():
    block = Block()
    state = {"scale": np.full(3, 5, np.float32), "stranger": np.zeros(1)}
    result = block.load_state_dict(state, strict=False)
    assert result.missing_keys == NAMES[1:] and result.unexpected_keys == ["stranger"]
    assert block.scale.data.tolist() == [5, 5, 5]
    with pytest.raises(ValueError, match="shape"):
        block.load_state_dict({"scale": np.zeros(4, np.float32)}, strict=False)


def test_load_state_dict_of_its_own_arrays_exchanged():
    pair = nn.Module()
    pair.a, pair.b = nn.Parameter(np.zeros(2)), nn.Parameter(np.ones(2))
    pair.load_state_dict({"a": pair.b.data, "b": pair.a.data})
    assert pair.a.data.tolist() == [1, 1] and pair.b.data.tolist() == [0, 0]


def test_load_state_dict_into_read_only_memory():
    module = nn.Module()
    frozen = np.zeros(2)
    frozen.flags.writeable = False
    module.a, module.b = nn.Parameter(np.zeros(2)), nn.Parameter(frozen)
    with pytest.raises(ValueError, match="'b' is read-only"):
        module.load_state_dict({"a": np.ones(2), "b": np.ones(2)})
    assert not module.a.data.any()


def test_load_state_dict_of_no_mapping():
    with pytest.raises(TypeError, match="state_dict"):
        Block().load_state_dict([("scale", np.ones(3))])


def test_copies_are_independent():
    block = Block()
    for twin in (copy.deepcopy(block), pickle.loads(pickle.dumps(block))):
        twin.scale.data += 1
        twin.eval()
        assert block.scale.data.tolist() == [1, 1, 1] and block.training
        assert list(twin.state_dict()) == NAMES


def test_repr_shows_the_tree():
    assert repr(Block()).splitlines() == [
        "Block(",
        "  (second): Linear(in_features=2, out_features=3, bias=True)",
        "  (first): Sequential(",
        "    (0): Linear(in_features=3, out_features=2, bias=True)",
        "    (1): ReLU()",
        "  )",
        ")",
    ]
    assert repr(nn.Module()) == "Module()"


def test_a_module_without_forward_says_so():
    with pytest.raises(NotImplementedError, match="forward"):
        nn.Module()(1)
    with pytest.raises(NotImplementedError, match="backward"):
        nn.Module().backward(1)


@pytest.mark.parametrize("name", ["", "a.b", "forward", "training"])
def test_names_of_parts_that_would_hide_something(name):
    with pytest.raises(ValueError, match="name"):
        nn.Sequential(OrderedDict([(name, nn.ReLU())]))


def test_apply_visits_parts_first():
    block, seen = Block(), []
    assert block.apply(seen.append) is block
    assert seen == [block.second, block.first[0], block.first[1], block.first, block]


def test_parts_and_parameters_by_dotted_name():
    block = Block()
    assert block.get_submodule("") is block and block.get_submodule("first.1") is block.first[1]
    assert block.get_parameter("first.0.weight") is block.first[0].weight
    assert block.get_parameter("scale") is block.scale
    block.first.register_buffer("mean", np.ones(2))
    assert block.get_buffer("first.mean") is block.first.mean
    for name in ("third", "first.2", "scale", "first.0.weight", ".", "first."):
        with pytest.raises(AttributeError, match="get_submodule: there is no part"):
            block.get_submodule(name)
    for name in ("", "first", "first.0", "constant", "first.mean", "first.0.weights"):
        with pytest.raises(AttributeError, match="get_parameter: there is no parameter"):
            block.get_parameter(name)
    with pytest.raises(AttributeError, match="get_buffer: there is no buffer"):
        block.get_buffer("constant")
