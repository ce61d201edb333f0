"""Activations, element by element: relu, sigmoid, tanh and their gradients from the saved output.

    items: blocks of BLOCK elements; one vector at a time; the last vector of an array is loaded and stored in part
"""
from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .simd cimport LANES, real, vec, vec_load, vec_load_part, vec_lt, vec_select, vec_set, vec_store, vec_store_part

cdef enum:
    BLOCK = 16384


cdef struct Job:
    const real* a
    const real* b
    real* out
    Py_ssize_t size


cdef void relu_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Job* job = <Job*>argument
    cdef Py_ssize_t i = item * BLOCK
    cdef Py_ssize_t stop = min(i + BLOCK, job.size)
    cdef vec x
    while i + LANES <= stop:
        x = vec_load(job.a + i)
        vec_store(job.out + i, vec_select(vec_lt(x, vec_set(0)), vec_set(0), x))
        i += LANES
    if i < stop:
        x = vec_load_part(job.a + i, stop - i)
        vec_store_part(job.out + i, vec_select(vec_lt(x, vec_set(0)), vec_set(0), x), stop - i)


def relu(input, output):
    """output = max(input, 0); NaN stays NaN."""
    cdef Buffers held
    cdef Job job
    cdef Py_ssize_t items
    held.count = 0
    try:
        job.a = <const real*>pointer(&held, input, READ)
        job.size = last(&held).len // <Py_ssize_t>sizeof(real)
        job.out = <real*>pointer(&held, output, WRITE)
        items = (job.size + BLOCK - 1) // BLOCK
        with nogil:
            run(relu_block, &job, items, team(items, <double>job.size))
    finally:
        release(&held)
