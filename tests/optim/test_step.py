"""What a step changes, and what it leaves alone."""

import copy
import pickle
import weakref

import numpy as np
import pytest

import fastconv as fc
from fastconv import nn, optim
from fastconv._watch import states
from fastconv.optim._state import Watched

from .cases import OPTIMIZERS

SHAPES = [(3, 4), (5,), (), (0, 2), (70_001,)]


@pytest.fixture(params=OPTIMIZERS)
def case(request):
    return OPTIMIZERS[request.param]


def parameters(dtype=np.float32, shapes=SHAPES):
    rng = np.random.default_rng(0)
    return [nn.Parameter(np.array(rng.standard_normal(shape)).astype(dtype)) for shape in shapes]


def set_gradients(params, seed):
    rng = np.random.default_rng(seed)
    for p in params:
        p.grad = np.array(rng.standard_normal(p.shape)).astype(p.dtype)


def train(case, params, steps=3):
    make, options = case
    optimizer = make(params, **options)
    for step in range(steps):
        set_gradients(params, step)
        optimizer.step()
    return [np.array(p.data) for p in params]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_updates_in_place_and_leaves_gradients(case, dtype):
    params = parameters(dtype)
    before = [(p.data, p.data.copy()) for p in params]
    train(case, params)
    gradients = [p.grad.copy() for p in params]
    make, options = case
    make(params, **options).step()
    for p, gradient, (array, old) in zip(params, gradients, before, strict=True):
        assert p.data is array and p.dtype == dtype
        assert p.size == 0 or not np.array_equal(array, old)
        np.testing.assert_array_equal(p.grad, gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_layouts_give_the_same_bits(case, dtype):
    expected = train(case, parameters(dtype, [(3, 4), (5,)]))
    swapped = np.dtype(dtype).newbyteorder()
    for lay in (
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=0)[::2],
        lambda a: a[::-1].copy()[::-1],
        lambda a: a.astype(swapped),
        lambda a: np.frombuffer(bytearray(b"x" + a.tobytes()), a.dtype, offset=1).reshape(a.shape),
    ):
        plain = parameters(dtype, [(3, 4), (5,)])
        odd = [nn.Parameter(lay(p.data)) for p in plain]
        arrays = [p.data for p in odd]
        make, options = case
        optimizer = make(odd, **options)
        for step in range(3):
            set_gradients(plain, step)
            for p, q in zip(odd, plain, strict=True):
                p.grad = lay(q.grad)
            optimizer.step()
        for p, array, values in zip(odd, arrays, expected, strict=True):
            assert p.data is array
            np.testing.assert_array_equal(array.astype(dtype), values)


def test_threads_give_the_same_bits(case):
    results = []
    for count in (1, 2, 3, 8):
        fc.set_num_threads(count)
        results.append(train(case, parameters()))
    for result in results[1:]:
        for a, b in zip(results[0], result, strict=True):
            np.testing.assert_array_equal(a, b)


def bad_gradients(p):
    other = np.float64 if p.dtype == np.float32 else np.float32
    return [
        (TypeError, p.data.astype(other)),
        (TypeError, p.data.astype(np.int64)),
        (TypeError, p.data.tolist()),
        (TypeError, np.ma.array(p.data)),
        (TypeError, 1.0),
        (ValueError, np.ones((*p.shape, 1), p.dtype)),
        (ValueError, np.ones(1, p.dtype)),
    ]


def test_a_step_is_all_or_nothing(case):
    make, options = case
    params = parameters(shapes=[(3, 4), (5,)])
    optimizer = make([("first", params[0]), ("last", params[1])], **options)
    set_gradients(params, 0)
    optimizer.step()
    values, state = [p.data.copy() for p in params], optimizer.state_dict()
    for kind, grad in bad_gradients(params[1]):
        params[1].grad = grad
        with pytest.raises(kind, match="'last'"):
            optimizer.step()
    set_gradients(params, 1)
    params[1].data.flags.writeable = False
    with pytest.raises(ValueError, match="'last' is read-only"):
        optimizer.step()
    for p, old in zip(params, values, strict=True):
        np.testing.assert_array_equal(p.data, old)
    assert_equal_states(optimizer.state_dict(), state)


