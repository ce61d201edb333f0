"""Max and average pooling of planes, and their gradients.

    forward    items: blocks of output rows; LANES windows side by side, tap by tap, where no window leaves the image
               sideways; one by one at the edges
    backward   items: planes; every output adds to the inputs of its window, in order, so overlaps need no atomics
"""
from libc.math cimport INFINITY
from libc.stdint cimport int64_t
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .simd cimport (
    LANES, lane_int, mask, mask_or, mask_select, mask_set, mask_store, real, vec, vec_add, vec_div, vec_even,
    vec_is_nan, vec_load, vec_lt, vec_select, vec_set, vec_store, vec_store_part, vec_zip_high, vec_zip_low,
)

cdef enum:
    BLOCK = 16384               # window elements in an item, about
    MAX = 0                     # what a window gives
    MAX_AND_INDEX = 1
    AVERAGE = 2
    LARGEST_OFFSET = 0x7FFFFFFF  # inside a window, that the lanes of a mask can hold


cdef struct Pool:
    Py_ssize_t planes, H, W, R, S, P, Q, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w
    const real* source
    real* target
    int64_t* indices            # or NULL
    bint count_include_pad
    Py_ssize_t divisor          # 0: the window's own
    Py_ssize_t rows_per_item
    real* scratch               # a row of the image and one of the outputs for each thread


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


cdef inline real divisor(const Pool* j, const Span* rows, const Span* columns) noexcept nogil:
    if j.divisor:
        return <real>j.divisor
    if j.count_include_pad:
        return <real>(rows.padded * columns.padded)
    return <real>(rows.taps * columns.taps)


cdef inline void window(const Pool* j, const int gives, Py_ssize_t flat, const Span* rows, Py_ssize_t q) noexcept nogil:
    """One output, its window clipped to the image."""
    cdef const real* plane = j.source + flat // j.P * j.H * j.W
    cdef Span columns = span(q, j.stride_w, j.pad_w, j.S, j.dilation_w, j.W)
    cdef Py_ssize_t r, _s, at, found = -1
    cdef real x, best = 0 if gives == AVERAGE else -INFINITY
    if gives != AVERAGE and rows.taps and columns.taps:
        found = rows.first * j.W + columns.first
        best = plane[found]
    for r in range(rows.taps):
        at = (rows.first + r * j.dilation_h) * j.W + columns.first
        for _s in range(columns.taps):
            x = plane[at]
            if gives == AVERAGE:
                best += x
            elif x > best or x != x:                     # the first maximum; the last NaN
                best = x
                found = at
            at += j.dilation_w
    j.target[flat * j.Q + q] = best / divisor(j, rows, &columns) if gives == AVERAGE else best
    if gives == MAX_AND_INDEX:
        j.indices[flat * j.Q + q] = found


cdef inline vec stepped(const real* p, Py_ssize_t step) noexcept nogil:
    """p[0], p[step], ...; reads up to step * LANES elements."""
    cdef real lanes[LANES]
    cdef int i
    if step == 1:
        return vec_load(p)
    if step == 2:
        return vec_even(vec_load(p), vec_load(p + LANES))
    for i in range(LANES):
        lanes[i] = p[i * step]
    return vec_load(lanes)


cdef inline void windows(const Pool* j, const int gives, Py_ssize_t flat, const Span* rows, Py_ssize_t q,
                         Py_ssize_t count, const real* first) noexcept nogil:
    """count <= LANES outputs from q on, none of them clipped sideways; first is where the first window begins."""
    cdef vec x, best = vec_set(0) if gives == AVERAGE else stepped(first, j.stride_w)
    cdef mask better, found = mask_set(0)
    cdef lane_int lanes[LANES]
    cdef Py_ssize_t r, s, at, i
    cdef Span columns
    for r in range(rows.taps):
        for s in range(j.S):
            at = r * j.dilation_h * j.W + s * j.dilation_w
            x = stepped(first + at, j.stride_w)
            if gives == AVERAGE:
                best = vec_add(best, x)
                continue
            better = mask_or(vec_lt(best, x), vec_is_nan(x))
            best = vec_select(better, x, best)
            if gives == MAX_AND_INDEX:
                found = mask_select(better, mask_set(<lane_int>at), found)
    if gives == AVERAGE:
        columns.taps = columns.padded = j.S
        best = vec_div(best, vec_set(divisor(j, rows, &columns)))
    if count == LANES:
        vec_store(j.target + flat * j.Q + q, best)
    else:
        vec_store_part(j.target + flat * j.Q + q, best, count)
    if gives == MAX_AND_INDEX:
        mask_store(lanes, found)
        at = rows.first * j.W + q * j.stride_w - j.pad_w
        for i in range(count):
            j.indices[flat * j.Q + q + i] = at + i * j.stride_w + lanes[i]


