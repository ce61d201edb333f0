"""Max and average pooling of planes, and their gradients.

    forward            items: blocks of output rows; LANES windows side by side, tap by tap; see window.pxd
    maximum backward, unpooling     items: planes; elements go where their indices say; see places.pxd
    adaptive           items: planes; see bins.pxd
    average backward   items: planes; an output row becomes a line, the sums of its shares along an image row;
                       an image row is the sum of the lines of the windows that hold it, in order. The few lines that
                       are still needed stay in the nearest cache. Windows of 2x2 side by side are written directly.
What the items write does not overlap, so that overlapping windows need no atomics.
"""
from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memset

from ...parallel cimport Body, run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .bins cimport bin_maxima, bin_means, bin_shares, set_edges
from .places cimport (
    Planes, each_plane, gather_planes, large_side, per_item, small_side, spread_planes,
)
from .simd cimport (
    LANES, STREAM_BYTES, lane_int, mask_any, mask_load, mask_lt, mask_set, real, vec, vec_add, vec_is_nan, vec_load,
    vec_load_part, vec_select, vec_set, vec_store, vec_store_part, vec_store_zipped,
)
from .window cimport (
    AVERAGE, LARGEST_OFFSET, MAX, MAX_AND_INDEX, Pool, Span, height, in_whole_vectors, mean, pool_rows,
    pool_whole_rows, span, width,
)
from .workspace cimport memory

cdef enum:
    AHEAD = 8                   # output rows whose lines are made at a time


cdef void read_geometry(Pool* j, g) except *:
    cdef Py_ssize_t i
    (j.planes, j.H, j.W, j.R, j.S, j.P, j.Q, j.stride_h, j.stride_w, j.pad_h, j.pad_w, j.dilation_h, j.dilation_w) = g
    j.rows_per_item = per_item(j.planes * j.P, j.Q * j.R * j.S)
    j.in_lanes = (<double>j.R * j.dilation_h * j.W + <double>(j.S + j.W) * j.dilation_w
                  + <double>(LANES + 1) * j.stride_w) < LARGEST_OFFSET
    if j.in_lanes:
        for i in range(LANES):
            j.steps[i] = <lane_int>(i * j.stride_w)
    j.whole = (j.in_lanes and j.pad_h == j.pad_w == 0 and (j.P - 1) * j.stride_h + (j.R - 1) * j.dilation_h < j.H
               and (j.Q - 1) * j.stride_w + (j.S - 1) * j.dilation_w < j.W)


cdef inline Py_ssize_t row_items(const Pool* j) noexcept nogil:
    return (j.planes * j.P + j.rows_per_item - 1) // j.rows_per_item


cdef inline double work(const Pool* j) noexcept nogil:
    return 5.0 * j.planes * j.P * j.Q * (j.R * j.S + 2)


cdef inline void row_item(const Pool* j, const int gives, Py_ssize_t item) noexcept nogil:
    """The usual windows with their sizes known to the compiler; NaN asks for care, and seldom comes."""
    cdef Py_ssize_t first = item * j.rows_per_item, stop = min(first + j.rows_per_item, j.planes * j.P), start = first
    cdef vec doubt = vec_set(0)
    if j.stride_w == 2 and j.S == 2 and j.R == 2:
        start = in_whole_vectors(j, first, stop)
        doubt = pool_whole_rows(j, gives, 2, 2, 2, first, start)
    if j.stride_w == 2 and j.S == 3:
        doubt = pool_rows(j, gives, False, 2, 3, start, stop)
    elif j.stride_w == 2:
        doubt = vec_add(doubt, pool_rows(j, gives, False, 2, 0, start, stop))
    elif j.stride_w == 1:
        doubt = pool_rows(j, gives, False, 1, 0, start, stop)
    else:
        doubt = pool_rows(j, gives, False, 0, 0, start, stop)
    if gives != AVERAGE and mask_any(vec_is_nan(doubt)):
        pool_rows(j, gives, True, 0, 0, first, stop)


cdef void max_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    row_item(<const Pool*>argument, MAX, item)


cdef void max_and_index_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    row_item(<const Pool*>argument, MAX_AND_INDEX, item)


cdef void average_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    row_item(<const Pool*>argument, AVERAGE, item)


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


