"""Max and average pooling of planes, and their gradients.

    forward    items: blocks of output rows; each output looks at its window, clipped to the image, row by row
    backward   items: planes; every output adds to the inputs of its window, in order, so overlaps need no atomics
"""
from libc.math cimport INFINITY
from libc.stdint cimport int64_t
from libc.string cimport memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .simd cimport real

cdef enum:
    BLOCK = 16384               # window elements in an item, about


cdef struct Pool:
    Py_ssize_t planes, H, W, R, S, P, Q, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w
    const real* source
    real* target
    int64_t* indices            # or NULL
    bint count_include_pad
    Py_ssize_t divisor          # 0: the window's own
    Py_ssize_t rows_per_item


cdef void read_geometry(Pool* j, g) except *:
    (j.planes, j.H, j.W, j.R, j.S, j.P, j.Q, j.stride_h, j.stride_w, j.pad_h, j.pad_w, j.dilation_h, j.dilation_w) = g
    j.rows_per_item = max(BLOCK // max(j.Q * j.R * j.S, 1), 1)


cdef struct Span:
    Py_ssize_t first, taps      # positions first, first + dilation, ... inside the image
    Py_ssize_t padded           # length with explicit padding, without dilation (average pooling has none)


cdef inline Span span(Py_ssize_t p, Py_ssize_t stride, Py_ssize_t pad, Py_ssize_t kernel, Py_ssize_t dilation,
                      Py_ssize_t size) noexcept nogil:
    """The part of window p that lies inside an image of `size` pixels."""
    cdef Span s
    cdef Py_ssize_t start = p * stride - pad
    cdef Py_ssize_t skipped = (dilation - 1 - start) // dilation if start < 0 else 0
    s.first = start + skipped * dilation
    s.taps = min(kernel, (size - 1 - start) // dilation + 1 if start < size else 0) - skipped
    if s.taps < 0:
        s.taps = 0
    s.padded = min(start + kernel, size + pad) - start
    return s


cdef inline Py_ssize_t row_items(const Pool* j) noexcept nogil:
    return (j.planes * j.P + j.rows_per_item - 1) // j.rows_per_item


cdef inline double work(const Pool* j) noexcept nogil:
    return <double>j.planes * j.P * j.Q * (j.R * j.S + 2)


cdef void max_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Pool* j = <const Pool*>argument
    cdef Py_ssize_t flat, q, r, _s, at, found
    cdef Span rows, columns
    cdef const real* plane
    cdef real best, x
    for flat in range(item * j.rows_per_item, min((item + 1) * j.rows_per_item, j.planes * j.P)):
        plane = j.source + flat // j.P * j.H * j.W
        rows = span(flat % j.P, j.stride_h, j.pad_h, j.R, j.dilation_h, j.H)
        for q in range(j.Q):
            columns = span(q, j.stride_w, j.pad_w, j.S, j.dilation_w, j.W)
            best = -INFINITY
            found = -1
            if rows.taps and columns.taps:
                found = rows.first * j.W + columns.first
                best = plane[found]
            for r in range(rows.taps):
                at = (rows.first + r * j.dilation_h) * j.W + columns.first
                for _s in range(columns.taps):
                    x = plane[at]
                    if x > best or x != x:               # the first maximum; the last NaN
                        best = x
                        found = at
                    at += j.dilation_w
            j.target[flat * j.Q + q] = best
            if j.indices != NULL:
                j.indices[flat * j.Q + q] = found


def max_pool2d(input, output, indices, geometry):
    """output = largest element of each window; indices: its place in the plane, -1 for a window wholly in padding."""
    cdef Pool job
    cdef Buffers held
    read_geometry(&job, geometry)
    held.count = 0
    try:
        job.source = <const real*>pointer(&held, input, READ)
        job.target = <real*>pointer(&held, output, WRITE)
        job.indices = <int64_t*>pointer(&held, indices, WRITE)
        with nogil:
            run(max_rows, &job, row_items(&job), team(row_items(&job), work(&job)))
    finally:
        release(&held)


cdef struct Scatter:
    const real* grad_output
    const int64_t* indices
    real* grad_input
    Py_ssize_t planes, outputs, inputs      # sizes of one plane


cdef void scatter_plane(void* argument, Py_ssize_t plane, int thread) noexcept nogil:
    cdef const Scatter* j = <const Scatter*>argument
    cdef real* into = j.grad_input + plane * j.inputs
    cdef Py_ssize_t t
    cdef int64_t at
    memset(into, 0, j.inputs * sizeof(real))
    for t in range(plane * j.outputs, (plane + 1) * j.outputs):
        at = j.indices[t]
        if at >= 0:
            into[at] += j.grad_output[t]


def max_pool2d_backward(grad_output, indices, grad_input):
    """grad_input = grad_output added up at the places that `indices` names."""
    cdef Scatter job
    cdef Buffers held
    held.count = 0
    try:
        job.grad_output = <const real*>pointer(&held, grad_output, READ)
        job.planes = last(&held).shape[0] * last(&held).shape[1]
        job.outputs = last(&held).shape[2] * last(&held).shape[3]
        job.indices = <const int64_t*>pointer(&held, indices, READ)
        job.grad_input = <real*>pointer(&held, grad_input, WRITE)
        job.inputs = last(&held).shape[2] * last(&held).shape[3]
        with nogil:
            run(scatter_plane, &job, job.planes, team(job.planes, <double>job.planes * (job.inputs + 2 * job.outputs)))
    finally:
        release(&held)


cdef inline real divisor(const Pool* j, const Span* rows, const Span* columns) noexcept nogil:
    if j.divisor:
        return <real>j.divisor
    if j.count_include_pad:
        return <real>(rows.padded * columns.padded)
    return <real>(rows.taps * columns.taps)


cdef void average_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Pool* j = <const Pool*>argument
    cdef Py_ssize_t flat, q, r, s
    cdef Span rows, columns
    cdef const real* plane
    cdef const real* line
    cdef real total
    for flat in range(item * j.rows_per_item, min((item + 1) * j.rows_per_item, j.planes * j.P)):
        plane = j.source + flat // j.P * j.H * j.W
        rows = span(flat % j.P, j.stride_h, j.pad_h, j.R, 1, j.H)
        for q in range(j.Q):
            columns = span(q, j.stride_w, j.pad_w, j.S, 1, j.W)
            total = 0
            for r in range(rows.taps):
                line = plane + (rows.first + r) * j.W + columns.first
                for s in range(columns.taps):
                    total += line[s]
            j.target[flat * j.Q + q] = total / divisor(j, &rows, &columns)


def avg_pool2d(input, output, geometry, bint count_include_pad, Py_ssize_t divisor_override):
    """output = sum of each window over its divisor."""
    cdef Pool job
    cdef Buffers held
    read_geometry(&job, geometry)
    held.count = 0
    try:
        job.count_include_pad, job.divisor = count_include_pad, divisor_override
        job.source = <const real*>pointer(&held, input, READ)
        job.target = <real*>pointer(&held, output, WRITE)
        with nogil:
            run(average_rows, &job, row_items(&job), team(row_items(&job), work(&job)))
    finally:
        release(&held)


cdef void spread_plane(void* argument, Py_ssize_t plane, int thread) noexcept nogil:
    cdef const Pool* j = <const Pool*>argument
    cdef const real* grad = j.source + plane * j.P * j.Q
    cdef real* into = j.target + plane * j.H * j.W
    cdef Py_ssize_t p, q, r, s
    cdef Span rows, columns
    cdef real share
    cdef real* line
    memset(into, 0, j.H * j.W * sizeof(real))
    for p in range(j.P):
        rows = span(p, j.stride_h, j.pad_h, j.R, 1, j.H)
        for q in range(j.Q):
            columns = span(q, j.stride_w, j.pad_w, j.S, 1, j.W)
            if rows.taps and columns.taps:
                share = grad[p * j.Q + q] / divisor(j, &rows, &columns)
                for r in range(rows.taps):
                    line = into + (rows.first + r) * j.W + columns.first
                    for s in range(columns.taps):
                        line[s] += share


def avg_pool2d_backward(grad_output, grad_input, geometry, bint count_include_pad, Py_ssize_t divisor_override):
    """grad_input = each output's gradient over its divisor, added to every input of its window."""
    cdef Pool job
    cdef Buffers held
    read_geometry(&job, geometry)
    held.count = 0
    try:
        job.count_include_pad, job.divisor = count_include_pad, divisor_override
        job.source = <const real*>pointer(&held, grad_output, READ)
        job.target = <real*>pointer(&held, grad_input, WRITE)
        with nogil:
            run(spread_plane, &job, job.planes, team(job.planes, work(&job) + <double>job.planes * job.H * job.W))
    finally:
        release(&held)
