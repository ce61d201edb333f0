"""Optimizers that step with the mean of the gradients of all ranks."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Self

from .._geometry import shown
from ..functional._options import word
from ..nn.parameter import Parameter
from ..optim import Optimizer
from ..optim._hyperparameters import number
from .buckets import Bucket, split
from .communicator import Communicator
from .launch import group


class DistributedOptimizer(Optimizer):
    """An optimizer that averages the gradients of all ranks before it steps.

    It takes the place of the one that is given, whose class, parameter groups and state it has: an Adam stays an Adam.

    Gradients are sent from one flat buffer, those of the last layers first, cut into buckets. A bucket's ``Iallreduce``
    begins as soon as its gradients are complete, while ``backward`` goes on; what is left then, `step` sends.

    Parameters
    ----------
    optimizer : Optimizer
    communicator : Communicator, optional
        None: that of `init`.
    bucket_cap_mb : float
        Megabytes of a bucket.
    compression : {None, "float16"}
        Send gradients as float16, half of the bytes, of which 11 bits, and what is between 6e-8 and 65504, are left.

    Attributes
    ----------
    communicator : Communicator

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> from fastconv import distributed, nn, optim
    >>> optimizer = distributed.DistributedOptimizer(optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1))
    >>> isinstance(optimizer, optim.SGD), optimizer.communicator.size
    (True, 1)

    Notes
    -----
    Batches of a `DataLoader` with a `DistributedSampler` count by their samples, others alike. A loss with
    `ignore_index` or weights of classes, whose mean divides by something else than samples, does so on each rank.

    ``backward`` may be called several times before a step: in every step, or within `no_sync` but for the last time.
    """

    communicator: Communicator

    def __new__(cls, optimizer: Any, *args: Any, **kwargs: Any) -> Self:
        if not isinstance(optimizer, Optimizer) or isinstance(optimizer, DistributedOptimizer):
            raise TypeError(f"DistributedOptimizer: optimizer must be one of fastconv.optim, got {shown(optimizer)}")
        kind = type(optimizer)
        made: Self = object.__new__(type(kind.__name__, (cls, kind), {}))
        made.__dict__ = optimizer.__dict__
        return made

    def __init__(
        self,
        optimizer: Optimizer,
        communicator: Communicator | None = None,
        *,
        bucket_cap_mb: float = 4.0,
        compression: str | None = None,
    ) -> None:
        name = "DistributedOptimizer"
        capacity = int(1e6 * number(name, "bucket_cap_mb", bucket_cap_mb, above=True))
        if compression is not None:
            word(name, "compression", compression, ("float16",))
        self.communicator = group(name, communicator)
        self._capacity, self._compression = capacity, compression
        self._buckets: list[Bucket] = []
        self._trained: list[Parameter] = []
        self._bucket_of: dict[Parameter, Bucket] = {}
        # How often a gradient is added to before a step: so far, and in the steps before. It is complete only then.
        self._added: dict[Parameter, int] = {}
        self._expected: dict[Parameter, int] = {}
        self._sent = 0
        self._state = "idle"
        self._hooked: set[Parameter] = set()
        self._watch()

    def _watch(self) -> None:
        if self.communicator.size == 1:
            return
        for parameter in self._parameters():
            if parameter not in self._hooked:
                parameter.register_post_accumulate_grad_hook(self._on_gradient)
                self._hooked.add(parameter)

    def _parameters(self) -> list[Parameter]:
        return [parameter for group in self.param_groups for parameter in group["params"]]

    def _on_gradient(self, parameter: Parameter) -> None:
        """Send what is complete with this gradient, and let go on what is under way."""
        if self._state == "apart":
            return
        if self._state != "adding":
            self._begin()
        bucket = self._bucket_of.get(parameter)
        if bucket is None:
            return
        if bucket.request is not None:
            raise RuntimeError(
                "DistributedOptimizer: a gradient was added to after it had been sent to the other ranks: step before "
                "the next backward, or call backward within no_sync() but for the last time"
            )
        added = self._added[parameter] = self._added.get(parameter, 0) + 1
        if added == self._expected.get(parameter):
            bucket.missing -= 1
        for early in self._buckets[: self._sent]:
            early.request.Test()
        while self._sent < len(self._buckets) and self._buckets[self._sent].missing == 0:
            self._send()

    def _begin(self) -> None:
        """A new step: which parameters are trained may have changed."""
        trained = [parameter for parameter in self._parameters() if parameter.requires_grad]
        if trained != self._trained:
            self._trained = trained
            self._buckets = split(trained, self._capacity, self._compression)
            self._bucket_of = {parameter: bucket for bucket in self._buckets for parameter in bucket.parameters}
            self._expected = {}
        for bucket in self._buckets:
            bucket.missing = len(bucket.parameters)
        self._added, self._sent, self._state = {}, 0, "adding"

    def _send(self) -> None:
        """The next bucket; all ranks send them in the same order."""
        self._buckets[self._sent].send(self.communicator)
        self._sent += 1

    def synchronize(self) -> None:
        """Make every gradient the mean over all ranks, for what looks at gradients between ``backward`` and `step`.

        The next `step` does not do it again.
        """
        if self.communicator.size == 1 or self._state == "synchronized":
            return
        if self._state != "adding":
            self._begin()
        while self._sent < len(self._buckets):
            self._send()
        for bucket in self._buckets:
            bucket.receive()
        for parameter in self._trained:
            self._expected[parameter] = max(self._expected.get(parameter, 0), self._added.get(parameter, 0))
        self._state = "synchronized"

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Average the gradients, unless `synchronize` has, and step with them as the optimizer does."""
        if closure is not None and not callable(closure):
            raise TypeError(f"DistributedOptimizer.step: closure must be callable, got {shown(closure)}")
        loss = None if closure is None else closure()
        self.synchronize()
        super().step()
        self._state = "idle"
        return loss

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Within this block, ``backward`` adds to the gradients of this rank alone, and nothing is sent.

        Examples
        --------
        Gradients of two batches, averaged over all ranks once:

        >>> import numpy as np
        >>> from fastconv import distributed, nn, optim
        >>> model, criterion = nn.Linear(3, 2, rng=0), nn.MSELoss()
        >>> optimizer = distributed.DistributedOptimizer(optim.SGD(model.parameters(), lr=0.1))
        >>> first, second, target = *np.ones((2, 5, 3), np.float32), np.zeros((5, 2), np.float32)
        >>> with optimizer.no_sync():
        ...     loss = criterion(model(first), target)
        ...     _ = model.backward(criterion.backward())
        >>> loss = criterion(model(second), target)
        >>> _ = model.backward(criterion.backward())
        >>> optimizer.step()
        """
        before, self._state = self._state, "apart"
        try:
            yield
        finally:
            self._state = before if before == "adding" else "idle"

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Train more parameters, on all ranks: see `Optimizer.add_param_group`."""
        super().add_param_group(param_group)
        self._watch()
