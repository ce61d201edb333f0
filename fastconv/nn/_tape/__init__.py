"""Passes without Python in the way: the kernel calls of a chain of layers, prepared for inputs of one shape.

Most of what a layer's ``forward`` does is the same in every step: checks, sizes, the choice of an algorithm, arrays for
results. A tape holds what is left, the kernel calls with their arguments, for the forward pass and for the backward
pass. `Sequential` records its parts when it meets an input shape for the second time, and then runs the tape.

    Parts    those of a container, layers that can be recorded joined to chains
    Chain    layers one after the other: which tapes there are, and whether one may be used
    Tape     what layers record into: `call` a kernel, `save` for the backward pass, `on_backward`
    Pull     the same for the backward pass: `wants` a gradient, `grad` to write it to
    Value    an array that is not there yet: a place in memory, or a slot for what changes from call to call
    layout   places for values, from the calls in which they are used
    Bound    a tape on memory: arrays for its values, and the two passes

A layer takes part by a method ``_record(tape, input)``, which returns the value of its output. Layers without one, or
with hooks, are called as ever, between the chains before and behind them.

Nothing of this is seen from outside. A tape is used only while the parts, their attributes and the arrays of their
parameters are those that it was recorded with, which is checked in every call; values in those arrays may change.
Arrays that are given out are not written to again unless nobody holds them any more. Layers find what their own
``backward`` needs where they would have kept it.
"""

from .chain import Chain as Chain
from .chain import Parts as Parts
from .record import add as add
from .record import by_input as by_input
from .record import by_output as by_output
from .record import record as record
from .tape import Pull as Pull
from .tape import Tape as Tape
from .value import Box as Box
from .value import Later as Later
from .value import Unrecordable as Unrecordable
from .value import Value as Value
