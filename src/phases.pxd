"""The axes of a convolution's destination: the outputs, or, for the gradient of the input, the inputs in phases.

A pixel of the input between strides is met by some taps only. All pixels at the same position between strides are one
phase: an axis of size n and stride s has min(s, n) of them, and each is a correlation with step 1 and its own taps.
"""
from .band cimport Axis, ceil_div


cdef struct Phases:             # of one axis of the destination
    Py_ssize_t size, step, count        # count: min(step, size)
    Py_ssize_t* first           # of the taps of each phase, and an end


cdef inline void forward_axis(Axis* axis, Phases* phases, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t dilation,
                              Py_ssize_t pad, Py_ssize_t source, Py_ssize_t size) noexcept nogil:
    """Outputs over the input: one phase."""
    cdef Py_ssize_t r
    axis.size, axis.grid, axis.step, axis.taps = source, size, stride, kernel
    for r in range(kernel):
        axis.tap[r].offset = r * dilation - pad
        axis.tap[r].index = r
    phases.size, phases.step, phases.count = size, 1, 1
    phases.first[0], phases.first[1] = 0, kernel


cdef inline void adjoint_axis(Axis* axis, Phases* phases, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t dilation,
                              Py_ssize_t pad, Py_ssize_t source, Py_ssize_t size) noexcept nogil:
    """Inputs over the outputs: a phase for each position between strides, and the taps that meet it."""
    cdef Py_ssize_t phase, r, at
    axis.size, axis.grid, axis.step, axis.taps = source, ceil_div(size, stride), 1, 0
    phases.size, phases.step, phases.count = size, stride, min(stride, size)
    for phase in range(phases.count):
        phases.first[phase] = axis.taps
        for r in range(kernel - 1, -1, -1):
            at = phase + pad - r * dilation
            if at % stride == 0:                          # also right where `at` is negative
                axis.tap[axis.taps].offset = at // stride
                axis.tap[axis.taps].index = r
                axis.taps += 1
    phases.first[phases.count] = axis.taps
