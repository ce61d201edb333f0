"""Which samples a rank computes."""

import numpy as np
from numpy.typing import NDArray

from .._geometry import integer
from .communicator import Communicator
from .launch import group


class DistributedSampler:
    """Splits every batch of a `DataLoader` among the ranks, as evenly as can be, in the order of rank 0.

    ``batch_size`` is that of all ranks together: N of them with parts of B / N samples do what one does with batches of
    B, and a checkpoint of one number of ranks is good for another. The gradients of a part count as many samples as are
    in it. Transforms draw other numbers on each rank.

    Parameters
    ----------
    communicator : Communicator, optional
        None: that of `init`.

    Attributes
    ----------
    communicator : Communicator

    Raises
    ------
    TypeError
        `communicator` is something else.

    Examples
    --------
    >>> import numpy as np
    >>> import fastconv as fc
    >>> from fastconv import distributed
    >>> X, y = np.zeros((10, 1, 8, 8), np.uint8), np.arange(10)
    >>> loader = fc.data.DataLoader(X, y, 4, sampler=distributed.DistributedSampler())
    >>> [targets.tolist() for images, targets in loader]  # here, one rank has it all
    [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]
    """

    def __init__(self, communicator: Communicator | None = None) -> None:
        self.communicator = group("DistributedSampler", communicator)

    @property
    def rank(self) -> int:
        """Of this process."""
        return self.communicator.rank

    def seed(self, own: int) -> int:
        """The seed of an iteration: that of rank 0."""
        seed = np.array(own, np.int64)
        self.communicator.broadcast(seed)
        return int(seed)

    def part(self, batch: NDArray[np.int64]) -> NDArray[np.int64]:
        """The samples of a batch that are this rank's."""
        rank, size = self.rank, self.communicator.size
        return batch[len(batch) * rank // size : len(batch) * (rank + 1) // size]

    def begin(self, part: int, batch: int) -> None:
        """Let the gradients that come count as those of `part` out of `batch` samples.

        Raises
        ------
        TypeError, ValueError
            Not ``0 <= part <= batch`` with a batch of at least one sample.
        """
        name = "DistributedSampler.begin"
        batch = integer(name, "batch", batch, 1)
        part = integer(name, "part", part, 0, batch)
        self.communicator.weight = part * self.communicator.size / batch
