"""The windows of pooling: which pixels they hold, and LANES of them side by side.

    rows    span() clips a window to the image; only rows inside are visited
    lanes   lane i holds the window that begins i * stride columns to the right: a tap is one load, or two that are
            sorted into even and odd pixels with stride 2, which gives the tap beside it too
    edge    where a window leaves the image sideways, its taps outside are replaced, lane by lane
A load may reach over the end of a row, into the rows around it. Where it would leave the array, and only there, windows
are taken one by one, in the same order of additions.
"""
from libc.math cimport INFINITY
from libc.stdint cimport int64_t

from .simd cimport (
    LANES, lane_int, mask, mask_and, mask_load, mask_lt, mask_or, mask_select, mask_set, mask_store, real, vec,
    vec_add, vec_div, vec_is_nan, vec_load, vec_load_even, vec_load_odd, vec_lt, vec_max, vec_mul, vec_select, vec_set,
    vec_store, vec_store_part,
)

cdef enum:
    MAX = 0                     # what a window gives
    MAX_AND_INDEX = 1
    AVERAGE = 2
    LARGEST_OFFSET = 0x3FFFFFFF  # inside a window, that the lanes of a mask can hold


cdef struct Pool:
    Py_ssize_t planes, H, W, R, S, P, Q, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w
    const real* source
    real* target
    int64_t* indices            # or NULL
    bint count_include_pad
    Py_ssize_t divisor          # 0: the window's own
    real* widths                # average: columns that count, of each q
    real factor                 # 1 over the divisor if all windows have the same and that is exact, else 0
    Py_ssize_t rows_per_item
    real* scratch               # of all threads
    bint in_lanes               # offsets inside a window fit the lanes of a mask
    bint whole                  # and no window leaves the image
    lane_int steps[LANES]       # i * stride_w


cdef struct Span:
    Py_ssize_t first, taps      # positions first, first + dilation, ... inside the image
    Py_ssize_t padded           # length with explicit padding, without dilation (average pooling has none)


