"""Processes under ``mpiexec``."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

MPIEXEC = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")


def mpiexec(ranks: int, *arguments: object, timeout: float = 300) -> subprocess.CompletedProcess[str]:
    """Run ``python *arguments`` in so many processes of one thread each."""
    env = os.environ | {"FASTCONV_NUM_THREADS": "1", "MPICH_INTERFACE_HOSTNAME": "localhost"}
    command = [str(MPIEXEC), "-n", str(ranks), sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout)
