"""The bins of adaptive pooling: output p of P covers positions floor(p * size / P) ... ceil((p + 1) * size / P) - 1.

    as wide as the image     one run of memory, summed or searched LANES elements at a time, PARTS vectors side by side
    narrower                 rows become one line first, their sums or maxima, which the bins beside each other share
    gradient of the mean     zeros, to which every bin adds its share
A maximum is looked for a second time only if somebody wants to know its place, or if it is a zero, whose sign is that
of the first. Where there was a NaN, bins are taken element by element. Items are planes.
"""
from libc.math cimport INFINITY
from libc.string cimport memset

from .places cimport Planes, first_plane
from .simd cimport (
    LANES, mask, mask_any, mask_or, real, vec, vec_add, vec_eq, vec_is_nan, vec_load, vec_max, vec_set, vec_store,
    vec_sum,
)

cdef enum:
    PARTS = 4                   # additions in flight


cdef inline void set_edges(Py_ssize_t* edges, Py_ssize_t size, Py_ssize_t count) noexcept nogil:
    """Begin and end of every bin, without a product that could overflow."""
    cdef Py_ssize_t p, whole = size // count, rest = size % count
    for p in range(count):
        edges[2 * p] = p * whole + p * rest // count
        edges[2 * p + 1] = (p + 1) * whole + ((p + 1) * rest + count - 1) // count


cdef inline real run_sum(const real* x, Py_ssize_t count) noexcept nogil:
    """In an order that depends on `count` only."""
    cdef vec total[PARTS]
    cdef real rest = 0
    cdef Py_ssize_t i = 0, k
    for k in range(PARTS):
        total[k] = vec_set(0)
    while i + PARTS * LANES <= count:
        for k in range(PARTS):
            total[k] = vec_add(total[k], vec_load(x + i + k * LANES))
        i += PARTS * LANES
    for k in range(PARTS - 1):
        if i + LANES <= count:
            total[k] = vec_add(total[k], vec_load(x + i))
            i += LANES
    for k in range(i, count):
        rest += x[k]
    return vec_sum(vec_add(vec_add(total[0], total[1]), vec_add(total[2], total[3]))) + rest


cdef inline void line_sums(const real* rows, Py_ssize_t count, Py_ssize_t W, real* line) noexcept nogil:
    """line = the sum of so many rows; the last columns once more, rather than a part of a vector."""
    cdef Py_ssize_t w = 0, at, r
    cdef vec total
    cdef real one
    while w < W and W >= LANES:
        at = min(w, W - LANES)
        total = vec_load(rows + at)
        for r in range(1, count):
            total = vec_add(total, vec_load(rows + r * W + at))
        vec_store(line + at, total)
        w += LANES
    for w in range(w, W):
        one = rows[w]
        for r in range(1, count):
            one += rows[r * W + w]
        line[w] = one


cdef inline bint line_maxima(const real* rows, Py_ssize_t count, Py_ssize_t W, real* line) noexcept nogil:
    """line = the maxima of so many rows of LANES columns or more; false if there may be a NaN."""
    cdef Py_ssize_t w = 0, at, r
    cdef vec most, one, doubt = vec_set(0)
    while w < W:
        at = min(w, W - LANES)
        most = vec_set(-INFINITY)
        for r in range(count):
            one = vec_load(rows + r * W + at)
            doubt = vec_add(doubt, one)
            most = vec_max(most, one)
        vec_store(line + at, most)
        w += LANES
    return not mask_any(vec_is_nan(doubt))


cdef inline bint run_maximum(const real* x, Py_ssize_t count, real* most) noexcept nogil:
    """The maximum of LANES elements or more; false if there may be a NaN."""
    cdef vec best[PARTS]
    cdef vec doubt = vec_set(0), one
    cdef real lanes[LANES]
    cdef Py_ssize_t i = 0, k
    for k in range(PARTS):
        best[k] = vec_set(-INFINITY)
    while i + PARTS * LANES <= count:
        for k in range(PARTS):
            one = vec_load(x + i + k * LANES)
            doubt = vec_add(doubt, one)
            best[k] = vec_max(best[k], one)
        i += PARTS * LANES
    while i < count:
        one = vec_load(x + min(i, count - LANES))
        doubt = vec_add(doubt, one)
        best[0] = vec_max(best[0], one)
        i += LANES
    vec_store(lanes, vec_max(vec_max(best[0], best[1]), vec_max(best[2], best[3])))
    most[0] = lanes[0]
    for k in range(1, LANES):
        most[0] = max(most[0], lanes[k])
    return not mask_any(vec_is_nan(doubt))


cdef inline Py_ssize_t first_equal(const real* x, Py_ssize_t count, real value) noexcept nogil:
    """Where the value is first, or `count`."""
    cdef Py_ssize_t i = 0, k
    cdef mask equal
    while i + PARTS * LANES <= count:
        equal = vec_eq(vec_load(x + i), vec_set(value))
        for k in range(1, PARTS):
            equal = mask_or(equal, vec_eq(vec_load(x + i + k * LANES), vec_set(value)))
        if mask_any(equal):
            break
        i += PARTS * LANES
    while i < count and x[i] != value:
        i += 1
    return i