def assert_equal_states(a, b):
    assert a["param_groups"] == b["param_groups"] and a["state"].keys() == b["state"].keys()
    for key, state in a["state"].items():
        assert state.keys() == b["state"][key].keys()
        for name, value in state.items():
            np.testing.assert_array_equal(value, b["state"][key][name])


def test_a_parameter_without_gradient_is_left_alone(case):
    make, options = case
    first, second = parameters(shapes=[(3,), (3,)])
    optimizer = make([first, second], **options)
    old = second.data.copy()
    first.grad = np.ones(3, np.float32)
    optimizer.step()
    np.testing.assert_array_equal(second.data, old)
    assert first in optimizer.state and second not in optimizer.state


def test_lr_zero_changes_state_but_no_bit_of_the_parameters(case):
    make, options = case
    p = nn.Parameter(np.array([1.5, -0.0, 0.0, 1e-42], np.float32))
    bits = p.data.view(np.int32).copy()
    optimizer = make([p], **(options | {"lr": 0.0}))
    for step in range(3):
        set_gradients([p], step)
        optimizer.step()
    np.testing.assert_array_equal(p.data.view(np.int32), bits)
    assert optimizer.state[p]["step"] == 3


def test_zero_gradients_change_nothing_without_decay(case):
    make, options = case
    p = parameters(shapes=[(5,)])[0]
    old = p.data.copy()
    optimizer = make([p], **(options | {"weight_decay": 0.0}))
    for _ in range(1000):
        p.grad = np.zeros(5, np.float32)
        optimizer.step()
    np.testing.assert_array_equal(p.data, old)


def test_nan_stays_where_it_is(case):
    make, options = case
    p = parameters(shapes=[(50,)])[0]
    optimizer = make([p], **options)
    for step in range(2):
        set_gradients([p], step)
        p.grad[7] = np.nan
        optimizer.step()
    assert np.flatnonzero(np.isnan(p.data)).tolist() == [7]


def test_subnormal_gradients_stay_finite(case):
    make, options = case
    p = parameters(shapes=[(5,)])[0]
    optimizer = make([p], **options)
    p.grad = np.full(5, 1e-42, np.float32)
    optimizer.step()
    assert np.isfinite(p.data).all()


def test_a_gradient_that_is_the_parameter_itself(case):
    make, options = case
    first, second = parameters(shapes=[(5,)])[0], parameters(shapes=[(5,)])[0]
    first.grad, second.grad = first.data, second.data.copy()
    make([first], **options).step()
    make([second], **options).step()
    np.testing.assert_array_equal(first.data, second.data)


def test_a_parameter_that_changed_its_shape():
    p = nn.Parameter(np.ones(3))
    optimizer = optim.Adam([p])
    p.grad = np.ones(3)
    optimizer.step()
    p.data, p.grad = np.ones(4), np.ones(4)
    with pytest.raises(ValueError, match="exp_avg of parameter 0"):
        optimizer.step()


def test_zero_grad():
    p, q = parameters(shapes=[(3,), (3,)])
    optimizer = optim.SGD([p, q], lr=0.1)
    p.grad = np.ones(3, np.float32)
    optimizer.zero_grad(set_to_none=False)
    assert p.grad.tolist() == [0, 0, 0] and q.grad is None
    optimizer.zero_grad()
    assert p.grad is None


def test_options_may_change_between_steps():
    p = nn.Parameter(np.array([1.0]))
    optimizer = optim.SGD([p], lr=0.1)
    for momentum, expected in [(0.0, 0.9), (0.5, 0.8), (0.5, 0.65), (0.0, 0.55), (0.5, 0.45)]:
        optimizer.param_groups[0]["momentum"] = momentum
        p.grad = np.array([1.0])
        optimizer.step()
        assert p.data[0] == pytest.approx(expected, rel=1e-14)


def test_an_array_that_was_replaced_is_the_one_that_is_updated(case):
    make, options = case
    first, second = parameters(shapes=[(5,)])[0], parameters(shapes=[(5,)])[0]
    one, other = make([first], **options), make([second], **options)
    for step in range(3):
        old = first.data
        first.data = old.copy()
        set_gradients([first], step)
        set_gradients([second], step)
        one.step()
        other.step()
        np.testing.assert_array_equal(first.data, second.data)
        assert first.data is not old


