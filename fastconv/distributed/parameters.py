"""The same model on every rank."""

import numpy as np

from .._arrays import Array
from .._geometry import integer, shown
from ..checkpoint.generators import Generators
from ..nn import Module
from .communicator import Communicator
from .launch import group


def broadcast_parameters(model: Module, root_rank: int = 0, communicator: Communicator | None = None) -> None:
    """Give the model of every rank the parameters and buffers of one rank.

    Random generators, such as those of `nn.Dropout`, become those of `root_rank`, moved ahead so far on each rank that
    no two draw the same numbers (``jumped`` of NumPy's bit generators).

    Parameters
    ----------
    model : Module
    root_rank : int
    communicator : Communicator, optional
        None: that of `init`.

    Raises
    ------
    TypeError
        An argument is something else.
    ValueError
        There is no such rank, or the models differ in names, shapes or dtypes, on which ranks the text says.

    Examples
    --------
    >>> from fastconv import distributed, nn
    >>> distributed.broadcast_parameters(nn.Linear(3, 2))
    """
    function = "broadcast_parameters"
    ranks = group(function, communicator)
    if not isinstance(model, Module):
        raise TypeError(f"{function}: model must be a Module, got {shown(model)}")
    root = integer(function, "root_rank", root_rank, 0, ranks.size - 1)
    if ranks.size == 1:
        return
    arrays = [(name, parameter.data) for name, parameter in model.named_parameters()] + [*model.named_buffers()]
    own = [(name, array.shape, str(array.dtype)) for name, array in arrays]
    everyone = ranks.allgather_object(own)
    others = [rank for rank, entries in enumerate(everyone) if entries != everyone[root]]
    if others:
        raise ValueError(f"{function}: model must be as on rank {root}, but is not on the ranks {others}")
    for _, array in arrays:
        _broadcast(ranks, array, root)
    generators = Generators(model)
    generators.load_state_dict(ranks.allgather_object(generators.state_dict())[root])
    generators.jump(ranks.rank)


def broadcast_buffers(model: Module, communicator: Communicator) -> None:
    """Give the model of every rank the buffers of rank 0, such as running statistics."""
    for buffer in model.buffers():
        _broadcast(communicator, buffer, 0)


def _broadcast(communicator: Communicator, array: Array, root: int) -> None:
    values = np.ascontiguousarray(array)
    communicator.broadcast(values, root)
    if values is not array:
        array[...] = values
