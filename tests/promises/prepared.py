"""A part of an attack in a process of its own, with another environment or under another program.

`python -m tests.promises.prepared MODULE FUNCTION ARGUMENT...` calls a function of a module here and prints its tally.
"""

import importlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from .promise import Tally

ROOT = Path(__file__).parents[2]


def prepared(
    function: Callable[..., Tally], *arguments: object, prefix: Sequence[str] = (), timeout: float = 7200,
    **environment: str,
) -> Tally:  # fmt: skip
    """The tally of `function(*arguments)`, all JSON, in a new process with these variables, after `prefix`."""
    module = function.__module__.rpartition(".")[2]
    command = [*prefix, sys.executable, "-m", f"{__package__}.prepared", module, function.__name__]
    path = os.pathsep.join([environment.pop("PYTHONPATH", str(ROOT)), str(ROOT), str(ROOT / "tests")])
    variables = os.environ | environment | {"PYTHONPATH": path, "PYTHONSAFEPATH": "1"}
    command += map(json.dumps, arguments)
    done = subprocess.run(command, env=variables, cwd=ROOT, capture_output=True, text=True, timeout=timeout)
    if done.returncode:
        how = f"{function.__name__}{arguments}: the process ended by {done.returncode}"
        return Tally(tried=1, lost=[how + "\n" + done.stderr[-4000:]])
    return Tally(**json.loads(done.stdout.splitlines()[-1]))


def compiled(source: str, folder: str, *flags: str) -> str | None:
    """A C file of this folder as a shared library; None without a compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        return None
    library = str(Path(folder, source).with_suffix(".so"))
    subprocess.run([compiler, "-O1", "-fPIC", "-shared", *flags, str(Path(__file__).with_name(source)), "-o", library],
                   check=True)
    return library


if __name__ == "__main__":
    name, called, *given = sys.argv[1:]
    found = getattr(importlib.import_module(f"{__package__}.{name}"), called)(*map(json.loads, given))
    print(json.dumps(asdict(found)))
