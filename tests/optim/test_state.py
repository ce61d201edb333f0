"""Saving and restoring optimizers."""

import copy

import numpy as np
import pytest

from fastconv import nn, optim

from .cases import OPTIMIZERS
from .test_step import assert_equal_states, parameters, set_gradients, train


@pytest.fixture(params=OPTIMIZERS)
def case(request):
    return OPTIMIZERS[request.param]


NAMES = ["a", "b"]


def named(params):
    return list(zip(NAMES, params, strict=True))


@pytest.mark.parametrize("saved_after", [0, 1, 3])
@pytest.mark.parametrize("with_names", [False, True])
def test_going_on_is_as_never_having_stopped(case, saved_after, with_names):
    make, options = case
    shapes = [(3, 4), (5,)]
    expected = train(case, parameters(shapes=shapes), 5)

    params = parameters(shapes=shapes)
    first = make(named(params) if with_names else params, **options)
    for step in range(saved_after):
        set_gradients(params, step)
        first.step()
    state = first.state_dict()
    assert list(state["state"]) == ((NAMES if with_names else [0, 1]) if saved_after else [])
    # With names, the order does not matter.
    second = make(named(params)[::-1] if with_names else params, **(options | {"lr": 0.77}))
    second.load_state_dict(state)
    for step in range(saved_after, 5):
        set_gradients(params, step)
        second.step()
    for p, values in zip(params, expected, strict=True):
        np.testing.assert_array_equal(p.data, values)


def test_state_dict_and_optimizer_share_nothing(case):
    make, options = case
    params = parameters(shapes=[(3,)])
    optimizer = make(params, **options)
    set_gradients(params, 0)
    optimizer.step()
    state = optimizer.state_dict()
    kept = copy.deepcopy(state)

    def spoil(state):
        for entry in state["state"].values():
            for value in entry.values():
                if isinstance(value, np.ndarray):
                    value[...] = 99
            entry["step"] = 99
        state["param_groups"][0]["lr"] = 99
        state["param_groups"][0]["params"].clear()

    spoil(state)
    assert_equal_states(optimizer.state_dict(), kept)
    given = copy.deepcopy(kept)
    optimizer.load_state_dict(given)
    spoil(given)
    assert_equal_states(optimizer.state_dict(), kept)


def trained():
    params = parameters(shapes=[(3,), (2,)])
    optimizer = optim.Adam(named(params))
    set_gradients(params, 0)
    optimizer.step()
    return optimizer


def change(edit):
    state = trained().state_dict()
    edit(state)
    return state


MISFITS = [
    (ValueError, "parameter groups", lambda s: s["param_groups"].append({"params": []})),
    (ValueError, "misses 'b'", lambda s: s["param_groups"][0]["params"].remove("b")),
    (ValueError, "unexpected 'c'", lambda s: s["param_groups"][0]["params"].append("c")),
    (ValueError, "3 parameters instead of 2", lambda s: s["param_groups"][0].update(params=[0, 1, 2])),
    (ValueError, "'z'", lambda s: s["state"].update(z={})),
    (ValueError, "'exp_avg'", lambda s: s["state"]["a"].pop("exp_avg")),
    (ValueError, "unexpected 'sum'", lambda s: s["state"]["a"].update(sum=np.zeros(3, np.float32))),
    (ValueError, r"exp_avg of 'b' has shape \(3,\)", lambda s: s["state"]["b"].update(exp_avg=np.zeros(3, np.float32))),
    (ValueError, "float32 array", lambda s: s["state"]["b"].update(exp_avg=np.zeros(2))),
    (ValueError, "float32 array", lambda s: s["state"]["b"].update(exp_avg=[0.0, 0.0])),
    (ValueError, "step of 'b'", lambda s: s["state"]["b"].update(step=-1)),
    (ValueError, "step of 'b'", lambda s: s["state"]["b"].update(step=1.5)),
    (ValueError, "state of 'a'", lambda s: s["state"].update(a=None)),
    (ValueError, "lr", lambda s: s["param_groups"][0].update(lr=-1)),
    (TypeError, "betas", lambda s: s["param_groups"][0].update(betas=0.9)),
    (TypeError, "params", lambda s: s["param_groups"][0].update(params=None)),
    (TypeError, "params", lambda s: s["param_groups"][0].update(params=[[0], 1])),
    (TypeError, "state", lambda s: s.pop("state")),
    (TypeError, "param_groups", lambda s: s.update(param_groups={})),
]


@pytest.mark.parametrize(("kind", "text", "edit"), MISFITS)
def test_a_state_that_does_not_fit_changes_nothing(kind, text, edit):
    optimizer = trained()
    before = optimizer.state_dict()
    with pytest.raises(kind, match=text):
        optimizer.load_state_dict(change(edit))
    assert_equal_states(optimizer.state_dict(), before)


def test_a_misfit_lists_everything():
    def edit(state):
        state["state"]["a"].pop("exp_avg")
        state["state"]["b"].update(exp_avg=np.zeros(3, np.float32), step=-1)
        state["state"]["z"] = {}

    with pytest.raises(ValueError) as error:
        trained().load_state_dict(change(edit))
    for text in ("'exp_avg'", "exp_avg of 'b'", "step of 'b'", "'z'"):
        assert text in str(error.value)


def test_a_state_that_is_no_mapping():
    for wrong in (None, [], 3):
        with pytest.raises(TypeError, match="state_dict"):
            trained().load_state_dict(wrong)


def test_positions_and_names_match_by_position():
    params = parameters(shapes=[(3,), (2,)])
    by_position = optim.Adam(params)
    by_position.load_state_dict(trained().state_dict())
    assert by_position.state[params[1]]["exp_avg"].shape == (2,)


def test_deepcopy_of_a_model_and_its_optimizer_train_on():
    net = nn.Linear(3, 2, rng=0)
    optimizer = optim.Adam(net.parameters())
    other, other_optimizer = copy.deepcopy((net, optimizer))
    for p in other.parameters():
        p.grad = np.ones(p.shape, np.float32)
    old = net.state_dict()
    other_optimizer.step()
    np.testing.assert_array_equal(net.weight.data, old["weight"])
    assert not np.array_equal(other.weight.data, old["weight"])