def max_pool2d_backward(grad_output, indices, grad_input):
    """grad_input = grad_output added up at the places that `indices` names.

    False if an index is neither a place in the plane nor -1; grad_input is of no use then.
    """
    return spread(grad_output, indices, grad_input, True)


def max_unpool2d(input, indices, output):
    """output = input at the places that `indices` names, the last one where several are for one place, and zeros.

    False if an index is neither a place in the plane nor -1; output is of no use then.
    """
    return spread(input, indices, output, False)


cdef bint spread(source, indices, target, bint adds) except -1:
    cdef Planes job
    cdef Buffers held
    held.count = 0
    try:
        job.source = <const real*>pointer(&held, source, READ)
        small_side(&job, last(&held))
        job.indices = <const int64_t*>pointer(&held, indices, READ)
        job.target = <real*>pointer(&held, target, WRITE)
        large_side(&job, last(&held))
        job.adds, job.outside = adds, False
        job.far = job.planes * job.H * job.W >= 3 * STREAM_BYTES // 4 // <Py_ssize_t>sizeof(real)
        each_plane(&job, spread_planes, 2 * (job.Q + LANES) * (sizeof(real) + sizeof(lane_int)))
    finally:
        release(&held)
    return not job.outside


def max_unpool2d_backward(grad_output, indices, grad_input):
    """grad_input = grad_output at the places that `indices` names; 0 for -1 and for what a later one overwrote.

    False if an index is neither a place in the plane nor -1; grad_input is of no use then.
    """
    cdef Planes job
    cdef Buffers held
    held.count = 0
    try:
        job.source = <const real*>pointer(&held, grad_output, READ)
        large_side(&job, last(&held))
        job.indices = <const int64_t*>pointer(&held, indices, READ)
        job.target = <real*>pointer(&held, grad_input, WRITE)
        small_side(&job, last(&held))
        job.outside = False
        each_plane(&job, gather_planes, job.H * job.W * sizeof(Py_ssize_t))
    finally:
        release(&held)
    return not job.outside


def adaptive_avg_pool2d(input, output):
    """output = mean of each bin."""
    bins(input, output, None, False, bin_means)


def adaptive_max_pool2d(input, output, indices):
    """output = largest element of each bin; indices: its place in the plane."""
    bins(input, output, indices, False, bin_maxima)


def adaptive_avg_pool2d_backward(grad_output, grad_input):
    """grad_input = each output's gradient over the size of its bin, added to every input of the bin."""
    bins(grad_output, grad_input, None, True, bin_shares)


cdef int bins(source, target, found, bint backward, Body body) except -1:
    cdef Planes job
    cdef Buffers held
    held.count = 0
    job.edges = NULL
    try:
        job.source = <const real*>pointer(&held, source, READ)
        job.target = <real*>pointer(&held, target, WRITE)
        small_side(&job, &held.views[0 if backward else 1])
        large_side(&job, &held.views[1 if backward else 0])
        job.found = <int64_t*>pointer(&held, found, WRITE)
        job.edges = <Py_ssize_t*>memory(2 * (job.P + job.Q) * sizeof(Py_ssize_t))
        set_edges(job.edges, job.H, job.P)
        set_edges(job.edges + 2 * job.P, job.W, job.Q)
        each_plane(&job, body, job.W * sizeof(real))
    finally:
        free(job.edges)
        release(&held)
    return 0


cdef int read_divisors(Pool* j, bint count_include_pad, Py_ssize_t divisor_override, Py_ssize_t more) except -1:
    """What the windows are divided by, and `more` zeros of scratch; all of it is freed with j.widths."""
    cdef Py_ssize_t i, rows, area
    cdef bint same = True
    cdef Span span_of_rows
    j.count_include_pad, j.divisor = count_include_pad, divisor_override
    j.widths = <real*>calloc(j.Q + LANES + more, sizeof(real))
    if j.widths == NULL:
        raise MemoryError(f"no memory for {j.Q + LANES + more} numbers")
    j.scratch = j.widths + j.Q + LANES
    rows = 0
    for i in range(j.P):
        span_of_rows = span(i, j.stride_h, j.pad_h, j.R, 1, j.H)
        same = same and rows in (0, height(j, &span_of_rows))
        rows = height(j, &span_of_rows)
    for i in range(j.Q + LANES):
        j.widths[i] = <real>width(j, i) if i < j.Q else 1        # lanes beyond a row divide nothing
        same = same and (i >= j.Q or j.widths[i] == j.widths[0])
    area = rows * width(j, 0)
    j.factor = <real>1 / <real>area if same and area & (area - 1) == 0 else 0
    return 0


