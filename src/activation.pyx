"""Activations, element by element, and their gradients.

    items: blocks of elements; within one, a sweep of its rule (rules.pxd) over whole vectors
The last elements of an array go through the same vector code with other lanes beside them, so that the result of an
element does not depend on where it stands. A sweep is called through a pointer: its loop is all that an activation
adds to the code.
"""
from libc.string cimport memcpy

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .rules cimport (
    Parameters, Rule, elu_backward_rule, elu_rule, gelu_backward_rule, gelu_rule, gelu_tanh_backward_rule,
    gelu_tanh_rule, hardsigmoid_backward_rule, hardsigmoid_rule, hardswish_backward_rule, hardswish_rule,
    hardtanh_backward_rule, hardtanh_rule, leaky_relu_backward_rule, leaky_relu_rule, relu_backward_rule, relu_rule,
    sigmoid_backward_rule, sigmoid_rule, silu_backward_rule, silu_rule, softplus_backward_rule, softplus_rule,
    tanh_backward_rule, tanh_rule,
)
from .simd cimport LANES, STREAM_BYTES, real, stream_end, stream_offset, vec, vec_load, vec_store, vec_stream

cdef enum:
    BLOCK = 65536               # elements in an item; fewer where that would leave threads without one
    LEAST_BLOCK = 4096
    LEAST_ITEMS = 8
    COPY_BYTES = 8              # of an element in float32, read and written: the work of rules that do little else

ctypedef void (*Sweep)(const Span* span, const Parameters* at) noexcept nogil


cdef struct Span:
    const real* a
    const real* b               # the same as a in forward passes
    real* out
    Py_ssize_t vectors
    bint stream                 # past the caches


cdef struct Job:
    Span all                    # its vectors are not used
    Py_ssize_t size
    Py_ssize_t block
    Sweep sweep
    Parameters parameters


cdef inline void sweep(Rule rule, const Span* span, const Parameters* at) noexcept nogil:
    """out = rule(a, b); inlined with its rule."""
    cdef Span s = span[0]                           # local: out might lie over *at, for all that the compiler knows
    cdef Parameters parameters = at[0]
    cdef vec result
    cdef Py_ssize_t i
    for i in range(s.vectors):
        result = rule(vec_load(s.a + i * LANES), vec_load(s.b + i * LANES), &parameters)
        if s.stream:
            vec_stream(s.out + i * LANES, result)
        else:
            vec_store(s.out + i * LANES, result)


cdef void relu_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(relu_rule, span, at)


cdef void relu_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(relu_backward_rule, span, at)


cdef void sigmoid_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(sigmoid_rule, span, at)


cdef void sigmoid_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(sigmoid_backward_rule, span, at)


cdef void tanh_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(tanh_rule, span, at)


cdef void tanh_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(tanh_backward_rule, span, at)


cdef void leaky_relu_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(leaky_relu_rule, span, at)


cdef void leaky_relu_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(leaky_relu_backward_rule, span, at)


cdef void elu_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(elu_rule, span, at)


cdef void elu_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(elu_backward_rule, span, at)


cdef void gelu_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(gelu_rule, span, at)


cdef void gelu_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(gelu_backward_rule, span, at)


cdef void gelu_tanh_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(gelu_tanh_rule, span, at)


cdef void gelu_tanh_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(gelu_tanh_backward_rule, span, at)


cdef void silu_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(silu_rule, span, at)


cdef void silu_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(silu_backward_rule, span, at)


cdef void softplus_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(softplus_rule, span, at)


cdef void softplus_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(softplus_backward_rule, span, at)


cdef void hardtanh_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(hardtanh_rule, span, at)


cdef void hardtanh_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(hardtanh_backward_rule, span, at)


cdef void hardsigmoid_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(hardsigmoid_rule, span, at)


cdef void hardsigmoid_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(hardsigmoid_backward_rule, span, at)


cdef void hardswish_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(hardswish_rule, span, at)


cdef void hardswish_backward_sweep(const Span* span, const Parameters* at) noexcept nogil:
    sweep(hardswish_backward_rule, span, at)


cdef void part(const Job* job, Py_ssize_t i, Py_ssize_t count) noexcept nogil:
    """count < LANES elements."""
    cdef real a[LANES]
    cdef real b[LANES]
    cdef real out[LANES]
    cdef Span span = [a, b, out, 1, False]
    cdef Py_ssize_t lane
    for lane in range(LANES):
        a[lane] = b[lane] = 0
    memcpy(a, job.all.a + i, count * sizeof(real))
    memcpy(b, job.all.b + i, count * sizeof(real))
    job.sweep(&span, &job.parameters)
    memcpy(job.all.out + i, out, count * sizeof(real))


