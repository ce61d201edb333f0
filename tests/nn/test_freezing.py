"""Parameters that are not trained, and the work that is left out for them."""

import numpy as np
import pytest

from fastconv import nn

torch = pytest.importorskip("torch")


class Spy(nn.Module):
    """Passes everything on, and remembers how `backward` was called."""

    def __init__(self) -> None:
        self.asked = []

    def forward(self, input):
        return input

    def backward(self, grad_output, *, input_grad=True):
        self.asked.append(input_grad)
        return grad_output if input_grad else None


def linear(seed):
    return nn.Linear(3, 3, rng=seed, dtype=np.float64)


X = np.linspace(-1, 2, 12).reshape(4, 3)


def test_backward_ends_where_nothing_more_is_trained():
    spies = [Spy() for _ in range(4)]
    net = nn.Sequential(spies[0], linear(0), nn.Sequential(spies[1], linear(1), spies[2]), spies[3], linear(2))
    net[1].requires_grad_(False)
    net[2].requires_grad_(False)
    net[2][1].bias.requires_grad = True
    asked = []
    net[1].register_full_backward_hook(lambda *arguments: asked.append(1))
    net[2][1].register_full_backward_hook(lambda module, grad_input, grad_output: asked.append(grad_input[0] is None))
    assert net.backward(np.ones_like(net(X)), input_grad=False) is None
    assert [spy.asked for spy in spies] == [[], [], [True], [True]] and asked == [True]
    assert [p.grad is not None for p in net.parameters()] == [False, False, False, True, True, True]


def test_nothing_is_left_out_if_the_gradient_of_the_input_is_wanted():
    spy = Spy()
    net = nn.Sequential(spy, linear(0)).requires_grad_(False)
    assert net.backward(np.ones_like(net(X))).shape == X.shape
    assert spy.asked == [True] and all(p.grad is None for p in net.parameters())


def test_nothing_is_done_where_nothing_is_trained():
    spy = Spy()
    assert nn.Sequential(spy, spy).backward(np.ones(3), input_grad=False) is None
    assert nn.Residual(spy, spy).backward(np.ones(3), input_grad=False) is None
    concat = nn.Concat(spy, spy)
    assert concat.backward(np.ones_like(concat(X)), input_grad=False) is None
    assert spy.asked == []


@pytest.mark.parametrize("frozen", [(), (0,), (1,), (2,), (3,), (0, 1), (0, 3), (1, 2), (0, 1, 2), (0, 1, 2, 3)])
def test_gradients_are_those_of_torch(frozen):
    def net(lib, **options):
        linears = [lib.Linear(3, 3, **options) for _ in range(4)]
        for i in frozen:
            linears[i].requires_grad_(False)
        return linears

    torch.manual_seed(0)
    a, b, c, d = ours = net(nn, dtype=np.float64)
    theirs = [layer.double() for layer in net(torch.nn)]
    for layer, twin in zip(ours, theirs, strict=True):
        layer.load_state_dict(twin.state_dict())
    model = nn.Sequential(a, nn.ReLU(), nn.Residual(nn.Sequential(b, nn.Tanh()), c), nn.Concat(d, nn.Identity()))
    t = torch.from_numpy(X)
    hidden = torch.relu(theirs[0](t))
    hidden = torch.tanh(theirs[1](hidden)) + theirs[2](hidden)
    output = torch.cat([theirs[3](hidden), hidden], 1)
    np.testing.assert_allclose(model(X), output.detach().numpy(), rtol=1e-12)
    if len(frozen) < 4:
        output.backward(torch.ones_like(output))
    assert model.backward(np.ones(output.shape), input_grad=False) is None
    for layer, twin in zip(ours, theirs, strict=True):
        for p, q in zip(layer.parameters(), twin.parameters(), strict=True):
            assert (p.grad is None) == (q.grad is None)
            if p.grad is not None:
                np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-12, atol=1e-14)


def test_requires_grad_returns_the_module_and_wants_a_bool():
    net = nn.Sequential(linear(0))
    assert net.requires_grad_(False) is net and not any(p.requires_grad for p in net.parameters())
    assert net.requires_grad_() is net and all(p.requires_grad for p in net.parameters())
    with pytest.raises(TypeError, match="requires_grad"):
        net.requires_grad_(1)