cdef inline Py_ssize_t place_of(const real* plane, Py_ssize_t W, const Py_ssize_t* rows, const Py_ssize_t* columns,
                                real value) noexcept nogil:
    """Where in the plane the bin has the value first."""
    cdef Py_ssize_t r, found, width = columns[1] - columns[0]
    for r in range(rows[0], rows[1]):
        found = first_equal(plane + r * W + columns[0], width, value)
        if found < width:
            return r * W + columns[0] + found
    return rows[0] * W + columns[0]                              # not reached: the value is that of an element


cdef inline Py_ssize_t careful_place(const real* plane, Py_ssize_t W, const Py_ssize_t* rows,
                                     const Py_ssize_t* columns) noexcept nogil:
    """Where in the plane the first maximum of a bin is, or the last NaN."""
    cdef Py_ssize_t r, at, found = rows[0] * W + columns[0]
    cdef real x, most = plane[found]
    for r in range(rows[0], rows[1]):
        for at in range(r * W + columns[0], r * W + columns[1]):
            x = plane[at]
            if x > most or x != x:
                most, found = x, at
    return found


cdef inline void bin_means(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Planes j = (<const Planes*>argument)[0]
    cdef Py_ssize_t plane, p, q, rows, columns, c
    cdef real* line = <real*>(j.scratch + thread * j.scratch_size)
    cdef real* target
    cdef const real* source
    cdef const Py_ssize_t* of_p
    cdef const Py_ssize_t* of_q
    cdef real total
    for plane in range(first_plane(&j, item), first_plane(&j, item + 1)):
        target, of_p = j.target + plane * j.P * j.Q, j.edges
        for p in range(j.P):
            source, rows = j.source + (plane * j.H + of_p[0]) * j.W, of_p[1] - of_p[0]
            of_p += 2
            if j.Q == 1:
                target[p] = run_sum(source, rows * j.W) / <real>(rows * j.W)
                continue
            line_sums(source, rows, j.W, line)
            of_q = j.edges + 2 * j.P
            for q in range(j.Q):
                total, columns = line[of_q[0]], of_q[1] - of_q[0]
                for c in range(of_q[0] + 1, of_q[1]):
                    total += line[c]
                target[p * j.Q + q] = total / <real>(rows * columns)
                of_q += 2


cdef inline void bin_maxima(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Planes j = (<const Planes*>argument)[0]
    cdef Py_ssize_t plane, p, q, c, at, found
    cdef real* line = <real*>(j.scratch + thread * j.scratch_size)
    cdef real most = 0
    cdef const real* source
    cdef const real* row
    cdef const Py_ssize_t* of_p
    cdef const Py_ssize_t* of_q
    cdef bint sure
    for plane in range(first_plane(&j, item), first_plane(&j, item + 1)):
        source = j.source + plane * j.H * j.W
        for p in range(j.P):
            of_p = j.edges + 2 * p
            row = source + of_p[0] * j.W
            if j.W < LANES and (j.Q > 1 or (of_p[1] - of_p[0]) * j.W < LANES):
                sure = False
            elif j.Q == 1:
                sure = run_maximum(row, (of_p[1] - of_p[0]) * j.W, &most)
            else:
                sure = line_maxima(row, of_p[1] - of_p[0], j.W, line)
            for q in range(j.Q):
                of_q = j.edges + 2 * (j.P + q)
                at = (plane * j.P + p) * j.Q + q
                if sure and j.Q > 1:
                    most = line[of_q[0]]
                    for c in range(of_q[0] + 1, of_q[1]):
                        most = max(most, line[c])
                if sure and j.found == NULL and most != 0:
                    j.target[at] = most
                    continue
                if not sure:
                    found = careful_place(source, j.W, of_p, of_q)
                elif j.Q == 1:
                    found = of_p[0] * j.W + first_equal(row, (of_p[1] - of_p[0]) * j.W, most)
                else:
                    found = place_of(source, j.W, of_p, of_q, most)
                j.target[at] = source[found]
                if j.found != NULL:
                    j.found[at] = found


cdef inline void bin_shares(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Planes j = (<const Planes*>argument)[0]
    cdef Py_ssize_t plane, p, q, rows, columns, _r, c
    cdef const real* grad
    cdef real* into
    cdef real* row
    cdef const Py_ssize_t* of_p
    cdef const Py_ssize_t* of_q
    cdef real share
    for plane in range(first_plane(&j, item), first_plane(&j, item + 1)):
        grad, into = j.source + plane * j.P * j.Q, j.target + plane * j.H * j.W
        memset(into, 0, j.H * j.W * sizeof(real))
        for p in range(j.P):
            of_p, of_q = j.edges + 2 * p, j.edges + 2 * j.P
            for q in range(j.Q):
                rows, columns = of_p[1] - of_p[0], of_q[1] - of_q[0]
                share = grad[p * j.Q + q] / <real>(rows * columns)
                row = into + of_p[0] * j.W + of_q[0]
                of_q += 2
                if j.Q == 1:
                    rows, columns = 1, rows * columns
                for _r in range(rows):
                    for c in range(columns):
                        row[c] += share
                    row += j.W
