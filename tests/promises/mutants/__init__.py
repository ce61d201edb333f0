"""Mutants of the kernels: small faults written into src/*.pyx and *.pxd, which the tests have to find.

    source     statements of a file, and which of their tokens can be changed
    changes    the faults that one statement can get
    switch     one file with many mutants in it, each switched on by its number
    build      the modules with all mutants in them, compiled once
    trials     the tests that reach a mutant, run on it in a child process
    survivors  mutants that no test can kill, with the reason
    campaign   all of that, one after the other

All mutants are compiled at once, as a build takes longer than the tests that kill a mutant. As every switch also notes
that it was met, only tests that reach a mutant are run on it. `cpu` and `parallel` are left out: they are no kernels.
"""

from ..promise import Promise
from .campaign import attack

PROMISES = [
    Promise("mutants", "a fault written into a kernel at random is found by the tests", 5, 500, attack),
]
