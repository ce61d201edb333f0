"""What is under way and what has changed, for modules that remember earlier calls."""

import threading


class _Pass(threading.local):
    """The outermost call of a module that is under way in this thread."""

    current: object | None = None


class _Changes:
    """How often parts, attributes or hooks of modules have changed, in the whole process."""

    count = 0


running = _Pass()
changes = _Changes()