def avg_pool2d(input, output, geometry, bint count_include_pad, Py_ssize_t divisor_override):
    """output = sum of each window over its divisor."""
    cdef Pool job
    cdef Buffers held
    read_geometry(&job, geometry)
    read_divisors(&job, count_include_pad, divisor_override, 0)
    held.count = 0
    try:
        job.source = <const real*>pointer(&held, input, READ)
        job.target = <real*>pointer(&held, output, WRITE)
        with nogil:
            run(average_rows, &job, row_items(&job), team(row_items(&job), work(&job)))
    finally:
        free(job.widths)
        release(&held)


cdef inline Py_ssize_t shares_length(const Pool* j) noexcept nogil:
    """Zeros, the shares of an output row, and zeros as far as a line reads."""
    return j.S + max(j.Q, j.W + j.pad_w) + 2 * LANES


cdef inline Py_ssize_t line_length(const Pool* j) noexcept nogil:
    """One column before the image, its row, and what a vector writes beyond."""
    return 1 + j.W + 2 * LANES


cdef inline Py_ssize_t lines_kept(const Pool* j) noexcept nogil:
    """Output rows whose windows can hold one image row, and those made ahead."""
    return min((j.R - 1) // j.stride_h + AHEAD, j.P)


cdef inline Py_ssize_t scratch_length(const Pool* j) noexcept nogil:
    """Of one thread."""
    return AHEAD * shares_length(j) + lines_kept(j) * line_length(j)


cdef inline void make_shares(const Pool* j, const real* grad, Py_ssize_t counted, real* shares) noexcept nogil:
    """shares = an output row's gradients over their divisors."""
    cdef Py_ssize_t q
    cdef const real* end = j.source + j.planes * j.P * j.Q
    cdef vec x
    q = 0
    while q < j.Q:
        if q + LANES <= j.Q:
            x = vec_load(grad + q)
        elif j.in_lanes and grad + q + LANES <= end:
            x = vec_select(mask_lt(mask_load(j.steps), mask_set(<lane_int>((j.Q - q) * j.stride_w))),
                           vec_load(grad + q), vec_set(0))
        else:
            x = vec_load_part(grad + q, j.Q - q)
        vec_store(shares + q, mean(j, x, counted, j.widths + q))
        q += LANES


cdef inline void make_line(const Pool* j, const real* shares, real* line) noexcept nogil:
    """line[w] = the sum of the shares whose windows hold column w, in order."""
    cdef Py_ssize_t w = 0, k = j.pad_w // 2, q, s
    cdef vec even, odd
    cdef Span columns
    if j.stride_w == 1:
        while w < j.W:
            even = vec_set(0)
            for s in range(j.S):
                even = vec_add(even, vec_load(shares + w + j.pad_w - (j.S - 1 - s)))
            vec_store(line + w, even)
            w += LANES
    elif j.stride_w == 2:                                        # columns 2k - pad and 2k + 1 - pad
        while 2 * k - j.pad_w < j.W:
            even = odd = vec_set(0)
            for s in range((j.S - 1) // 2, -1, -1):
                even = vec_add(even, vec_load(shares + k - s))
            for s in range(j.S // 2 - 1, -1, -1):
                odd = vec_add(odd, vec_load(shares + k - s))
            vec_store_zipped(line + 2 * k - j.pad_w, even, odd)
            k += LANES
    else:
        memset(line, 0, j.W * sizeof(real))
        for q in range(j.Q):
            columns = span(q, j.stride_w, j.pad_w, j.S, 1, j.W)
            for s in range(columns.first, columns.first + columns.taps):
                line[s] += shares[q]


cdef inline void write_row(real* to, Py_ssize_t W, const real* lines, Py_ssize_t length, Py_ssize_t slots,
                           Py_ssize_t slot, Py_ssize_t count, const real* end) noexcept nogil:
    """to = the sum of `count` lines, the first of which is in this slot. Up to `end`, rows to come write again."""
    cdef Py_ssize_t w = 0, at, i
    cdef const real* line
    cdef vec x
    while w < W:
        at = w if to + w + LANES <= end else min(w, max(W - LANES, 0))
        x = vec_set(0)
        line = lines + slot * length + at
        for i in range(count):
            if slot + i == slots:
                line -= slots * length
            x = vec_add(x, vec_load(line))
            line += length
        if to + at + LANES <= end:
            vec_store(to + at, x)
        else:
            vec_store_part(to + at, x, W - at)
        w += LANES


cdef inline void spread_whole_windows(const Pool* j, const real* grad, real* into) noexcept nogil:
    """A plane of windows of 2x2 side by side. Of fewer than LANES columns, more is read and written than the plane."""
    cdef Py_ssize_t _p, q, at, W = j.W
    cdef Span rows = span(0, 2, 0, 2, 1, j.H)
    cdef vec share
    for _p in range(j.P):
        q = 0
        while q < j.Q:
            at = min(q, max(j.Q - LANES, 0))             # some once more, rather than a part of a vector
            share = vec_add(mean(j, vec_load(grad + at), height(j, &rows), j.widths + at), vec_set(0))
            vec_store_zipped(into + 2 * at, share, share)
            vec_store_zipped(into + W + 2 * at, share, share)
            q += LANES
        if W % 2:
            into[W - 1] = into[2 * W - 1] = 0
        grad += j.Q
        into += 2 * W
    if j.H % 2:
        memset(into, 0, W * sizeof(real))


cdef void share_planes(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Pool j = (<const Pool*>argument)[0]
    cdef Py_ssize_t start = item * j.rows_per_item, stop = min(start + j.rows_per_item, j.planes)
    cdef Py_ssize_t plane, h, p, made, more, begun, stale
    cdef Py_ssize_t each = shares_length(&j), slots = lines_kept(&j), length = line_length(&j)
    cdef real* shares = j.scratch + thread * scratch_length(&j) + j.S
    cdef real* lines = shares - j.S + AHEAD * each + 1
    cdef const real* end = j.target + stop * j.H * j.W
    cdef Span rows
    cdef Py_ssize_t whole_windows = start, beyond = max(LANES - j.Q, 0)      # columns of a vector after a row
    if j.whole and j.R == j.S == j.stride_h == j.stride_w == 2:
        whole_windows = stop - (max((beyond + j.P * j.Q - 1) // (j.P * j.Q),
                                    (2 * beyond + j.H * j.W - 1) // (j.H * j.W)))
    for plane in range(start, stop):
        if plane < whole_windows:
            spread_whole_windows(&j, j.source + plane * j.P * j.Q, j.target + plane * j.H * j.W)
            continue
        made = begun = stale = 0                                 # output rows
        for h in range(j.H):
            while begun < j.P and begun * j.stride_h - j.pad_h <= h:
                begun += 1
            while stale < begun and stale * j.stride_h - j.pad_h + j.R <= h:
                stale += 1
            while made < begun:                                  # some at a time: none is read as soon as written
                more = min(made + AHEAD, j.P)
                for p in range(made, more):
                    rows = span(p, j.stride_h, j.pad_h, j.R, 1, j.H)
                    make_shares(&j, j.source + (plane * j.P + p) * j.Q, height(&j, &rows), shares + (p - made) * each)
                for p in range(made, more):
                    make_line(&j, shares + (p - made) * each, lines + p % slots * length)
                made = more
            write_row(j.target + (plane * j.H + h) * j.W, j.W, lines, length, slots, stale % slots, begun - stale, end)


def avg_pool2d_backward(grad_output, grad_input, geometry, bint count_include_pad, Py_ssize_t divisor_override):
    """grad_input = each output's gradient over its divisor, added to every input of its window."""
    cdef Pool job
    cdef Buffers held
    cdef Py_ssize_t items
    cdef int threads
    read_geometry(&job, geometry)
    job.rows_per_item = per_item(job.planes, job.H * job.W)      # here: planes
    items = (job.planes + job.rows_per_item - 1) // job.rows_per_item
    threads = team(items, 8.0 * job.planes * (job.H * job.W + 4 * job.P * job.Q))
    read_divisors(&job, count_include_pad, divisor_override,
                  threads * scratch_length(&job))
    held.count = 0
    try:
        job.source = <const real*>pointer(&held, grad_output, READ)
        job.target = <real*>pointer(&held, grad_input, WRITE)
        with nogil:
            run(share_planes, &job, items, threads)
    finally:
        free(job.widths)
        release(&held)
