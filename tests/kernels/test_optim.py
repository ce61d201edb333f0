"""One step of every optimizer: equal to the plain loops within rounding, the same bits for any threads."""

from typing import Any

import numpy as np
import pytest
from grids import ELEMENTWISE, normals
from numpy.testing import assert_allclose
from numpy.typing import NDArray

import fastconv as fc
from fastconv.reference import python

from .conftest import Kernels
from .guards import alone, call_in_place

# kernel, which of its states exist, options
STEPS: dict[str, tuple[str, list[bool], tuple[Any, ...]]] = {
    "sgd": ("sgd", [False], (0.1, 0.0, 0.0, 0.0, False, False)),
    "sgd, weight decay": ("sgd", [False], (0.1, 0.0, 0.0, 0.3, False, False)),
    "momentum, first": ("sgd", [True], (0.1, 0.9, 0.5, 0.0, False, True)),
    "momentum": ("sgd", [True], (0.1, 0.9, 0.0, 0.1, False, False)),
    "momentum, dampened": ("sgd", [True], (0.1, 0.9, 0.5, 0.0, False, False)),
    "nesterov, first": ("sgd", [True], (0.1, 0.9, 0.0, 0.0, True, True)),
    "nesterov": ("sgd", [True], (0.1, 0.9, 0.0, 0.1, True, False)),
    "adagrad": ("adagrad", [True], (0.01, 0.0, 1e-10, False)),
    "adagrad, textbook": ("adagrad", [True], (0.01, 0.1, 1e-3, True)),
    "rmsprop": ("rmsprop", [True, False, False], (0.01, 0.99, 1e-8, 0.0, 0.0, False)),
    "rmsprop, textbook": ("rmsprop", [True, False, False], (0.01, 0.9, 1e-3, 0.1, 0.0, True)),
    "rmsprop, centred": ("rmsprop", [True, True, False], (0.01, 0.9, 1e-3, 0.0, 0.0, False)),
    "rmsprop, momentum": ("rmsprop", [True, False, True], (0.01, 0.99, 1e-8, 0.0, 0.9, False)),
    "rmsprop, everything": ("rmsprop", [True, True, True], (0.01, 0.9, 1e-3, 0.1, 0.9, True)),
    "adam, first": ("adam", [True, True, False], (1e-3, 0.9, 0.999, 1e-8, 0.0, 1, False, False)),
    "adam": ("adam", [True, True, False], (1e-3, 0.9, 0.999, 1e-8, 0.0, 7, False, False)),
    "adam, weight decay": ("adam", [True, True, False], (1e-3, 0.9, 0.999, 1e-8, 0.1, 7, False, False)),
    "adam, decoupled": ("adam", [True, True, False], (1e-3, 0.9, 0.999, 1e-8, 0.1, 7, True, False)),
    "adam, amsgrad": ("adam", [True, True, True], (1e-3, 0.9, 0.999, 1e-8, 0.0, 7, False, False)),
    "adam, textbook": ("adam", [True, True, False], (1e-3, 0.9, 0.999, 1e-3, 0.0, 7, False, True)),
    "adam, after 10^9 steps": ("adam", [True, True, False], (1e-3, 0.9, 0.999, 1e-8, 0.0, 10**9, False, False)),
}


def arrays(name: str, shape: tuple[int, ...], dtype: Any) -> list[NDArray[Any] | None]:
    """Parameter, gradient and state; averages of squares are not negative."""
    kernel, states, _ = STEPS[name]
    state = [normals(shape, dtype, rng=(name, i)) if exists else None for i, exists in enumerate(states)]
    squares = {"sgd": (), "adagrad": (0,), "rmsprop": (0,), "adam": (1, 2)}[kernel]
    for i in squares:
        array = state[i]
        if array is not None:
            state[i] = np.asarray(array * array + dtype.type(0.5))
    return [normals(shape, dtype, rng=(name, word)) for word in ("param", "grad")] + state


@pytest.mark.parametrize("shape", [(), (0,), (1,), (67,), (3, 5, 7)], ids=str)
@pytest.mark.parametrize("name", STEPS)
def test_equals_plain_loops(name: str, shape: tuple[int, ...], kernels: Kernels) -> None:
    kernel, _, options = STEPS[name]
    given = arrays(name, shape, kernels.dtype)
    results = call_in_place(alone(getattr(kernels.ops, kernel)), given, *options)
    rights = call_in_place(alone(getattr(python, kernel)), given, *options)
    for result, right in zip(results, rights, strict=True):
        assert_allclose(result, right, rtol=16 * kernels.eps, atol=16 * kernels.eps, strict=True)


