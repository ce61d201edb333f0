"""Run Python in a fresh process: for what is decided at import, and for signals and forks."""

import os
import subprocess
import sys


def python(code: str, timeout: float = 60, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `code` with these environment variables set; the fastconv variables of this process are not inherited."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(("FASTCONV_", "OMP_"))}
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, env=env | environment, capture_output=True, text=True, timeout=timeout)


def output(code: str, **environment: str) -> str:
    """What `code` prints; it must end well and leave nothing on stderr."""
    done = python(code, **environment)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.strip()