cdef void block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Job* job = <const Job*>argument
    cdef Py_ssize_t i = item * job.block
    cdef Py_ssize_t stop = min(i + job.block, job.size)
    cdef Py_ssize_t before = min(stream_offset(job.all.out + i), stop - i) if job.all.stream else 0
    cdef Span span
    if before:
        part(job, i, before)
        i += before
    span = [job.all.a + i, job.all.b + i, job.all.out + i, (stop - i) // LANES, job.all.stream]
    job.sweep(&span, &job.parameters)
    i += span.vectors * LANES
    if i < stop:
        part(job, i, stop - i)
    if span.stream:
        stream_end()


cdef int elementwise(Sweep sweep, double work, a, b, out, double first, double second) except -1:
    """Run a sweep over the arrays; work: per element, in bytes of float32 or additions."""
    cdef Buffers held
    cdef Job job
    cdef Py_ssize_t items
    held.count = 0
    job.sweep = sweep
    job.parameters.first, job.parameters.second = <real>first, <real>second
    try:
        job.all.a = <const real*>pointer(&held, a, READ)
        job.size = last(&held).len // <Py_ssize_t>sizeof(real)
        job.all.b = <const real*>pointer(&held, b, READ)
        job.all.out = <real*>pointer(&held, out, WRITE)
        # Made of one array, a larger result may still stay in a cache, or reach memory while the next are computed.
        job.all.stream = 2 * job.size >= (2 if a is not b else 3 if work <= COPY_BYTES else 4) * (
            STREAM_BYTES // <Py_ssize_t>sizeof(real))
        job.block = min(max(job.size // LEAST_ITEMS, LEAST_BLOCK), BLOCK)
        items = (job.size + job.block - 1) // job.block
        with nogil:
            run(block, &job, items, team(items, work * job.size))
    finally:
        release(&held)
    return 0


def relu(input, output):
    """output = max(input, 0); NaN stays NaN."""
    elementwise(relu_sweep, COPY_BYTES, input, input, output, 0, 0)


def relu_backward(grad_output, output, grad_input):
    """grad_input = 0 where output <= 0, else grad_output."""
    elementwise(relu_backward_sweep, 12, grad_output, output, grad_input, 0, 0)


def sigmoid(input, output):
    """output = 1 / (1 + exp(-input))."""
    elementwise(sigmoid_sweep, 20, input, input, output, 0, 0)


def sigmoid_backward(grad_output, output, grad_input):
    """grad_input = grad_output * (1 - output) * output."""
    elementwise(sigmoid_backward_sweep, 12, grad_output, output, grad_input, 0, 0)


def tanh(input, output):
    """output = tanh(input)."""
    elementwise(tanh_sweep, 20, input, input, output, 0, 0)


def tanh_backward(grad_output, output, grad_input):
    """grad_input = grad_output * (1 - output^2)."""
    elementwise(tanh_backward_sweep, 12, grad_output, output, grad_input, 0, 0)


cdef tuple FUNCTIONS = (
    "leaky_relu", "hardtanh", "hardsigmoid", "hardswish", "elu", "gelu", "gelu_tanh", "silu", "softplus",
)

cdef enum:
    CHEAP = 4                   # of FUNCTIONS: without an exponential

cdef Sweep[9] forward = [
    leaky_relu_sweep, hardtanh_sweep, hardsigmoid_sweep, hardswish_sweep, elu_sweep, gelu_sweep, gelu_tanh_sweep,
    silu_sweep, softplus_sweep,
]
cdef Sweep[9] backward = [
    leaky_relu_backward_sweep, hardtanh_backward_sweep, hardsigmoid_backward_sweep, hardswish_backward_sweep,
    elu_backward_sweep, gelu_backward_sweep, gelu_tanh_backward_sweep, silu_backward_sweep, softplus_backward_sweep,
]


def activation(input, output, function, first, second):
    """output = the activation of that name; first and second are its parameters (docs/design.md)."""
    cdef int number = FUNCTIONS.index(function)
    elementwise(forward[number], COPY_BYTES if number < CHEAP else 30, input, input, output, first, second)


def activation_backward(grad_output, input, grad_input, function, first, second):
    """grad_input = grad_output * the derivative at the input."""
    cdef int number = FUNCTIONS.index(function)
    elementwise(backward[number], 12 if number < CHEAP else 30, grad_output, input, grad_input, first, second)
