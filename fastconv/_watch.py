"""What is under way and what has changed, for modules that remember earlier calls."""

import itertools
import threading


class _Pass(threading.local):
    """The outermost call of a module that is under way in this thread."""

    current: object | None = None


class _Changes:
    """How often something was changed, in the whole process: `count` is another number after every change."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self.count = 0

    def made(self) -> None:
        """Call this when a change is complete; threads that do so at the same time still get numbers of their own."""
        self.count = next(self._numbers)


running = _Pass()

changes = _Changes()
"""Of parts, attributes and hooks of modules."""

parameters = _Changes()
"""Of what parameters are made of: which array is theirs (not what it holds), and whether they want a gradient."""

states = _Changes()
"""Of what optimizers keep for parameters: which arrays (not what they hold), and how many steps were made."""
