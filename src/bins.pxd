"""The bins of adaptive pooling: output p of P covers the positions floor(p * size / P) ... ceil((p + 1) * size / P) - 1.

A bin as wide as the image is one run of memory and summed, or searched, LANES elements at a time, with PARTS sums side
by side; other bins are small and taken row by row. Items are planes.
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


cdef inline Py_ssize_t bin_start(Py_ssize_t p, Py_ssize_t size, Py_ssize_t count) noexcept nogil:
    """floor(p * size / count), without a product that could overflow."""
    return p * (size // count) + p * (size % count) // count


cdef inline Py_ssize_t bin_stop(Py_ssize_t p, Py_ssize_t size, Py_ssize_t count) noexcept nogil:
    return bin_start(p + 1, size, count) + ((p + 1) * (size % count) % count != 0)


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


cdef inline Py_ssize_t run_maximum(const real* x, Py_ssize_t count) noexcept nogil:
    """Where the first maximum is; -1 if there may be a NaN, which also two infinities make look so."""
    cdef vec best[PARTS]
    cdef vec doubt = vec_set(0), one
    cdef real lanes[LANES]
    cdef real most = -INFINITY
    cdef Py_ssize_t i = 0, k
    cdef mask equal
    for k in range(PARTS):
        best[k] = vec_set(-INFINITY)
    while i + PARTS * LANES <= count:
        for k in range(PARTS):
            one = vec_load(x + i + k * LANES)
            doubt = vec_add(doubt, one)
            best[k] = vec_max(best[k], one)
        i += PARTS * LANES
    if mask_any(vec_is_nan(doubt)):
        return -1
    vec_store(lanes, vec_max(vec_max(best[0], best[1]), vec_max(best[2], best[3])))
    for k in range(LANES):
        most = max(most, lanes[k])
    for k in range(i, count):
        if x[k] != x[k]:
            return -1
        most = max(most, x[k])
    k = 0
    while k + 2 * LANES <= count:
        equal = mask_or(vec_eq(vec_load(x + k), vec_set(most)), vec_eq(vec_load(x + k + LANES), vec_set(most)))
        if mask_any(equal):
            break
        k += 2 * LANES
    while x[k] != most:
        k += 1
    return k


cdef inline Py_ssize_t bin_maximum(const real* plane, Py_ssize_t W, Py_ssize_t top, Py_ssize_t bottom,
                                       Py_ssize_t left, Py_ssize_t right) noexcept nogil:
    """Where in the plane the first maximum of a bin is, or the last NaN."""
    cdef Py_ssize_t r, at, found = top * W + left
    for r in range(top, bottom):
        for at in range(r * W + left, r * W + right):
            if plane[at] > plane[found] or plane[at] != plane[at]:
                found = at
    return found


cdef inline void bin_means(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Planes j = (<const Planes*>argument)[0]
    cdef Py_ssize_t plane, p, q, top, bottom, left, right, r, c
    cdef const real* source
    cdef real* target
    cdef real total
    for plane in range(first_plane(&j, item), first_plane(&j, item + 1)):
        source, target = j.source + plane * j.H * j.W, j.target + plane * j.P * j.Q
        for p in range(j.P):
            top, bottom = bin_start(p, j.H, j.P), bin_stop(p, j.H, j.P)
            if j.Q == 1:
                target[p] = run_sum(source + top * j.W, (bottom - top) * j.W) / <real>((bottom - top) * j.W)
                continue
            for q in range(j.Q):
                left, right = bin_start(q, j.W, j.Q), bin_stop(q, j.W, j.Q)
                total = 0
                for r in range(top, bottom):
                    for c in range(left, right):
                        total += source[r * j.W + c]
                target[p * j.Q + q] = total / <real>((bottom - top) * (right - left))


cdef inline void bin_maxima(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Planes j = (<const Planes*>argument)[0]
    cdef Py_ssize_t plane, p, q, top, bottom, at, found
    cdef const real* source
    for plane in range(first_plane(&j, item), first_plane(&j, item + 1)):
        source = j.source + plane * j.H * j.W
        for p in range(j.P):
            top, bottom = bin_start(p, j.H, j.P), bin_stop(p, j.H, j.P)
            for q in range(j.Q):
                found = run_maximum(source + top * j.W, (bottom - top) * j.W) if j.Q == 1 else -1
                if found >= 0:
                    found += top * j.W
                else:
                    found = bin_maximum(source, j.W, top, bottom, bin_start(q, j.W, j.Q), bin_stop(q, j.W, j.Q))
                at = (plane * j.P + p) * j.Q + q
                j.target[at] = source[found]
                if j.found != NULL:
                    j.found[at] = found


cdef inline void bin_shares(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """The gradient of the mean."""
    cdef Planes j = (<const Planes*>argument)[0]
    cdef Py_ssize_t plane, p, q, top, rows, left, columns, r, c
    cdef const real* grad
    cdef real* into
    cdef real* row
    cdef real share
    for plane in range(first_plane(&j, item), first_plane(&j, item + 1)):
        grad, into = j.source + plane * j.P * j.Q, j.target + plane * j.H * j.W
        memset(into, 0, j.H * j.W * sizeof(real))
        for p in range(j.P):
            for q in range(j.Q):
                top, left = bin_start(p, j.H, j.P), bin_start(q, j.W, j.Q)
                rows, columns = bin_stop(p, j.H, j.P) - top, bin_stop(q, j.W, j.Q) - left
                share = grad[p * j.Q + q] / <real>(rows * columns)
                if j.Q == 1:
                    rows, columns = 1, rows * columns
                for r in range(rows):
                    row = into + (top + r) * j.W + left
                    for c in range(columns):
                        row[c] += share