cdef inline Span span(Py_ssize_t p, Py_ssize_t stride, Py_ssize_t pad, Py_ssize_t kernel, Py_ssize_t dilation,
                      Py_ssize_t size) noexcept nogil:
    """The part of window p that lies inside an image of `size` pixels."""
    cdef Span s
    cdef Py_ssize_t start = p * stride - pad
    cdef Py_ssize_t skipped = 0
    s.first, s.taps = start, kernel
    s.padded = min(start + kernel, size + pad) - start
    if start < 0 or start + (kernel - 1) * dilation >= size:
        skipped = (dilation - 1 - start) // dilation if start < 0 else 0
        s.first = start + skipped * dilation
        s.taps = max(min(kernel, (size - 1 - start) // dilation + 1 if start < size else 0) - skipped, 0)
    return s


cdef inline Py_ssize_t height(const Pool* j, const Span* rows) noexcept nogil:
    """Rows of a window that count in the divisor."""
    return 1 if j.divisor else rows.padded if j.count_include_pad else rows.taps


cdef inline Py_ssize_t width(const Pool* j, Py_ssize_t q) noexcept nogil:
    """Columns of a window that count in the divisor."""
    cdef Span columns = span(q, j.stride_w, j.pad_w, j.S, 1, j.W)
    return j.divisor if j.divisor else columns.padded if j.count_include_pad else columns.taps


cdef inline vec mean(const Pool* j, vec sums, Py_ssize_t counted, const real* widths) noexcept nogil:
    """Sums over their divisors; counted: rows that count."""
    if j.factor:
        return vec_mul(sums, vec_set(j.factor))
    return vec_div(sums, vec_mul(vec_load(widths), vec_set(<real>counted)))


cdef inline void window(const Pool* j, const int gives, Py_ssize_t flat, const real* plane, const Span* rows,
                        Py_ssize_t q) noexcept nogil:
    """One output, its window clipped to the image."""
    cdef Span columns = span(q, j.stride_w, j.pad_w, j.S, j.dilation_w, j.W)
    cdef Py_ssize_t r, s, _s, at, found = -1
    cdef real x, total = 0, best = -INFINITY
    if gives == AVERAGE:
        for s in range(columns.first, columns.first + columns.taps):
            x = plane[rows.first * j.W + s]
            for r in range(rows.first + 1, rows.first + rows.taps):
                x += plane[r * j.W + s]
            total += x
        j.target[flat * j.Q + q] = total / (<real>height(j, rows) * j.widths[q])
        return
    for r in range(rows.taps):
        at = (rows.first + r * j.dilation_h) * j.W + columns.first
        for _s in range(columns.taps):
            x = plane[at]
            if x > best or x != x or found < 0:                  # the first maximum; the last NaN
                best = x
                found = at
            at += j.dilation_w
    j.target[flat * j.Q + q] = best
    if gives == MAX_AND_INDEX:
        j.indices[flat * j.Q + q] = found


cdef struct Best:
    vec value
    mask at                     # its offset from the first tap, without those of `steps`
    vec doubt                   # NaN once any pixel was NaN


cdef inline vec stepped(const real* p, Py_ssize_t step) noexcept nogil:
    """p[0], p[step], ...; reads up to step * LANES elements."""
    cdef real lanes[LANES]
    cdef int i
    if step == 1:
        return vec_load(p)
    if step == 2:
        return vec_load_even(p)
    for i in range(LANES):
        lanes[i] = p[i * step]
    return vec_load(lanes)


cdef inline mask inside(const Pool* j, Py_ssize_t column) noexcept nogil:
    """The lanes whose pixel lies in the image, if that of lane 0 has this column."""
    cdef mask steps = mask_load(j.steps)
    cdef mask before_end = mask_lt(steps, mask_set(<lane_int>(j.W - column)))
    return mask_and(mask_lt(mask_set(<lane_int>(-column - 1)), steps), before_end)


cdef inline void compare(const Pool* j, const int gives, const bint careful, const bint edge, Best* best, vec x,
                         Py_ssize_t column, Py_ssize_t offset) noexcept nogil:
    """One tap of LANES windows. Unless careful, NaN counts as less than everything."""
    cdef mask better, within = mask_set(-1)
    if edge:
        within = inside(j, column)
        x = vec_select(within, x, vec_set(-INFINITY))
    if gives == MAX and not careful:
        best.value = vec_max(best.value, x)
        return
    better = vec_lt(best.value, x)
    if careful:
        better = mask_or(better, vec_is_nan(x))
    if gives == MAX_AND_INDEX:
        if edge:                                                 # the first pixel, be it -inf
            better = mask_or(better, mask_and(within, mask_lt(best.at, mask_set(0))))
        best.at = mask_select(better, mask_set(<lane_int>offset), best.at)
    best.value = vec_select(better, x, best.value)


cdef inline void maxima(const Pool* j, const int gives, const bint careful, const bint edge, const int step,
                        const int S, const Span* rows, Py_ssize_t column, const real* first, Best* best) noexcept nogil:
    """Maxima of the LANES windows whose first taps are at `first`, from this column on."""
    cdef Py_ssize_t r, s, row_offset
    cdef Py_ssize_t taps = S if S else j.S
    cdef Py_ssize_t stride = step if step else j.stride_w
    cdef const real* p
    cdef vec even, odd
    best.value = vec_set(-INFINITY)
    best.at = mask_set(-1 if edge else 0)
    for r in range(rows.taps):
        row_offset = r * j.dilation_h * j.W
        p = first + row_offset
        if step == 2 and j.dilation_w == 1:
            for s in range(0, taps, 2):
                even, odd = vec_load_even(p + s), vec_load_odd(p + s)
                best.doubt = vec_add(best.doubt, vec_add(even, odd))
                compare(j, gives, careful, edge, best, even, column + s, row_offset + s)
                if s + 1 < taps:
                    compare(j, gives, careful, edge, best, odd, column + s + 1, row_offset + s + 1)
            continue
        for s in range(taps):
            even = stepped(p + s * j.dilation_w, stride)
            best.doubt = vec_add(best.doubt, even)
            compare(j, gives, careful, edge, best, even, column + s * j.dilation_w, row_offset + s * j.dilation_w)


cdef inline vec sums(const Pool* j, const bint edge, const int step, const int S, const Span* rows, Py_ssize_t column,
                     const real* first) noexcept nogil:
    """Sums of the LANES windows whose first taps are at `first`: down the columns, then across."""
    cdef Py_ssize_t r, s
    cdef Py_ssize_t taps = S if S else j.S
    cdef Py_ssize_t stride = step if step else j.stride_w
    cdef vec x
    cdef vec column_sums[2]                                      # of the columns that the lanes have of a pair
    cdef vec total = vec_set(0)
    cdef int columns, i
    s = 0
    while s < taps:
        columns = 2 if step == 2 and s + 1 < taps else 1
        for r in range(rows.taps):
            for i in range(columns):
                x = vec_load_odd(first + r * j.W + s) if i else stepped(first + r * j.W + s, stride)
                column_sums[i] = vec_add(column_sums[i], x) if r else x
        for i in range(columns):
            x = column_sums[i]
            if edge:
                x = vec_select(inside(j, column + s + i), x, vec_set(0))
            total = vec_add(total, x)
        s += columns
    return total


cdef inline void write_indices(const Pool* j, const bint edge, mask at, int64_t base, int64_t* to,
                               Py_ssize_t count) noexcept nogil:
    """Places in the plane from offsets; base: that of the first window's first tap."""
    cdef lane_int offsets[LANES]
    cdef Py_ssize_t i
    mask_store(offsets, at)
    if count == LANES:
        for i in range(LANES):
            to[i] = -1 if edge and offsets[i] < 0 else base + offsets[i] + j.steps[i]
    else:
        for i in range(count):
            to[i] = -1 if edge and offsets[i] < 0 else base + offsets[i] + j.steps[i]


cdef inline vec pool_rows(const Pool* pool, const int gives, const bint careful, const int step, const int S,
                          Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """Some output rows; NaN in the result if any pixel was NaN, and perhaps if infinities were."""
    cdef Pool j = pool[0]                                        # where stores cannot change it
    cdef Py_ssize_t flat, q, at, column, count
    cdef Py_ssize_t p = start % j.P
    cdef const real* plane = j.source + start // j.P * j.H * j.W
    cdef const real* end = j.source + j.planes * j.H * j.W
    cdef const real* first
    cdef const real* last
    cdef Py_ssize_t reach = (j.S - 1) * j.dilation_w + LANES * j.stride_w      # of the loads of a row
    cdef bint edge
    cdef Span rows
    cdef Best best
    cdef vec result
    best.doubt = vec_set(0)
    for flat in range(start, stop):
        if p == j.P:
            p = 0
            plane += j.H * j.W
        rows = span(p, j.stride_h, j.pad_h, j.R, j.dilation_h, j.H)
        p += 1
        q = 0
        while q < j.Q:
            at = min(q, max(j.Q - LANES, 0))                     # some once more, rather than a part of a vector
            count = min(j.Q - at, LANES)
            column = at * j.stride_w - j.pad_w
            first = plane + rows.first * j.W + column
            last = first + (rows.taps - 1) * j.dilation_h * j.W
            q += LANES
            if not j.in_lanes or not rows.taps or first < j.source or last + reach > end:
                for at in range(q - LANES, min(q, j.Q)):
                    window(&j, gives, flat, plane, &rows, at)
                continue
            edge = column < 0 or column + (count - 1) * j.stride_w + (j.S - 1) * j.dilation_w >= j.W
            if gives == AVERAGE:
                if edge:
                    result = sums(&j, True, step, S, &rows, column, first)
                else:
                    result = sums(&j, False, step, S, &rows, column, first)
                result = mean(&j, result, height(&j, &rows), j.widths + at)
            else:
                if edge:
                    maxima(&j, gives, careful, True, step, S, &rows, column, first, &best)
                else:
                    maxima(&j, gives, careful, False, step, S, &rows, column, first, &best)
                result = best.value
            if (flat * j.Q + at) + LANES <= stop * j.Q:
                count = LANES                                    # what lies beyond the row, the next rows write again
            if count == LANES:
                vec_store(j.target + flat * j.Q + at, result)
            else:
                vec_store_part(j.target + flat * j.Q + at, result, count)
            if gives == MAX_AND_INDEX:
                if edge:
                    write_indices(&j, True, best.at, rows.first * j.W + column, j.indices + flat * j.Q + at, count)
                else:
                    write_indices(&j, False, best.at, rows.first * j.W + column, j.indices + flat * j.Q + at, count)
    return best.doubt


cdef inline Py_ssize_t in_whole_vectors(const Pool* j, Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """The first output row that is not to be pooled by `pool_whole_rows`, which stays within the arrays before it."""
    cdef Py_ssize_t last = max(j.Q - LANES, 0)                   # first window of a row's last vector
    cdef Py_ssize_t reach = (j.R - 1) * j.dilation_h * j.W + (j.S - 1) * j.dilation_w + (last + LANES) * j.stride_w
    cdef Py_ssize_t row = stop
    if not j.whole:
        return start
    while row > start and ((row - 1) // j.P * j.H * j.W + (row - 1) % j.P * j.stride_h * j.W + reach
                           > j.planes * j.H * j.W or (row - 1) * j.Q + last + LANES > stop * j.Q):
        row -= 1
    return row


cdef inline vec pool_whole_rows(const Pool* pool, const int gives, const int step, const int S, const int R,
                                Py_ssize_t start, Py_ssize_t stop) noexcept nogil:
    """`pool_rows` where no window leaves the image and no vector an array, for windows of R x S."""
    cdef Pool j = pool[0]
    cdef Py_ssize_t _flat, q, at, p = start % j.P, last = max(j.Q - LANES, 0)
    cdef const real* plane = j.source + start // j.P * j.H * j.W
    cdef const real* first
    cdef real* target = j.target + start * j.Q
    cdef int64_t* indices = j.indices + start * j.Q
    cdef Span rows
    cdef Best best
    best.doubt = vec_set(0)
    rows.first, rows.taps, rows.padded = 0, R, R
    for _flat in range(start, stop):
        if p == j.P:
            p = 0
            plane += j.H * j.W
        first = plane + p * j.stride_h * j.W
        q = 0
        while q < j.Q:
            at = min(q, last)
            if gives == AVERAGE:
                vec_store(target + at, mean(&j, sums(&j, False, step, S, &rows, 0, first + at * j.stride_w),
                                            height(&j, &rows), j.widths + at))
            else:
                maxima(&j, gives, False, False, step, S, &rows, 0, first + at * j.stride_w, &best)
                vec_store(target + at, best.value)                # what lies beyond the row, the next rows write again
            if gives == MAX_AND_INDEX:
                write_indices(&j, False, best.at, p * j.stride_h * j.W + at * j.stride_w, indices + at, LANES)
            q += LANES
        target += j.Q
        indices += j.Q
        p += 1
    return best.doubt