@pytest.mark.parametrize("name", STEPS)
def test_many_parameters_are_updated_as_each_alone(name: str, kernels: Kernels) -> None:
    kernel, _, options = STEPS[name]
    shapes: list[tuple[int, ...]] = [(5, 3), (0,), (), (33_000,), (1,), (16_384,), (7,)]
    given = [arrays(name, shape, kernels.dtype) for shape in shapes]
    together = [[None if a is None else a.copy() for a in one] for one in given]
    roles = [None if role[0] is None else list(role) for role in zip(*together, strict=True)]
    getattr(kernels.ops, kernel)(*roles, *options)
    for one, changed in zip(given, together, strict=True):
        rights = call_in_place(alone(getattr(kernels.ops, kernel)), one, *options)
        results = [a for a in changed if a is not None]
        for result, right in zip(results, rights, strict=True):
            assert result.tobytes() == right.tobytes()


@pytest.mark.parametrize("name", STEPS)
def test_no_parameters(name: str, kernels: Kernels) -> None:
    kernel, states, options = STEPS[name]
    getattr(kernels.ops, kernel)([], [], *([] if exists else None for exists in states), *options)


def test_nothing_changes_if_an_array_cannot_be_had(compiled: Kernels) -> None:
    first, last = np.ones(5, compiled.dtype), np.ones(5, compiled.dtype)
    last.flags.writeable = False
    gradients = [np.ones(5, compiled.dtype)] * 2
    with pytest.raises((ValueError, BufferError)):
        compiled.ops.sgd([first, last], gradients, None, 0.1, 0.0, 0.0, 0.0, False, False)
    assert first.tolist() == [1.0] * 5


@pytest.mark.parametrize("name", STEPS)
def test_gradient_is_not_changed(name: str, kernels: Kernels) -> None:
    kernel, _, options = STEPS[name]
    given = arrays(name, (67,), kernels.dtype)
    _, gradient, *_ = call_in_place(alone(getattr(kernels.ops, kernel)), given, *options)
    assert given[1] is not None
    assert gradient.tobytes() == given[1].tobytes()


@pytest.mark.parametrize("name", STEPS)
def test_nan_stays_where_it_is(name: str, kernels: Kernels) -> None:
    kernel, _, options = STEPS[name]
    given = arrays(name, (67,), kernels.dtype)
    assert given[1] is not None
    given[1][13] = np.nan
    parameter, *_ = call_in_place(alone(getattr(kernels.ops, kernel)), given, *options)
    assert np.flatnonzero(np.isnan(parameter)).tolist() == [13]


@pytest.mark.parametrize("name", ["sgd", "momentum, dampened", "adagrad", "rmsprop", "adam"])
def test_without_decay_a_parameter_is_not_in_its_gradient(name: str, kernels: Kernels) -> None:
    kernel, _, options = STEPS[name]
    given = arrays(name, (67,), kernels.dtype)
    assert given[0] is not None
    given[0][13] = np.inf
    parameter, _, *states = call_in_place(alone(getattr(kernels.ops, kernel)), given, *options)
    assert parameter[13] == np.inf
    assert all(np.isfinite(state).all() for state in states if state is not None)


@pytest.mark.parametrize("size", [s for (s,) in (t for t in ELEMENTWISE.values() if len(t) == 1) if s < 70], ids=str)
def test_every_length(size: int, kernels: Kernels) -> None:
    kernel, _, options = STEPS["adam"]
    given = arrays("adam", (size,), kernels.dtype)
    results = call_in_place(alone(getattr(kernels.ops, kernel)), given, *options)
    rights = call_in_place(alone(getattr(python, kernel)), given, *options)
    for result, right in zip(results, rights, strict=True):
        assert_allclose(result, right, rtol=16 * kernels.eps, atol=16 * kernels.eps, strict=True)


def test_known_values_of_adam(kernels: Kernels) -> None:
    state: list[NDArray[Any] | None] = [np.ones(1, kernels.dtype), None, *np.zeros((2, 1), kernels.dtype), None]
    for step, gradient, right in ((1, 0.1, 0.900000009999999), (2, -0.2, 0.9366103603884888)):
        state[1] = np.full(1, gradient, kernels.dtype)
        changed = call_in_place(alone(kernels.ops.adam), state, 0.1, 0.9, 0.999, 1e-8, 0.0, step, False, False)
        state = [*changed, None]
        assert_allclose(changed[0], right, rtol=4 * kernels.eps)


@pytest.mark.parametrize("name", STEPS)
def test_threads_change_no_bit(name: str, compiled: Kernels) -> None:
    kernel, _, options = STEPS[name]
    given = arrays(name, (400_003,), compiled.dtype)
    results = []
    for threads in (1, 2, 3):
        fc.set_num_threads(threads)
        results.append([a.tobytes() for a in call_in_place(alone(getattr(compiled.ops, kernel)), given, *options)])
    assert results[0] == results[1] == results[2]
