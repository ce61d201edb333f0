"""Padding of planes, and its gradient: every output pixel is a copy of one source pixel, or the constant.

    forward    items: blocks of output rows; a row is left border, one copied run, right border
    backward   items: planes; every output pixel adds its gradient to the source pixel that it came from, in order;
               in constant mode it is the forward of the opposite padding
The maps from output to source rows and columns are made once per call; -1 stands for the constant.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .simd cimport copy_reals, real

cdef enum:
    BLOCK = 65536               # output pixels in an item, about

cdef enum Mode:
    CONSTANT
    REFLECT
    REPLICATE
    CIRCULAR


cdef struct Job:
    Py_ssize_t planes, H, W, P, Q
    const real* source
    real* target
    real value
    Py_ssize_t* row             # P source rows
    Py_ssize_t* column          # Q source columns
    Py_ssize_t run_first, run_stop      # output columns whose source columns follow each other
    Py_ssize_t rows_per_item


cdef Mode read_mode(str mode) except *:
    if mode == "constant":
        return CONSTANT
    if mode == "reflect":
        return REFLECT
    if mode == "replicate":
        return REPLICATE
    return CIRCULAR


cdef Py_ssize_t source_of(Py_ssize_t at, Py_ssize_t size, Mode mode) noexcept nogil:
    """The source position that output position `at` (counted from the source's first) copies."""
    if 0 <= at < size:
        return at
    if mode == CONSTANT:
        return -1
    if mode == REFLECT:
        return -at if at < 0 else 2 * (size - 1) - at
    if mode == REPLICATE:
        return 0 if at < 0 else size - 1
    return at + size if at < 0 else at - size


cdef int set_up(Job* job, Py_ssize_t top, Py_ssize_t left, Mode mode) except -1:
    """The maps for the sizes that the job has."""
    cdef Py_ssize_t i
    job.row = <Py_ssize_t*>malloc((job.P + job.Q + 1) * sizeof(Py_ssize_t))
    if job.row == NULL:
        raise MemoryError("no memory for the maps of a padding")
    job.column = job.row + job.P
    for i in range(job.P):
        job.row[i] = source_of(i - top, job.H, mode)
    for i in range(job.Q):
        job.column[i] = source_of(i - left, job.W, mode)
    job.run_first = min(max(left, 0), job.Q)
    job.run_stop = min(max(left + job.W, job.run_first), job.Q)
    job.rows_per_item = max(BLOCK // max(job.Q, 1), 1)
    return 0


cdef void pad_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Job* j = <const Job*>argument
    cdef Py_ssize_t flat, row, q
    cdef const real* line
    cdef real* out
    for flat in range(item * j.rows_per_item, min((item + 1) * j.rows_per_item, j.planes * j.P)):
        out = j.target + flat * j.Q
        row = j.row[flat % j.P]
        if row < 0:
            for q in range(j.Q):
                out[q] = j.value
            continue
        line = j.source + (flat // j.P * j.H + row) * j.W
        for q in range(j.run_first):
            out[q] = line[j.column[q]] if j.column[q] >= 0 else j.value
        if j.run_stop > j.run_first:
            copy_reals(out + j.run_first, line + j.column[j.run_first], j.run_stop - j.run_first)
        for q in range(j.run_stop, j.Q):
            out[q] = line[j.column[q]] if j.column[q] >= 0 else j.value


cdef int pad_all(Job* job) except -1:
    cdef Py_ssize_t items = (job.planes * job.P + job.rows_per_item - 1) // job.rows_per_item
    with nogil:
        run(pad_rows, job, items, team(items, <double>job.planes * job.P * job.Q))
    return 0


def pad2d(input, output, geometry, str mode, double value):
    """output = input with a border; negative borders of the constant mode crop."""
    cdef Job job
    cdef Buffers held
    cdef Py_ssize_t top, left
    job.planes, job.H, job.W, job.P, job.Q, top, left = geometry
    set_up(&job, top, left, read_mode(mode))
    held.count = 0
    try:
        job.value = <real>value
        job.source = <const real*>pointer(&held, input, READ)
        job.target = <real*>pointer(&held, output, WRITE)
        pad_all(&job)
    finally:
        release(&held)
        free(job.row)


cdef void gather_plane(void* argument, Py_ssize_t plane, int thread) noexcept nogil:
    cdef const Job* j = <const Job*>argument
    cdef const real* grad = j.source + plane * j.P * j.Q
    cdef real* into = j.target + plane * j.H * j.W
    cdef real* line
    cdef Py_ssize_t p, q, shift
    memset(into, 0, j.H * j.W * sizeof(real))
    for p in range(j.P):
        if j.row[p] >= 0:
            line = into + j.row[p] * j.W
            for q in range(j.run_first):
                if j.column[q] >= 0:
                    line[j.column[q]] += grad[q]
            if j.run_stop > j.run_first:
                shift = j.column[j.run_first] - j.run_first
                for q in range(j.run_first, j.run_stop):
                    line[q + shift] += grad[q]
            for q in range(j.run_stop, j.Q):
                if j.column[q] >= 0:
                    line[j.column[q]] += grad[q]
        grad += j.Q


def pad2d_backward(grad_output, grad_input, geometry, str mode):
    """grad_input[i] = sum of grad_output over the output pixels that copy pixel i."""
    cdef Job job
    cdef Buffers held
    cdef Py_ssize_t top, left
    cdef Mode word = read_mode(mode)
    job.planes, job.H, job.W, job.P, job.Q, top, left = geometry
    if word == CONSTANT:                                # each pixel has one copy at most: the opposite padding
        job.H, job.W, job.P, job.Q, top, left = job.P, job.Q, job.H, job.W, -top, -left
    set_up(&job, top, left, word)
    held.count = 0
    try:
        job.value = 0
        job.source = <const real*>pointer(&held, grad_output, READ)
        job.target = <real*>pointer(&held, grad_input, WRITE)
        if word == CONSTANT:
            pad_all(&job)
        else:
            with nogil:
                run(gather_plane, &job, job.planes,
                    team(job.planes, <double>job.planes * (job.P * job.Q + job.H * job.W)))
    finally:
        release(&held)
        free(job.row)