cdef inline void pool_rows(const Pool* j, const int gives, Py_ssize_t item) noexcept nogil:
    cdef Py_ssize_t flat, q, at, count
    cdef Py_ssize_t inner = min((j.pad_w + j.stride_w - 1) // j.stride_w, j.Q)      # inner ... outer: not clipped
    cdef Py_ssize_t outer = j.W + j.pad_w - (j.S - 1) * j.dilation_w
    cdef const real* first
    cdef const real* end = j.source + j.planes * j.H * j.W - (j.S - 1) * j.dilation_w - LANES * j.stride_w
    cdef Span rows
    outer = max(inner, min((outer + j.stride_w - 1) // j.stride_w if outer > 0 else 0, j.Q))
    if gives == MAX_AND_INDEX and (j.R - 1) * j.dilation_h * j.W + (j.S - 1) * j.dilation_w > LARGEST_OFFSET:
        outer = inner
    for flat in range(item * j.rows_per_item, min((item + 1) * j.rows_per_item, j.planes * j.P)):
        rows = span(flat % j.P, j.stride_h, j.pad_h, j.R, j.dilation_h, j.H)
        for q in range(inner):
            window(j, gives, flat, &rows, q)
        q = inner
        while q < outer:
            at, count = q, min(outer - q, LANES)
            if count < LANES and outer - inner >= LANES:        # some once more, rather than a part of a vector
                at, count = outer - LANES, LANES
            first = j.source + (flat // j.P * j.H + rows.first) * j.W + at * j.stride_w - j.pad_w
            if rows.taps and first + (rows.taps - 1) * j.dilation_h * j.W <= end:
                windows(j, gives, flat, &rows, at, count, first)
                q += LANES
            else:
                window(j, gives, flat, &rows, q)                # a vector would end beyond the last plane
                q += 1
        for q in range(outer, j.Q):
            window(j, gives, flat, &rows, q)


cdef void max_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    pool_rows(<const Pool*>argument, MAX, item)


cdef void max_and_index_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    pool_rows(<const Pool*>argument, MAX_AND_INDEX, item)


cdef void average_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    pool_rows(<const Pool*>argument, AVERAGE, item)


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
            run(max_rows if job.indices == NULL else max_and_index_rows, &job, row_items(&job),
                team(row_items(&job), work(&job)))
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


cdef void spread_row(const Pool* j, const real* grad, const Span* rows, real* shares, real* line) noexcept nogil:
    """line[w] = the sum of the shares of the windows of one output row that hold column w."""
    cdef Py_ssize_t q, s
    cdef Span columns
    cdef vec share
    memset(line, 0, j.W * sizeof(real))
    if j.S == 2 and j.stride_w == 2 and j.pad_w == 0 and j.W >= 2 * j.Q:      # neither overlap nor edge
        columns.taps = columns.padded = 2
        for q in range(j.Q):
            shares[q] = grad[q] / divisor(j, rows, &columns)
        for q in range(j.Q // LANES):
            share = vec_load(shares + q * LANES)
            vec_store(line + 2 * q * LANES, vec_zip_low(share, share))
            vec_store(line + (2 * q + 1) * LANES, vec_zip_high(share, share))
        for q in range(j.Q - j.Q % LANES, j.Q):
            line[2 * q] = line[2 * q + 1] = shares[q]
        return
    for q in range(j.Q):
        columns = span(q, j.stride_w, j.pad_w, j.S, 1, j.W)
        if columns.taps:
            shares[0] = grad[q] / divisor(j, rows, &columns)
            for s in range(columns.first, columns.first + columns.taps):
                line[s] += shares[0]


cdef void spread_plane(void* argument, Py_ssize_t plane, int thread) noexcept nogil:
    cdef const Pool* j = <const Pool*>argument
    cdef real* into = j.target + plane * j.H * j.W
    cdef real* line = j.scratch + thread * (j.W + j.Q)
    cdef real* to
    cdef Py_ssize_t p, r, w
    cdef Span rows
    memset(into, 0, j.H * j.W * sizeof(real))
    for p in range(j.P):
        rows = span(p, j.stride_h, j.pad_h, j.R, 1, j.H)
        if rows.taps:
            spread_row(j, j.source + (plane * j.P + p) * j.Q, &rows, line + j.W, line)
        for r in range(rows.taps):
            to = into + (rows.first + r) * j.W
            for w in range(j.W):
                to[w] += line[w]


def avg_pool2d_backward(grad_output, grad_input, geometry, bint count_include_pad, Py_ssize_t divisor_override):
    """grad_input = each output's gradient over its divisor, added to every input of its window."""
    cdef Pool job
    cdef Buffers held
    cdef int threads
    read_geometry(&job, geometry)
    held.count = 0
    job.scratch = NULL
    try:
        job.count_include_pad, job.divisor = count_include_pad, divisor_override
        job.source = <const real*>pointer(&held, grad_output, READ)
        job.target = <real*>pointer(&held, grad_input, WRITE)
        threads = team(job.planes, work(&job) + <double>job.planes * job.H * job.W)
        job.scratch = <real*>malloc(threads * (job.W + job.Q) * sizeof(real))
        if job.scratch == NULL:
            raise MemoryError(f"no memory for {threads} rows of {job.W + job.Q} pixels")
        with nogil:
            run(spread_plane, &job, job.planes, threads)
    finally:
        free(job.scratch)
        release(&held)
