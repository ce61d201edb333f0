"""All parameters as one vector, and back."""

from collections.abc import Iterable

import numpy as np

from fastconv._arrays import Array, DType, check_shape, real
from fastconv.nn.parameter import Parameter

from ._parameters import listed


def parameters_to_vector(parameters: Parameter | Iterable[Parameter]) -> Array:
    """Copy parameters, one after the other, into one vector.

    Parameters
    ----------
    parameters : Parameter or iterable of Parameter
        At least one; all of the same dtype.

    Returns
    -------
    array (n,)

    Raises
    ------
    TypeError, ValueError
        Something else than Parameters, different dtypes, or none.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.utils.parameters_to_vector([nn.Parameter(np.ones((2, 2))), nn.Parameter(np.zeros(1))])
    array([1., 1., 1., 1., 0.])
    """
    return np.concatenate([p.data.reshape(-1).astype(dtype) for dtype, p in _same("parameters_to_vector", parameters)])


def vector_to_parameters(vec: Array, parameters: Parameter | Iterable[Parameter]) -> None:
    """Copy a vector of `parameters_to_vector` into parameters, all or none.

    Parameters
    ----------
    vec : array (n,)
        As many numbers as the parameters have, of their dtype.
    parameters : Parameter or iterable of Parameter
        Changed in place.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it. Nothing was changed.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> p = nn.Parameter(np.zeros((2, 2)))
    >>> nn.utils.vector_to_parameters(np.arange(4.0), [p])
    >>> p.data
    array([[0., 1.],
           [2., 3.]])
    """
    function = "vector_to_parameters"
    found = _same(function, parameters)
    vector = real(function, "vec", vec, found[0][0])
    check_shape(function, "vec", vector, (sum(p.size for _, p in found),), "one number for each of the parameters'")
    for i, (_, parameter) in enumerate(found):
        if not parameter.data.flags.writeable:
            raise ValueError(f"{function}: parameters[{i}] is read-only")
    vector, start = vector.copy(), 0  # it may be a view of a parameter
    for _, parameter in found:
        parameter.data[...] = vector[start : start + parameter.size].reshape(parameter.shape)
        start += parameter.size


def _same(function: str, parameters: Parameter | Iterable[Parameter]) -> list[tuple[DType, Parameter]]:
    """The parameters with their common native dtype."""
    found = listed(function, parameters)
    if not found:
        raise ValueError(f"{function}: parameters must have at least one Parameter")
    dtype = found[0].dtype.newbyteorder("=")
    for i, parameter in enumerate(found):
        if parameter.dtype.type is not dtype.type:
            raise TypeError(f"{function}: parameters[{i}] is {parameter.dtype} where the first is {dtype}")
    return [(np.dtype(dtype.type), parameter) for parameter in found]
