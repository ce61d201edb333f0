"""Ends of ranks: where one fails, all do."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager

from .communicator import Communicator


def named(communicator: Communicator) -> str:
    """What a message calls this rank."""
    return f"rank {communicator.rank} of {communicator.size} (on {platform.node()})"


@contextmanager
def failing_together(communicator: Communicator) -> Iterator[None]:
    """Within this block, an exception ends all ranks once this process ends, even if somebody catches it.

    An exception that nobody catches does so anyway. The name of the rank is added to it, as a note.

    Parameters
    ----------
    communicator : Communicator

    Examples
    --------
    >>> from fastconv import distributed
    >>> with distributed.failing_together(distributed.init()):
    ...     result = 6 * 7
    """
    try:
        yield
    except BaseException as error:
        if communicator.size > 1:
            communicator.failed = True
            error.add_note(named(communicator))
        raise
