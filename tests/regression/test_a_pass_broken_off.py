"""An error in the middle of a tape's pass left arrays of that pass, or none, where the next pass wrote."""

import numpy as np
import pytest
from nn.test_tape import CHAINS, X, chains, ready
from promises import interrupts, suite

from fastconv import nn, optim
from fastconv.nn._tape.bound import MOST_CHOICES, Memory


def test_ctrl_c_at_any_place_of_a_step() -> None:
    training = suite.Training(CHAINS["relu first"](), X, lambda parameters: optim.SGD(parameters, lr=0.1))
    call = suite.Call("step", training.run, training.reset)
    expected, place = suite.expected(call), 1
    while interrupts.interrupted(call, place):
        assert interrupts.left_behind(call, expected) is None, place
        place += 1
    assert place > 50


def test_memory_that_grew_has_no_pass_any_more() -> None:
    net = ready(CHAINS["small"]())
    output = net(X)
    memory: Memory = chains(net)[0]._last.memory
    memory.reserve(2 * len(memory._bytes))  # as another shape's tape does, whose pass then did not begin
    with pytest.raises(RuntimeError, match="backward"):
        net.backward(np.ones_like(output))


def test_choices_of_gradients_are_not_kept_for_ever() -> None:
    net = ready(nn.Sequential(*(nn.Conv2d(2, 2, 1, rng=i) for i in range(6))))
    for choice in range(64):
        for i, parameter in enumerate(net.parameters()):
            parameter.requires_grad = bool(choice >> i // 2 & 1)
        net.backward(np.ones_like(net(X)))
    bound = chains(net)[0]._last
    assert len(bound._backward) <= MOST_CHOICES
    assert len(bound._slots) == 2 and all(len(slot._places) <= 2 for slot in bound._slots.values())
