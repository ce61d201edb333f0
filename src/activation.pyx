"""Activations, element by element: relu, sigmoid, tanh and their gradients from the saved output.

    items: blocks of elements; one vector at a time
The last elements of an array go through the same vector code with a part of the lanes, so that the result of an element
does not depend on where it stands.
"""
from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .elementary cimport EXP_SCALE, vec_exp_scaled, vec_expm1
from .simd cimport (
    LANES, STREAM_BYTES, mask_or, real, stream_end, stream_offset, vec, vec_abs, vec_add, vec_div, vec_eq, vec_fma,
    vec_load, vec_load_part, vec_lt, vec_mul, vec_select, vec_set, vec_store, vec_store_part, vec_stream, vec_sub,
)

cdef enum:
    BLOCK = 65536               # elements in an item; fewer where that would leave threads without one
    LEAST_BLOCK = 4096
    LEAST_ITEMS = 8

ctypedef vec (*Rule)(vec a, vec b) noexcept nogil


cdef struct Job:
    const real* a
    const real* b               # the same as a in forward passes
    real* out
    Py_ssize_t size
    Py_ssize_t block


cdef inline void apply_part(Rule rule, const Job* job, Py_ssize_t i, Py_ssize_t count) noexcept nogil:
    """count < LANES elements."""
    if count > 0:
        vec_store_part(job.out + i, rule(vec_load_part(job.a + i, count), vec_load_part(job.b + i, count)), count)


cdef inline void apply(Rule rule, const Job* job, Py_ssize_t item) noexcept nogil:
    """out = rule(a, b) over one block; inlined with its rule."""
    cdef Py_ssize_t i = item * job.block
    cdef Py_ssize_t stop = min(i + job.block, job.size)
    cdef Py_ssize_t before = min(stream_offset(job.out + i), stop - i)
    if job.size >= STREAM_BYTES // <Py_ssize_t>sizeof(real):
        apply_part(rule, job, i, before)
        i += before
        while i + LANES <= stop:
            vec_stream(job.out + i, rule(vec_load(job.a + i), vec_load(job.b + i)))
            i += LANES
        stream_end()
    while i + LANES <= stop:
        vec_store(job.out + i, rule(vec_load(job.a + i), vec_load(job.b + i)))
        i += LANES
    apply_part(rule, job, i, stop - i)


cdef inline vec relu_rule(vec x, vec unused) noexcept nogil:
    return vec_select(vec_lt(x, vec_set(0)), vec_set(0), x)              # NaN < 0 is false: NaN stays


cdef inline vec relu_backward_rule(vec grad, vec y) noexcept nogil:
    return vec_select(mask_or(vec_lt(y, vec_set(0)), vec_eq(y, vec_set(0))), vec_set(0), grad)     # NaN lets it through


cdef inline vec sigmoid_rule(vec x, vec unused) noexcept nogil:
    """e / (1 + e) or 1 / (1 + e), e = exp(-|x|), both scaled: only the quotient may be subnormal."""
    cdef vec e = vec_exp_scaled(vec_sub(vec_set(0), vec_abs(x)))         # never overflows
    return vec_div(vec_select(vec_lt(x, vec_set(0)), e, vec_set(EXP_SCALE)), vec_add(vec_set(EXP_SCALE), e))


cdef inline vec sigmoid_backward_rule(vec grad, vec y) noexcept nogil:
    return vec_mul(vec_mul(grad, vec_sub(vec_set(1), y)), y)


cdef inline vec tanh_rule(vec x, vec unused) noexcept nogil:
    cdef vec m = vec_expm1(vec_mul(vec_set(-2), vec_abs(x)))             # tanh|x| = -m / (2 + m)
    cdef vec t = vec_div(m, vec_add(vec_set(2), m))
    return vec_select(vec_lt(x, vec_set(0)), t, vec_sub(vec_set(0), t))


cdef inline vec tanh_backward_rule(vec grad, vec y) noexcept nogil:
    return vec_mul(grad, vec_fma(vec_sub(vec_set(0), y), y, vec_set(1)))


cdef void relu_block(void* job, Py_ssize_t item, int thread) noexcept nogil:
    apply(relu_rule, <Job*>job, item)


cdef void relu_backward_block(void* job, Py_ssize_t item, int thread) noexcept nogil:
    apply(relu_backward_rule, <Job*>job, item)


cdef void sigmoid_block(void* job, Py_ssize_t item, int thread) noexcept nogil:
    apply(sigmoid_rule, <Job*>job, item)


cdef void sigmoid_backward_block(void* job, Py_ssize_t item, int thread) noexcept nogil:
    apply(sigmoid_backward_rule, <Job*>job, item)


cdef void tanh_block(void* job, Py_ssize_t item, int thread) noexcept nogil:
    apply(tanh_rule, <Job*>job, item)


cdef void tanh_backward_block(void* job, Py_ssize_t item, int thread) noexcept nogil:
    apply(tanh_backward_rule, <Job*>job, item)


ctypedef void (*Block)(void* job, Py_ssize_t item, int thread) noexcept nogil


cdef int elementwise(Block block, double work, a, b, out) except -1:
    """Run a block function over the arrays; work: per element, in bytes of float32 or additions."""
    cdef Buffers held
    cdef Job job
    cdef Py_ssize_t items
    held.count = 0
    try:
        job.a = <const real*>pointer(&held, a, READ)
        job.size = last(&held).len // <Py_ssize_t>sizeof(real)
        job.b = <const real*>pointer(&held, b, READ)
        job.out = <real*>pointer(&held, out, WRITE)
        job.block = min(max(job.size // LEAST_ITEMS, LEAST_BLOCK), BLOCK)
        items = (job.size + job.block - 1) // job.block
        with nogil:
            run(block, &job, items, team(items, work * job.size))
    finally:
        release(&held)
    return 0


def relu(input, output):
    """output = max(input, 0); NaN stays NaN."""
    elementwise(relu_block, 8, input, input, output)


def relu_backward(grad_output, output, grad_input):
    """grad_input = 0 where output <= 0, else grad_output."""
    elementwise(relu_backward_block, 12, grad_output, output, grad_input)


def sigmoid(input, output):
    """output = 1 / (1 + exp(-input))."""
    elementwise(sigmoid_block, 20, input, input, output)


def sigmoid_backward(grad_output, output, grad_input):
    """grad_input = grad_output * (1 - output) * output."""
    elementwise(sigmoid_backward_block, 12, grad_output, output, grad_input)


def tanh(input, output):
    """output = tanh(input)."""
    elementwise(tanh_block, 20, input, input, output)


def tanh_backward(grad_output, output, grad_input):
    """grad_input = grad_output * (1 - output^2)."""
    elementwise(tanh_backward_block, 12, grad_output, output, grad_input)
