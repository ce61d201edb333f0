"""Processes under ``mpiexec``."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MPIEXEC = shutil.which("mpiexec", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")

needs_mpi = pytest.mark.skipif(MPIEXEC is None, reason="needs mpiexec: pip install 'fastconv[mpi-local]'")


def mpiexec(ranks: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run ``python *arguments`` in so many processes of one thread each."""
    pytest.importorskip("mpi4py")
    path = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
    env = os.environ | {"FASTCONV_NUM_THREADS": "1", "PYTHONPATH": path}
    command = [str(MPIEXEC), "-n", str(ranks), sys.executable, *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=300)
