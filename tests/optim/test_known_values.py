"""Steps whose results are known."""

import numpy as np
import pytest

from fastconv import nn, optim


def run(make, gradients, start=1.0):
    """Parameter values after each step of one number."""
    p = nn.Parameter(np.array([start]))
    optimizer = make([p])
    values = []
    for gradient in gradients:
        p.grad = np.array([gradient], float)
        optimizer.step()
        values.append(float(p.data[0]))
    return values


EXACT = [
    (lambda p: optim.SGD(p, lr=0.1, momentum=0.9), [1, 1], [0.9, 0.71]),
    (lambda p: optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True), [1, 1], [0.81, 0.539]),
    (lambda p: optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.5), [1, 1], [0.9, 0.76]),
    (lambda p: optim.Momentum(p, lr=0.1), [1, 1], [0.9, 0.71]),
    (lambda p: optim.Adam(p, lr=0.1), [0.1, -0.2], [0.900000009999999, 0.9366103603884888]),
    # Under the root: g / sqrt(g^2 + 3 g^2), and for RMSprop with alpha 0.75 a variance of g^2 / 4.
    (lambda p: optim.Adagrad(p, lr=0.5, eps=3.0, eps_inside_sqrt=True), [1.0], [0.75]),
    (lambda p: optim.RMSprop(p, lr=0.5, alpha=0.75, eps=0.75, eps_inside_sqrt=True), [1.0], [0.5]),
    (lambda p: optim.Adam(p, lr=0.5, eps=3.0, eps_inside_sqrt=True), [1.0], [0.75]),
    (lambda p: optim.Adagrad(p, lr=1.0, eps=1.0, lr_decay=1.0, initial_accumulator_value=7.0), [3.0], [0.4]),
]


@pytest.mark.parametrize(("make", "gradients", "expected"), EXACT)
def test_known(backend, make, gradients, expected):
    assert run(make, gradients) == pytest.approx(expected, rel=1e-15, abs=1e-15)


def test_decoupled_decay_does_not_pass_through_the_moments(backend):
    lr, decay = 0.1, 0.5
    gradients = [0.1, -0.2, 0.3]
    plain = run(lambda p: optim.Adam(p, lr=lr), gradients)
    decoupled = run(lambda p: optim.AdamW(p, lr=lr, weight_decay=decay), gradients)
    value, before = 1.0, 1.0
    for with_decay, without in zip(decoupled, plain, strict=True):
        value += -lr * decay * value + (without - before)
        before = without
        assert with_decay == pytest.approx(value, rel=1e-14)
    assert run(lambda p: optim.Adam(p, lr=lr, weight_decay=decay), gradients) != pytest.approx(decoupled)


def test_many_steps_ago():
    p = nn.Parameter(np.array([1.0]))
    optimizer = optim.Adam([p], lr=0.5)
    state = {"step": 10**9, "exp_avg": np.array([3.0]), "exp_avg_sq": np.array([4.0])}
    optimizer.load_state_dict({"state": {0: state}, "param_groups": optimizer.state_dict()["param_groups"]})
    p.grad = np.array([3.0])
    optimizer.step()
    assert p.data[0] == pytest.approx(1 - 0.5 * 3.0 / (np.sqrt(0.999 * 4 + 0.001 * 9) + 1e-8), rel=1e-14)
    assert optimizer.state[p]["step"] == 10**9 + 1
