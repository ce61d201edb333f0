"""Writing files so that a reader sees the old content or the new, whatever happens in between.

The new content goes into a temporary file beside the target, is flushed to the disk and then takes the target's name
in one step. The old file is never opened for writing.

A temporary file has a short name that depends on the target's, so that names of any legal length can be written, and
is locked while its writer lives. Those that are not locked were left by processes that were killed; the next writer
of the same target removes them.
"""

import errno
import importlib
import os
import stat
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, BinaryIO

try:
    _fcntl: Any = importlib.import_module("fcntl")
except ModuleNotFoundError:  # no such locks on Windows: temporary files of the dead stay there
    _fcntl = None

Path = str | bytes | os.PathLike[str] | os.PathLike[bytes]

# Writers of one target at the same time, and leftovers that cannot be locked.
_MOST_TEMPORARIES = 1000
# So many free names in a row, and no later one is taken.
_FREE_NAMES = 3

_CREATE = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)


def file_path(function: str, path: Any, name: str = "path") -> str:
    """A path argument as a str, undecodable bytes included."""
    try:
        return os.fsdecode(path)
    except TypeError:
        raise TypeError(f"{function}: {name} must be a str or a path, got {type(path).__name__}") from None


def open_regular(path: str) -> BinaryIO:
    """Open a file for reading; a directory is an IsADirectoryError, and what is no regular file a ValueError.

    A named pipe would block the one who opens it, and a device may give bytes for ever.
    """
    # Not blocking, so that a named pipe without a writer opens as well, to be refused.
    with ExitStack() as on_error:
        file = on_error.enter_context(open(path, "rb", opener=lambda name, _: os.open(name, _READ)))
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError(f"{path}: not a regular file")
        on_error.pop_all()
    return file


@contextmanager
def atomic_write(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write to, which takes the name `path` when the block ends without an error.

    Parameters
    ----------
    path : str, bytes or path-like
        A link is followed: its target is replaced.

    Raises
    ------
    OSError
        The file cannot be written; it names `path`, whose old content is untouched, unless the last act failed: to
        bring the new name to the disk. After any error, in the block too, no temporary file is left.
    """
    target = os.fsdecode(path)
    try:
        with _replacing(os.path.realpath(target)) as file:
            yield file
    except OSError as error:
        # Errors of the temporary file, whose name says nothing to the user.
        if error.errno is None or error.filename == target:
            raise
        raise OSError(error.errno, error.strerror, target) from error


def check_writable(path: Path) -> None:
    """Make the folder of a file, and see whether `atomic_write` could write it; for those who would learn it too late.

    Raises
    ------
    OSError
        It could not; the error names `path`, or the folder that cannot be made.
    """
    target = os.fsdecode(path)
    os.makedirs(os.path.dirname(target) or os.curdir, exist_ok=True)
    try:
        real = os.path.realpath(target)
        _mode_of(real)
        temporary, descriptor = _create_temporary(os.path.dirname(real) or os.curdir, os.path.basename(real))
        try:
            os.unlink(temporary)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno is None or error.filename == target:
            raise
        raise OSError(error.errno, error.strerror, target) from error


@contextmanager
def _replacing(target: str) -> Iterator[BinaryIO]:
    mode = _mode_of(target)
    directory = os.path.dirname(target) or os.curdir
    temporary, lock = _create_temporary(directory, os.path.basename(target))
    # The first descriptor of the open file keeps the lock until the name is settled; the second one is closed before,
    # since closing is the last chance of some file systems to report an error.
    try:
        second = os.dup(lock)
        try:
            with os.fdopen(second, "wb", closefd=False) as file:
                yield file
                file.flush()
                os.fsync(second)
                if mode is not None and hasattr(os, "fchmod"):
                    os.fchmod(second, mode)
        finally:
            os.close(second)
        if os.name == "nt":
            os.close(lock)
            lock = -1
        os.replace(temporary, target)
    except BaseException:
        _discard(temporary, lock)
        raise
    finally:
        if lock != -1:
            os.close(lock)
    _sync_directory(directory)


def _mode_of(target: str) -> int | None:
    """The permissions of the file that is to be replaced; None if there is none."""
    try:
        mode = os.stat(target).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), target)
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "Not a regular file", target)
    return stat.S_IMODE(mode)


def _create_temporary(directory: str, name: str) -> tuple[str, int]:
    """Create and lock a temporary file; the system's umask gives it the mode of a new file."""
    start = os.path.join(directory, f".fastconv-{zlib.crc32(os.fsencode(name)):08x}-")
    for attempt in range(_MOST_TEMPORARIES):
        temporary = f"{start}{attempt}"
        while True:
            try:
                descriptor = os.open(temporary, _CREATE, 0o666)
            except FileExistsError:
                if _remove_abandoned(temporary):
                    continue
                break
            try:
                if _lock(temporary, descriptor):
                    _remove_later(start, attempt)
                    return temporary, descriptor
            except BaseException:
                _discard(temporary, descriptor)
                os.close(descriptor)
                raise
            # Another writer took it for abandoned between the creation and the lock.
            os.close(descriptor)
    raise FileExistsError(errno.EEXIST, "Too many temporary files", directory)


def _lock(temporary: str, descriptor: int) -> bool:
    """Wait for the lock of a new file; whether it still has its name then."""
    if _fcntl is None:
        return True
    _fcntl.flock(descriptor, _fcntl.LOCK_EX)
    return _is_file(temporary, descriptor)


def _discard(temporary: str, descriptor: int) -> None:
    """Remove a temporary file of one's own, unless another writer has done so; -1: it is closed."""
    if descriptor == -1 or _is_file(temporary, descriptor):
        with suppress(FileNotFoundError):
            os.unlink(temporary)


def _remove_later(start: str, attempt: int) -> None:
    """Remove what several writers left that were killed at the same time."""
    free = 0
    while free < _FREE_NAMES:
        attempt += 1
        temporary = f"{start}{attempt}"
        free = 0 if os.path.lexists(temporary) else free + 1
        if not free:
            _remove_abandoned(temporary)


def _remove_abandoned(temporary: str) -> bool:
    """Remove a temporary file whose writer is dead; whether it is worth trying its name again."""
    if _fcntl is None:
        return False
    try:
        descriptor = os.open(temporary, _READ)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    try:
        _fcntl.flock(descriptor, _fcntl.LOCK_EX | _fcntl.LOCK_NB)
        if _is_file(temporary, descriptor):
            os.unlink(temporary)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def _is_file(name: str, descriptor: int) -> bool:
    """Whether a name still belongs to an open file."""
    try:
        named = os.stat(name, follow_symlinks=False)
    except OSError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))


def _sync_directory(directory: str) -> None:
    """Bring a changed name to the disk."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some file systems do not know this for directories.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)
