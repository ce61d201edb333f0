"""gradcheck accepts what is right, and names what is wrong."""

from functools import partial
from typing import Any

import numpy as np
import pytest

from fastconv import functional as F
from fastconv import nn
from fastconv.testing import GradcheckError, gradcheck


def real(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape).normal(size=shape)


def test_one_wrong_element_is_named() -> None:
    """Wherever it is, in whichever argument."""
    x, w, b = real(1, 2, 4, 4), real(2, 2, 2, 2), real(2)
    for i, (name, array) in enumerate([("input", x), ("weight", w), ("bias", b)]):
        for flat in range(0, array.size, 3):
            at = np.unravel_index(flat, array.shape)

            def backward(
                grad_output: Any, input: Any, weight: Any, i: int = i, at: tuple[Any, ...] = at
            ) -> list[np.ndarray | None]:
                gradients = list(F.conv2d_backward(grad_output, input, weight))
                gradients[i][at] += 0.01
                return gradients

            with pytest.raises(GradcheckError) as caught:
                gradcheck(F.conv2d, x, w, b, backward=backward)
            text = str(caught.value)
            assert f"the gradient of {name} of conv2d is wrong at {[int(k) for k in at]}: analytic" in text
            assert f"; 1 of {array.size} elements are wrong" in text


def test_an_option_that_backward_forgets_is_found() -> None:
    def backward(grad_output: Any, input_shape: Any, kernel_size: Any, stride: Any, padding: Any) -> np.ndarray:
        return F.avg_pool2d_backward(grad_output, input_shape, kernel_size, stride, padding)

    assert gradcheck(F.avg_pool2d, real(1, 4, 4), 3, 1, 1, backward=backward)
    with pytest.raises(GradcheckError, match="of 16 elements are wrong"):
        gradcheck(F.avg_pool2d, real(1, 4, 4), 3, 1, 1, backward=backward, count_include_pad=False)


def test_the_worst_element_is_named() -> None:
    def backward(grad_output: Any, output: Any) -> np.ndarray:
        return F.tanh_backward(grad_output, output) + np.array([0.0, 0.1, 5.0, -1.0])

    with pytest.raises(GradcheckError, match=r"wrong at \[2\]: .*; 3 of 4 elements"):
        gradcheck(F.tanh, real(4), backward=backward)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_no_number_is_wrong(bad: float) -> None:
    with pytest.raises(GradcheckError, match="gradient of input of tanh is wrong"):
        gradcheck(F.tanh, real(3), backward=lambda g, output: F.tanh_backward(g, output) * bad)


def test_wrong_shape_and_dtype_are_found() -> None:
    with pytest.raises(GradcheckError, match=r"must be float64 of shape \(3,\), got float64 of shape \(1, 3\)"):
        gradcheck(F.tanh, real(3), backward=lambda g, output: F.tanh_backward(g, output)[None])
    with pytest.raises(GradcheckError, match="got float32"):
        gradcheck(F.tanh, real(3), backward=lambda g, output: F.tanh_backward(g, output).astype(np.float32))


def test_chance_is_found() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(GradcheckError, match="gives two results"):
        gradcheck(lambda x: x * rng.random(), real(3), backward=lambda g, x: g)


def test_functions_of_the_user() -> None:
    def cube(x: np.ndarray, scale: float = 1.0) -> np.ndarray:
        return scale * x**3

    assert gradcheck(cube, real(2, 3), backward=lambda g, x: 3 * g * x**2)
    assert gradcheck(cube, real(2, 3), scale=2.0, backward=lambda g, value, scale: 3 * g * scale * value**2)
    assert gradcheck(
        lambda *xs: xs[0] * xs[1], real(3), real(3, 1)[:, 0], backward=lambda g, *xs: (g * xs[1], g * xs[0])
    )
    assert gradcheck(lambda x: float(np.sum(x**2)), real(3), backward=lambda g, x: 2 * g * x)
    assert gradcheck(partial(F.avg_pool2d, kernel_size=2, padding=1), real(1, 3, 3))
    assert gradcheck(lambda x, y: x @ y, real(2, 3), real(3, 2), backward=lambda g, x, y: (g @ y.T, None))


def test_arguments_are_not_changed() -> None:
    x, w = real(1, 2, 3, 3), real(2, 2, 2, 2)
    bias = real(2)
    bias.flags.writeable = False
    before = x.copy(), w.copy()
    assert gradcheck(F.conv2d, x, w, bias=bias)
    assert np.array_equal(x, before[0])
    assert np.array_equal(w, before[1])


def test_what_cannot_be_checked() -> None:
    with pytest.raises(TypeError, match="input must be float64, got float32"):
        gradcheck(F.relu, np.ones(3, np.float32))
    with pytest.raises(ValueError, match="backward must be given"):
        gradcheck(lambda x: x, real(3))
    with pytest.raises(TypeError, match="no gradient of a float64 array"):
        gradcheck(lambda x: float(x), 3.0, backward=lambda g, x: g)
    with pytest.raises(TypeError, match="must be a float64 array, got float32"):
        gradcheck(nn.Linear(3, 2, dtype=np.float64), np.ones((1, 3), np.float32))
    with pytest.raises(TypeError, match="weight must be a float64 array, got float32"):
        gradcheck(nn.Linear(3, 2), real(1, 3))


def test_layers() -> None:
    net = nn.Sequential(
        nn.Conv2d(1, 2, 3, rng=0, dtype=np.float64),
        nn.Sigmoid(),
        nn.Flatten(),
        nn.Linear(8, 3, rng=0, dtype=np.float64),
    )
    before = {name: value.copy() for name, value in net.state_dict().items()}
    kept = [parameter.grad for parameter in net.parameters()]
    assert gradcheck(net, real(2, 1, 4, 4))
    assert all(np.array_equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(now.grad is then for now, then in zip(net.parameters(), kept, strict=True))


def test_losses() -> None:
    assert gradcheck(nn.CrossEntropyLoss(label_smoothing=0.1), real(3, 4), np.array([0, 3, 1]))
    assert gradcheck(nn.BCEWithLogitsLoss(reduction="sum"), real(3, 4), np.eye(3, 4))


def test_wrong_parameter_of_a_layer_is_named() -> None:
    class Forgetful(nn.Linear):
        def backward(self, grad_output: Any, **options: Any) -> Any:
            grad_input = super().backward(grad_output, **options)
            self.bias.grad[1] = 0  # type: ignore[union-attr, index]
            return grad_input

    with pytest.raises(GradcheckError, match=r"gradient of bias of Forgetful is wrong at \[1\]: analytic 0,"):
        gradcheck(Forgetful(3, 2, rng=0, dtype=np.float64), real(4, 3))
