"""Functions that run before and after modules."""

import copy
import pickle

import numpy as np
import pytest

from fastconv import nn

torch = pytest.importorskip("torch")

X = np.linspace(-1, 1, 15).reshape(5, 3)


def linear():
    return nn.Linear(3, 2, rng=0, dtype=np.float64)


@pytest.mark.parametrize("training", [True, False])
def test_forward_hooks_see_and_replace(training):
    net = nn.Sequential(linear(), nn.ReLU()).train(training)
    plain = net(X)
    seen = []
    net[0].register_forward_pre_hook(lambda module, args: seen.append((module, args)))
    net[0].register_forward_hook(lambda module, args, output: seen.append((module, args, output)))
    assert (net(X) == plain).all()
    assert seen[0] == (net[0], (X,)) and seen[1][:2] == (net[0], (X,)) and seen[1][2].shape == (5, 2)
    net[0].register_forward_pre_hook(lambda module, args: (2 * args[0],))
    net[0].register_forward_pre_hook(lambda module, args: args[0] / 2)
    net.register_forward_hook(lambda module, args, output: output + 1)
    np.testing.assert_array_equal(net(X), plain + 1)
    assert seen[3][1][0] is not X


def test_backward_hooks_see_and_replace():
    layer = linear()
    grad_output = np.ones_like(layer(X))
    plain = layer.backward(grad_output)
    seen = []
    handle = layer.register_full_backward_hook(lambda *arguments: seen.append(arguments))
    np.testing.assert_array_equal(layer.backward(grad_output), plain)
    module, (grad_input,), (got,) = seen[0]
    assert module is layer and got is grad_output and (grad_input == plain).all()
    assert layer.backward(grad_output=grad_output, input_grad=False) is None
    assert seen[1] == (layer, (None,), (grad_output,))
    handle.remove()
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (grad_input[0] * 2,))
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: grad_input[0] + 1)
    np.testing.assert_array_equal(layer.backward(grad_output), 2 * plain + 1)
    assert len(seen) == 2
    layer.register_full_backward_hook(lambda module, grad_input, grad_output: (None, None))
    with pytest.raises(ValueError, match=r"Linear\.backward: a hook must return as many gradients"):
        layer.backward(grad_output)


def test_what_a_hook_of_a_layer_gives_reaches_the_layer_before():
    net = nn.Sequential(linear(), nn.Tanh())
    net[1].register_full_backward_hook(lambda module, grad_input, grad_output: 0 * grad_input[0])
    net.backward(np.ones_like(net(X)))
    assert not net[0].weight.grad.any()


def test_order_is_that_of_registration_unless_prepended():
    ours, theirs = linear(), torch.nn.Linear(3, 2)
    orders = []
    for layer in (ours, theirs):
        order = []
        for kind, name in (("pre", "register_forward_pre_hook"), ("post", "register_forward_hook")):
            for i, prepend in enumerate((False, False, True)):
                def hook(*arguments, kind=kind, i=i, order=order):
                    order.append((kind, i))

                getattr(layer, name)(hook, prepend=prepend)
        layer(X if layer is ours else torch.zeros(5, 3))
        orders.append(order)
    assert orders[0] == orders[1] == [("pre", 2), ("pre", 0), ("pre", 1), ("post", 2), ("post", 0), ("post", 1)]


def test_handles_take_back():
    layer, calls = linear(), []
    with layer.register_forward_hook(lambda *arguments: calls.append(1)) as handle:
        layer(X)
    layer(X)
    handle.remove()
    assert len(calls) == 1
    first, second = (layer.register_forward_hook(lambda *arguments, i=i: calls.append(i)) for i in (5, 6))
    assert first.id != second.id
    first.remove()
    layer(X)
    assert calls == [1, 6]


def test_a_hook_may_remove_itself():
    layer, calls = linear(), []

    def once(module, args, output):
        calls.append(1)
        handle.remove()

    handle = layer.register_forward_hook(once)
    layer(X), layer(X)
    assert len(calls) == 1


@pytest.mark.parametrize(
    "register", ["register_forward_hook", "register_forward_pre_hook", "register_full_backward_hook"]
)
def test_what_cannot_be_called_is_refused(register):
    with pytest.raises(TypeError, match="callable"):
        getattr(linear(), register)(None)


def doubled(module, grad_input, grad_output):
    return 2 * grad_input[0]


def test_copies_have_hooks_of_their_own():
    layer = linear()
    handle = layer.register_full_backward_hook(doubled)
    plain = X @ np.zeros((3, 2)) + 1
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        twin.weight.data[...] = 1
        twin(X)
        assert (twin.backward(plain) == 4).all() and twin.weight.grad is not None and layer.weight.grad is None
    handle.remove()
    layer(X)
    layer.weight.data[...] = 1
    assert (layer.backward(plain) == 2).all() and (twin.backward(plain) == 4).all()
