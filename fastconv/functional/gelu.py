"""Gaussian error linear unit."""

from typing import Any

from fastconv._arrays import Array
from fastconv.functional._elementwise import backward, forward
from fastconv.functional._options import word


def _kernel(function: str, approximate: Any) -> str:
    """The name of the kernel."""
    return "gelu_tanh" if word(function, "approximate", approximate, ("none", "tanh")) == "tanh" else "gelu"


def gelu(input: Array, approximate: str = "none") -> Array:
    r"""Gaussian error linear unit, :math:`x\, \Phi(x)` with the distribution function :math:`\Phi` of normal numbers.

    Far below 0 the tail of the distribution is computed as such, not as a difference of numbers near 1: the
    result is good to five units in its last place, down to subnormal numbers. At :math:`-\infty` it is NaN, as in
    torch.

    Hendrycks and Gimpel, "Gaussian Error Linear Units (GELUs)", 2016.

    Parameters
    ----------
    input : array of any shape
        float32 or float64.
    approximate : {"none", "tanh"}
        ``"tanh"`` takes :math:`\Phi(x) \approx (1 + \tanh(\sqrt{2 / \pi}\, (x + 0.044715\, x^3))) / 2`.

    Returns
    -------
    array
        Of the input's shape and dtype.

    Raises
    ------
    TypeError
        Not an array of float32 or float64; an option of the wrong kind.
    ValueError
        An unknown word.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.gelu(np.array([-1e4, 0.0, 1.0])).round(4)
    array([-0.    ,  0.    ,  0.8413])
    """
    return forward("gelu", _kernel("gelu", approximate), input)


def gelu_backward(grad_output: Array, input: Array, approximate: str = "none") -> Array:
    r"""Gradient of `gelu`: :math:`\bar x = \bar y\, (\Phi(x) + x\, \phi(x))`, with the density :math:`\phi = \Phi'`.

    Parameters
    ----------
    grad_output : array
        Gradient with respect to the output.
    input : array of the same shape and dtype
        What `gelu` was given.
    approximate : {"none", "tanh"}
        The options given to `gelu`; its gradient is exact.

    Returns
    -------
    array
        Gradient with respect to the input.

    Raises
    ------
    TypeError, ValueError
        An argument of the wrong kind or dtype; shapes that differ.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import functional as F
    >>> F.gelu_backward(np.array([1.0]), np.array([0.0]))
    array([0.5])
    """
    function = "gelu_backward"
    return backward(function, _kernel(function, approximate), grad_output, input)
