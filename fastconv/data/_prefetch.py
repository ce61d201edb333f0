"""Items made ahead in a thread, while the consumer works on the one before."""

import threading
from collections.abc import Generator, Iterator
from contextvars import copy_context
from queue import SimpleQueue
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    """What comes after the last item: nothing, or the error that ended them."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def made_ahead(items: Iterator[Item], count: int) -> Generator[Item, None, None]:
    """Yield what `items` gives, up to `count` of them made ahead in a thread.

    An error in the thread is raised here, after the items before it. The thread has ended when this generator ends or
    is closed, which a ``for`` loop that is left does; it works in a copy of the caller's context, so that settings
    such as ``numpy.errstate`` hold in it.

    Examples
    --------
    >>> list(made_ahead(iter("abc"), 2))
    ['a', 'b', 'c']
    """
    ready: SimpleQueue[Item | _End] = SimpleQueue()
    free = threading.Semaphore(count)
    stopped = False

    def make() -> None:
        error = None
        try:
            free.acquire()
            while not stopped:
                ready.put(next(items))
                free.acquire()
        except StopIteration:
            pass
        except BaseException as caught:  # whatever it is, it belongs to the consumer
            error = caught
        ready.put(_End(error))

    # A daemon: a generator that is still open when the interpreter ends does not hold it up.
    thread = threading.Thread(target=copy_context().run, args=(make,), name="fastconv-prefetch", daemon=True)
    thread.start()
    try:
        while not isinstance(item := ready.get(), _End):
            free.release()
            yield item
        if item.error is not None:
            raise item.error
    finally:
        stopped = True
        free.release()
        if thread is not threading.current_thread():  # as it may be if it collects garbage
            thread.join()