def test_parameters_of_both_dtypes_and_of_different_ages(case):
    """They are several batches of one step; each is updated as if it were alone."""
    make, options = case
    shapes = [(3, 4), (5,), (2,)]

    def mixed():
        return parameters(np.float32, shapes) + parameters(np.float64, shapes)

    together, alone = mixed(), mixed()
    optimizer = make([{"params": together[:4]}, {"params": together[4:], "lr": 0.03}], **options)
    singles = [make([p], **(options if i < 4 else options | {"lr": 0.03})) for i, p in enumerate(alone)]
    for step in range(6):
        set_gradients(together, step)
        set_gradients(alone, step)
        for i in range(len(alone)):
            if (i + step) % 4 == 1:
                together[i].grad = alone[i].grad = None
        optimizer.step()
        for single in singles:
            single.step()
    for p, q in zip(together, alone, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


def test_maximizing_climbs_what_minimizing_the_negative_descends(case):
    make, options = case
    up, down = parameters(shapes=[(5,), ()]), parameters(shapes=[(5,), ()])
    climber, other = make(up, **(options | {"maximize": True})), make(down, **(options | {"maximize": False}))
    for step in range(3):
        set_gradients(up, step)
        set_gradients(down, step)
        for p in down:
            p.grad = np.array(-p.grad)
        kept = [p.grad.copy() for p in up]
        climber.step()
        other.step()
        for p, q, gradient in zip(up, down, kept, strict=True):
            np.testing.assert_array_equal(p.data, q.data)
            np.testing.assert_array_equal(p.grad, gradient)


def test_a_closure_computes_the_gradients_first():
    p = nn.Parameter(np.array([1.0]))
    optimizer = optim.SGD([p], lr=0.1)

    def closure():
        p.grad = np.array([2.0])
        return "the loss"

    assert optimizer.step(closure) == "the loss"
    assert p.data[0] == pytest.approx(0.8)
    assert optimizer.step() is None
    with pytest.raises(TypeError, match="closure"):
        optimizer.step(3)


@pytest.mark.parametrize("change", [
    lambda net, optimizer: setattr(net[0].weight, "data", net[0].weight.data + 1),
    lambda net, optimizer: net[0].weight.data.__iadd__(1),
    lambda net, optimizer: setattr(net[0].bias, "grad", None),
    lambda net, optimizer: setattr(net[0].weight, "grad", np.asfortranarray(net[0].weight.grad)),
    lambda net, optimizer: setattr(net[0].bias, "grad", net[0].bias.data),
    lambda net, optimizer: optimizer.param_groups[0].update(lr=0.0),
    lambda net, optimizer: optimizer.param_groups[0].update(lr=0.5, maximize=True),
    lambda net, optimizer: optimizer.param_groups[0]["params"].reverse(),
    lambda net, optimizer: optimizer.param_groups[0]["params"].pop(),
    lambda net, optimizer: optimizer.state.clear(),
    lambda net, optimizer: optimizer.state[net[0].bias].update(step=7),
    lambda net, optimizer: optimizer.state[net[0].bias].update(exp_avg=np.ones(2, np.float32)),
    lambda net, optimizer: optimizer.load_state_dict(optimizer.state_dict()),
    lambda net, optimizer: optimizer.param_groups[0].update(amsgrad=True),
    lambda net, optimizer: optimizer.state.pop(net[0].bias),
    lambda net, optimizer: optimizer.state.update({net[0].bias: dict(optimizer.state[net[0].bias])}),
    lambda net, optimizer: optimizer.state[net[0].bias].__ior__({"exp_avg": np.ones(2, np.float32)}),
    lambda net, optimizer: optimizer.state[net[0].bias].__setitem__("step", 70),
    lambda net, optimizer: optimizer.state[net[0].bias].__delitem__("exp_avg_sq"),
    lambda net, optimizer: setattr(optimizer, "state", {}),
    lambda net, optimizer: setattr(optimizer, "state", copy.copy(optimizer.state)),
    lambda net, optimizer: [setattr(p, "grad", None) for p in net.parameters()],
], ids=range(22))  # fmt: skip
def test_a_step_sees_what_changed_since_the_last(change):
    """Where steps repeat, what was found out in one serves the next; it must not serve one that differs."""

    def train(forgetful):
        net = nn.Sequential(nn.Linear(3, 2, rng=0))
        optimizer = optim.Adam(net.parameters(), lr=0.1)
        for i in range(8):
            for parameter in net.parameters():
                parameter.grad = np.full(parameter.shape, i - 3.5, np.float32)
            if i == 4:
                assert forgetful or optimizer._routines
                change(net, optimizer)
            if forgetful:
                optimizer._routines.clear()
            optimizer.step()
        return [p.data.tobytes() for p in net.parameters()]

    assert train(False) == train(True)


def test_a_gradient_is_not_held_after_a_step():
    net = nn.Sequential(nn.Linear(3, 2, rng=0))
    optimizer = optim.Adam(net.parameters())
    for _ in range(4):
        for parameter in net.parameters():
            parameter.grad = np.ones(parameter.shape, np.float32)
        optimizer.step()
        held = [weakref.ref(parameter.grad) for parameter in net.parameters()]
        optimizer.zero_grad()
        assert all(grad() is None for grad in held)


def test_optimizers_that_have_made_steps_can_be_pickled():
    net = nn.Sequential(nn.Linear(3, 2, rng=0))
    optimizer = optim.Adam(net.parameters(), lr=0.1)
    for _ in range(3):
        for parameter in net.parameters():
            parameter.grad = np.ones(parameter.shape, np.float32)
        optimizer.step()
    other, other_optimizer = pickle.loads(pickle.dumps((net, optimizer)))
    for model, stepping in ((net, optimizer), (other, other_optimizer)):
        for parameter in model.parameters():
            parameter.grad = np.ones(parameter.shape, np.float32)
        stepping.step()
    assert [p.data.tobytes() for p in net.parameters()] == [p.data.tobytes() for p in other.parameters()]


def test_every_change_of_a_state_is_told():
    """What `dict` has beyond what only reads it."""
    readers = {"copy", "fromkeys", "get", "items", "keys", "values"}
    writers = {name for name in vars(dict) if not name.startswith("_")} - readers
    assert writers | {"__setitem__", "__delitem__", "__ior__"} == vars(Watched).keys() & vars(dict).keys() - {"__doc__"}
    state, count = Watched(step=1), states.count
    for change in (
        lambda: state.__setitem__("a", 1),
        lambda: state.__delitem__("a"),
        lambda: state.__ior__({"a": 1}),
        lambda: state.update(b=2),
        lambda: state.setdefault("c", 3),
        lambda: state.pop("b"),
        lambda: state.popitem(),
        lambda: state.clear(),
    ):
        change()
        assert states.count != count
        count = states.count
    for again in copy.deepcopy(optimizer_state := Watched(step=1)), pickle.loads(pickle.dumps(optimizer_state)):
        assert type(again) is Watched and again == {"step": 1}


def test_a_later_group_that_is_wrong_changes_nothing():
    """Also where the steps of the first one repeat: the next step is what it would have been."""
    first, second = nn.Parameter(np.ones(3)), nn.Parameter(np.ones(3))
    optimizer = optim.Adam([{"params": [first]}, {"params": [second]}], lr=0.1)
    for i in range(6):
        first.grad, second.grad = np.full(3, i - 2.5), np.full(3, 2.5 - i)
        if i == 4:
            second.grad, before = np.ones(2), first.data.copy()
            for _ in range(3):
                with pytest.raises(ValueError, match="shape"):
                    optimizer.step()
            assert (first.data == before).all() and optimizer.state[first]["step"] == 4
            second.grad = np.full(3, 2.5 - i)
        optimizer.step()
    assert optimizer.state[first]["step"] == optimizer.state[second]["step"] == 6
    alone = nn.Parameter(np.ones(3))
    other = optim.Adam([alone], lr=0.1)
    for i in range(6):
        alone.grad = np.full(3, i - 2.5)
        other.step()
    assert (alone.data == first.data).all()
