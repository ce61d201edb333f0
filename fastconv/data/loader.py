"""Batches from arrays."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._generator import generator, plain_state, set_state
from .._geometry import integer, is_integer, shown
from ..functional._options import flag
from ._pixels import as_floats
from ._prefetch import made_ahead
from .transforms.transform import Transform

if TYPE_CHECKING:
    from ..distributed import DistributedSampler

Batch: TypeAlias = tuple[NDArray[Any], NDArray[Any]]


class DataLoader:
    """Iterates over ``(images, targets)`` batch by batch.

    Parameters
    ----------
    X : ndarray, shape (n, ...), uint8, float32 or float64
        uint8 becomes float32 in [0, 1], batch by batch, so that a large data set stays small in memory.
    y : array-like, shape (n, ...)
        Targets. Integers are class ids.
    batch_size : int
    shuffle : bool
        Take a new order whenever an iteration starts.
    drop_last : bool
        Leave out the last batch if it is smaller than `batch_size`.
    rng : int, numpy.random.Generator or None
        Each iteration draws one seed from it, for its order and its transforms. None: a generator seeded by the
        operating system.
    transform : Transform or other callable, optional
        A `Transform` gets each batch as it is stored, uint8 as uint8, with its targets and a generator of its own;
        what is still uint8 afterwards becomes float32. Any other callable gets the images alone, as floats, and
        returns new ones.
    sampler : fastconv.distributed.DistributedSampler, optional
        Leaves this process its part of every batch, where several compute together.
    prefetch : int
        How many batches a thread makes ahead. 0: none; each batch is made when it is asked for. Worth its while for
        transforms that take long.

    Raises
    ------
    TypeError, ValueError
        An argument is not as said above, or `drop_last` leaves no batch; the text names it.

    Notes
    -----
    Batches are copies: `X` and `y` stay as they are. ``len(loader)`` is the number of batches.

    **Resuming.** `state_dict` says, in JSON values, where the latest iteration is: after the batch that was handed
    out last, whatever was made ahead of it. `load_state_dict`, on a loader made with the same arguments, lets the
    next iteration give what was left of that one, bit for bit: batch `i` of an iteration depends on the
    iteration's seed and on `i` alone, not on batches made before. Nothing may be left: after the last batch the next
    iteration is empty, and once the iteration has ended it is a new one. (So a loop over epochs that is resumed at any
    step does the rest of its epoch and then goes on.) This holds for every `Transform`, and for other callables that
    have no state; also in another process, with the same NumPy.

    Errors while a batch is made ahead are raised where that batch would have come. The thread ends with the
    iteration, also if the loop is left early.

    Examples
    --------
    >>> X, y = np.zeros((10, 1, 8, 8), np.uint8), np.arange(10)
    >>> loader = DataLoader(X, y, batch_size=4, shuffle=True, rng=0)
    >>> len(loader), [len(targets) for images, targets in loader]
    (3, [4, 4, 2])

    Stop after the first batch, and go on with another loader:

    >>> images, targets = next(iter(loader))
    >>> other = DataLoader(X, y, batch_size=4, shuffle=True)
    >>> other.load_state_dict(loader.state_dict())
    >>> sorted([*targets, *(target for _, targets in other for target in targets)]) == list(range(10))
    True
    """

    def __init__(
        self,
        X: NDArray[Any],
        y: Any,
        batch_size: int = 32,
        shuffle: bool = False,
        drop_last: bool = False,
        rng: int | np.random.Generator | None = None,
        transform: Transform | Callable[[NDArray[Any]], NDArray[Any]] | None = None,
        *,
        sampler: "DistributedSampler | None" = None,
        prefetch: int = 0,
    ) -> None:
        if not isinstance(X, np.ndarray):
            raise TypeError(f"DataLoader: X must be an array, got {type(X).__name__}")
        if X.dtype.type not in (np.uint8, np.float32, np.float64):
            raise TypeError(
                f"DataLoader: X must be uint8, float32 or float64, got {X.dtype}; use .astype(np.float32)"
            )
        targets = np.asarray(y)
        if targets.dtype.kind not in "iuf":
            raise TypeError(f"DataLoader: y must be integers or floating-point numbers, got {targets.dtype}")
        if X.ndim == 0 or targets.ndim == 0 or len(X) != len(targets):
            raise ValueError(
                f"DataLoader: X and y must have the same length, got shapes {X.shape} and {targets.shape}"
            )
        if transform is not None and not callable(transform):
            raise TypeError(f"DataLoader: transform must be callable, got {type(transform).__name__}")
        if sampler is not None and not hasattr(sampler, "part"):
            raise TypeError(f"DataLoader: sampler must be a DistributedSampler or None, got {type(sampler).__name__}")
        self.X = np.asarray(X)  # a memmap gives batches in memory
        self.y = targets
        self.batch_size = integer("DataLoader", "batch_size", batch_size, 1)
        self.shuffle = flag("DataLoader", "shuffle", shuffle)
        self.drop_last = flag("DataLoader", "drop_last", drop_last)
        self.rng = generator("DataLoader", rng)
        self.transform = transform
        self.sampler = sampler
        self.prefetch = integer("DataLoader", "prefetch", prefetch, 0)
        if self.drop_last and 0 < len(X) < self.batch_size:
            raise ValueError(
                f"DataLoader: drop_last leaves no batch, X has {len(X)} samples and batch_size is {self.batch_size}"
            )
        # The latest iteration: its seed, None between iterations, and how many batches it has handed out.
        self._seed: int | None = None
        self._batch = 0
        self._resuming = False

    def __len__(self) -> int:
        """Number of batches in one pass."""
        if self.drop_last:
            return len(self.X) // self.batch_size
        return -(-len(self.X) // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        """One pass over the data; its seed is drawn now, not when the first batch is taken."""
        if not self._resuming:
            seed = int(self.rng.integers(2**63))
            self._seed, self._batch = seed if self.sampler is None else self.sampler.seed(seed), 0
        self._resuming = False
        assert self._seed is not None
        return self._hand_out(self._seed, self._batch)

    def state_dict(self) -> dict[str, Any]:
        """Where the latest iteration is, and the state of `rng`, from which later ones come; in JSON values."""
        return {"seed": self._seed, "batch": self._batch, "rng": plain_state(self.rng), "data": self._data()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Let the next iteration give what was left of the one that `state` is of.

        Raises
        ------
        TypeError
            `state` is not a dict.
        ValueError
            It is not from `state_dict`, or from a loader of other arguments; the text says which. Nothing is changed.
        """
        function = "DataLoader.load_state_dict"
        if not isinstance(state, Mapping):
            raise TypeError(f"{function}: state must be a dict, got {type(state).__name__}")
        if set(state) != {"seed", "batch", "rng", "data"}:
            names = shown(sorted(map(str, state)))
            raise ValueError(f"{function}: state must have seed, batch, rng and data, got {names}")
        seed, batch, data = state["seed"], state["batch"], self._data()
        if state["data"] != data:
            raise ValueError(f"{function}: state is of a loader with {shown(state['data'])}, this one has {data}")
        if seed is not None and not (is_integer(seed) and 0 <= seed < 2**63):
            raise ValueError(f"{function}: seed must be None or in [0, 2**63), got {shown(seed)}")
        if not (is_integer(batch) and 0 <= batch <= (0 if seed is None else len(self))):
            raise ValueError(f"{function}: batch must be in [0, {len(self)}], and 0 without a seed, got {shown(batch)}")
        try:
            set_state(self.rng, state["rng"])
        except ValueError as error:
            raise ValueError(f"{function}: rng: {error}") from None
        self._seed, self._batch, self._resuming = seed, int(batch), seed is not None

    def _data(self) -> dict[str, Any]:
        """What has to be the same for a state to make sense."""
        return {
            "samples": len(self.X),
            "batch_size": self.batch_size,
            "shuffle": self.shuffle,
            "drop_last": self.drop_last,
        }

    def _hand_out(self, seed: int, first: int) -> Iterator[Batch]:
        """Give the batches from `first` on, and keep count."""
        batches = self._batches(seed, first)
        if self.prefetch:
            batches = made_ahead(batches, self.prefetch)
        with closing(batches):
            for i, batch in enumerate(batches, first + 1):
                self._seed, self._batch = seed, i
                if self.sampler is not None:
                    self.sampler.begin(len(batch[0]), min(self.batch_size, len(self.X) - (i - 1) * self.batch_size))
                yield batch
        self._seed, self._batch = None, 0

    def _batches(self, seed: int, first: int) -> Generator[Batch, None, None]:
        order = np.arange(len(self.X))
        if self.shuffle:
            order = np.random.default_rng(seed).permutation(order)
        for i in range(first, len(self)):
            yield self._batch_of(order[i * self.batch_size : (i + 1) * self.batch_size], seed, i)

    def _batch_of(self, chosen: NDArray[np.int64], seed: int, i: int) -> Batch:
        stream: tuple[int, ...] = (i,)
        if self.sampler is not None:
            chosen = self.sampler.part(chosen)
            stream += (self.sampler.rank,) if self.sampler.rank else ()
        # `take` is faster, but copies all of an array that is not contiguous.
        images = self.X.take(chosen, axis=0) if self.X.flags.c_contiguous else self.X[chosen]
        targets = self.y[chosen]
        if isinstance(self.transform, Transform):
            rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=stream))
            images, targets = self.transform(images, targets, rng=rng)
            return as_floats(images), targets
        images = as_floats(images)
        return (images if self.transform is None else self.transform(images)), targets
