"""Recording layers that follow each other, and those that work element by element."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from .tape import Pull, Tape
from .value import Unrecordable, Value


def record(modules: Sequence[Any], tape: Tape, input: Value) -> Value:
    """Record the layers and return the output of the last one.

    A layer may take the next one with it, in an order that saves work: by a method ``_record_with(follower, tape,
    input)``, which returns None if it does not.
    """
    i = 0
    while i < len(modules):
        with_next = getattr(modules[i], "_record_with", None)
        both = with_next(modules[i + 1], tape, input) if with_next and i + 1 < len(modules) else None
        input = modules[i]._record(tape, input) if both is None else both
        i += 1 if both is None else 2
    return input


def add(tape: Tape, a: Value, b: Value) -> Value:
    """Record a sum."""
    if a.shape != b.shape:
        raise Unrecordable
    output = tape.new(a.shape, over=a)
    tape.call(np.add, a, b, output)

    def pull(back: Pull, grad: Value) -> None:
        back.give(a, grad)
        back.give(b, grad)

    tape.on_backward(output, [a, b], pull)
    return output


def by_output(module: Any, tape: Tape, input: Value, kernel: str, saved: Any = None) -> Value:
    """Record an activation whose gradient follows from its output.

    ``saved`` is what the layer is to find if its own ``backward`` is called, if not this output.
    """
    output = tape.new(input.shape, over=input)
    tape.call(getattr(tape.ops, kernel), input, output)
    tape.save(module, output if saved is None else saved)
    tape.keep(output)

    def pull(back: Pull, grad: Value) -> None:
        back.call(getattr(tape.ops, f"{kernel}_backward"), grad, output, back.grad(input, over=grad))

    tape.on_backward(output, [input], pull)
    return output


def by_input(module: Any, tape: Tape, input: Value, kernel: str, *parameters: float) -> Value:
    """Record an activation whose gradient follows from its input, by its kernel's name and parameters."""
    first, second = (*(float(tape.dtype.type(value)) for value in parameters), 0.0, 0.0)[:2]
    output = tape.new(input.shape, over=input)
    tape.call(tape.ops.activation, input, output, kernel, first, second)
    tape.save(module, input)

    def pull(back: Pull, grad: Value) -> None:
        gradient = back.grad(input, over=grad)
        back.call(tape.ops.activation_backward, grad, input, gradient, kernel, first, second)

    tape.on_backward(output, [input], pull)
    return output
