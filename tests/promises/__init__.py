"""What fastconv promises, attacked: `python -m tests.promises` tries each promise and prints what became of it.

A module here holds the promises of one field in a list `PROMISES`; the command finds them by themselves.
"""

import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1])]  # as pytest does: tests import `grids`, `functional.calls`, ...
