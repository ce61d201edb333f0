"""Padding of planes, and its gradient: every output pixel is a copy of one source pixel, or the constant.

    forward    items: blocks of output rows; a row is left border, one copied run, right border
    backward   items: planes; every output row adds its gradients to the source row that it came from, the copied run
               first, then its borders; in constant mode it is the forward of the opposite padding
The maps from output to source rows and columns are made once per call; -1 stands for the constant.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .simd cimport LANES, copy_reals, real, vec_add, vec_load, vec_store

cdef enum:
    BLOCK = 65536               # output pixels in an item, about; fewer where that would leave threads without one
    LEAST_ITEMS = 8

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
    Py_ssize_t rows_per_item, planes_per_item


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
    job.rows_per_item = max(min(BLOCK // max(job.Q, 1), job.planes * job.P // LEAST_ITEMS), 1)
    job.planes_per_item = max(min(BLOCK // max(job.P * job.Q, 1), job.planes // LEAST_ITEMS), 1)
    return 0


cdef inline void border(const Job* j, const real* line, Py_ssize_t first, Py_ssize_t stop, real* out) noexcept nogil:
    """Output columns first ... stop - 1 of a row, from the source row `line`."""
    cdef Py_ssize_t q
    for q in range(first, stop):
        out[q] = line[j.column[q]] if j.column[q] >= 0 else j.value


cdef void pad_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Job j = (<const Job*>argument)[0]                       # where stores cannot change it
    cdef Py_ssize_t start = item * j.rows_per_item, stop = min(start + j.rows_per_item, j.planes * j.P)
    cdef Py_ssize_t _flat, q, p = start % j.P
    cdef const real* plane = j.source + start // j.P * j.H * j.W
    cdef const real* line
    cdef real* out = j.target + start * j.Q
    for _flat in range(start, stop):
        if p == j.P:
            p = 0
            plane += j.H * j.W
        if j.row[p] < 0:
            for q in range(j.Q):
                out[q] = j.value
        else:
            line = plane + j.row[p] * j.W
            border(&j, line, 0, j.run_first, out)
            if j.run_stop > j.run_first:
                copy_reals(out + j.run_first, line + j.column[j.run_first], j.run_stop - j.run_first)
            border(&j, line, j.run_stop, j.Q, out)
        p += 1
        out += j.Q


cdef int pad_all(Job* job) except -1:
    cdef Py_ssize_t items = (job.planes * job.P + job.rows_per_item - 1) // job.rows_per_item
    with nogil:
        run(pad_rows, job, items, team(items, 6.0 * job.planes * job.P * job.Q))
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


cdef inline void add_reals(real* to, const real* from_, Py_ssize_t count) noexcept nogil:
    cdef Py_ssize_t i = 0
    while i + LANES <= count:
        vec_store(to + i, vec_add(vec_load(to + i), vec_load(from_ + i)))
        i += LANES
    while i < count:
        to[i] += from_[i]
        i += 1


cdef inline void border_backward(const Job* j, const real* grad, Py_ssize_t first, Py_ssize_t stop,
                                 real* line) noexcept nogil:
    """Add the gradients of output columns first ... stop - 1 to the source row `line`."""
    cdef Py_ssize_t q
    for q in range(first, stop):
        line[j.column[q]] += grad[q]


cdef void gather_planes(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Job j = (<const Job*>argument)[0]
    cdef Py_ssize_t start = item * j.planes_per_item, stop = min(start + j.planes_per_item, j.planes)
    cdef Py_ssize_t plane, p
    cdef const real* grad = j.source + start * j.P * j.Q
    cdef real* into
    cdef real* line
    for plane in range(start, stop):
        into = j.target + plane * j.H * j.W
        memset(into, 0, j.H * j.W * sizeof(real))
        for p in range(j.P):
            line = into + j.row[p] * j.W
            add_reals(line, grad + j.run_first, j.W)             # the image itself: no border is negative here
            border_backward(&j, grad, 0, j.run_first, line)      # afterwards: vectors would wait for single numbers
            border_backward(&j, grad, j.run_stop, j.Q, line)
            grad += j.Q


def pad2d_backward(grad_output, grad_input, geometry, str mode):
    """grad_input[i] = sum of grad_output over the output pixels that copy pixel i."""
    cdef Job job
    cdef Buffers held
    cdef Py_ssize_t top, left, items
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
            items = (job.planes + job.planes_per_item - 1) // job.planes_per_item
            with nogil:
                run(gather_planes, &job, items, team(items, 6.0 * job.planes * (job.P * job.Q + job.H * job.W)))
    finally:
        release(&held)
        free(job.row)
