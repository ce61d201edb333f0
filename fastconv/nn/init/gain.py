"""How much an activation shrinks signals."""

import math
from typing import Any

from fastconv._geometry import shown

from ._arguments import number

_GAINS = {
    "linear": 1.0,
    "conv1d": 1.0,
    "conv2d": 1.0,
    "conv3d": 1.0,
    "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0,
    "conv_transpose3d": 1.0,
    "sigmoid": 1.0,
    "tanh": 5.0 / 3.0,
    "relu": math.sqrt(2.0),
    "selu": 0.75,
}


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    r"""How much larger weights must be so that signals keep their size through an activation.

    Parameters
    ----------
    nonlinearity : str
        ``"linear"``, ``"conv1d"`` to ``"conv3d"``, ``"conv_transpose1d"`` to ``"conv_transpose3d"``, ``"sigmoid"``: 1;
        ``"tanh"``: 5/3; ``"relu"``: √2; ``"leaky_relu"``: :math:`\sqrt{2 / (1 + param^2)}`; ``"selu"``: 3/4.
    param : float, optional
        The slope of leaky_relu, 0.01 without it.

    Raises
    ------
    TypeError, ValueError
        `nonlinearity` is not one of these, or `param` not a finite number.

    Examples
    --------
    >>> round(calculate_gain("relu"), 4)
    1.4142
    """
    return gain_of("calculate_gain", nonlinearity, "param", param)


def gain_of(function: str, nonlinearity: Any, name: str, param: Any) -> float:
    """`calculate_gain` for a function whose argument `name` is the slope."""
    if not isinstance(nonlinearity, str):
        raise TypeError(f"{function}: nonlinearity must be a str, got {shown(nonlinearity)}")
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else number(function, name, param)
        return math.sqrt(2.0 / (1.0 + slope * slope))
    if nonlinearity not in _GAINS:
        names = ", ".join(sorted([*_GAINS, "leaky_relu"]))
        raise ValueError(f"{function}: nonlinearity must be one of {names}, got {shown(nonlinearity)}")
    return _GAINS[nonlinearity]
