"""Taps over the rows of one padded plane: the two loops of depthwise convolution.

    slide   to[i, q]  = first + sum over taps t of weight[t] * plane[i, q + offset[t]]
    dots    sums[t]  += sum over i, q of grad[i, q] * plane[i, q + offset[t]]

Columns lie in lanes. Both take a few rows at a time, so that a vector of the plane, once loaded, meets every tap of its
column that needs it: with `kernel` taps that follow each other row by row, rows + kernel - 1 loads serve rows * kernel
multiplications. Taps at any offsets, one load for each multiplication, are the case of one tap in a column.

    slide, 4 rows, 3x3:    4 sums, 9 weights, 1 vector of the plane
    dots,  4 rows, 3x3:    9 sums, 4 gradients, 1 vector of the plane

A row of LANES columns or more ends with the vector that lies LANES before its end, so nothing beyond it is touched.
(Called through pointers, so that each gets all registers.)
"""
from .simd cimport LANES, prefetch, real, vec, vec_add, vec_fma, vec_load, vec_lt, vec_select, vec_set, vec_store

cdef enum:
    SLIDE_ROWS = 4
    DOTS_ROWS = 4


ctypedef void (*Slide)(
    Py_ssize_t width,                               # columns: at least LANES
    const real* source, Py_ssize_t pitch,
    Py_ssize_t taps, const Py_ssize_t* offset,      # in the first row of the kernel
    const real* weight,                             # kernel x taps
    real first, bint accumulate,                    # where a sum begins: at `first`, or at what `to` holds
    real* to, Py_ssize_t to_pitch,
) noexcept nogil


cdef inline void slide(
    const int rows, const int kernel, Py_ssize_t taps,      # constants at every call; taps: for 3x3
    Py_ssize_t width, const real* source, Py_ssize_t pitch, const Py_ssize_t* offset, const real* weight,
    real first, bint accumulate, real* to, Py_ssize_t to_pitch,
) noexcept nogil:
    cdef vec acc[SLIDE_ROWS]
    cdef vec x[SLIDE_ROWS + 6]
    cdef vec w
    cdef Py_ssize_t q = 0, s
    cdef const real* column
    cdef int i, r, y
    while True:
        for i in range(rows):
            acc[i] = vec_load(to + i * to_pitch + q) if accumulate else vec_set(first)
        for s in range(taps):
            column = source + offset[s] + q
            for y in range(rows + kernel - 1):
                x[y] = vec_load(column + y * pitch)
            for r in range(kernel):
                w = vec_set(weight[r * taps + s])
                for i in range(rows):
                    acc[i] = vec_fma(w, x[i + r], acc[i])
        for i in range(rows):
            vec_store(to + i * to_pitch + q, acc[i])
        if q + LANES >= width:
            break
        q = min(q + LANES, width - LANES)


cdef inline void any_4(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                       const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                       Py_ssize_t to_pitch) noexcept nogil:
    slide(4, 1, taps, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void any_2(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                       const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                       Py_ssize_t to_pitch) noexcept nogil:
    slide(2, 1, taps, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void any_1(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                       const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                       Py_ssize_t to_pitch) noexcept nogil:
    slide(1, 1, taps, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void three_4(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                         const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                         Py_ssize_t to_pitch) noexcept nogil:
    slide(4, 3, 3, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void three_2(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                         const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                         Py_ssize_t to_pitch) noexcept nogil:
    slide(2, 3, 3, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void three_1(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                         const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                         Py_ssize_t to_pitch) noexcept nogil:
    slide(1, 3, 3, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void five_4(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                        const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                        Py_ssize_t to_pitch) noexcept nogil:
    slide(4, 5, taps, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void five_2(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                        const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                        Py_ssize_t to_pitch) noexcept nogil:
    slide(2, 5, taps, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void five_1(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                        const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                        Py_ssize_t to_pitch) noexcept nogil:
    slide(1, 5, taps, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void seven_4(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                         const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                         Py_ssize_t to_pitch) noexcept nogil:
    slide(4, 7, taps, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void seven_2(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                         const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                         Py_ssize_t to_pitch) noexcept nogil:
    slide(2, 7, taps, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline void seven_1(Py_ssize_t width, const real* source, Py_ssize_t pitch, Py_ssize_t taps,
                         const Py_ssize_t* offset, const real* weight, real first, bint accumulate, real* to,
                         Py_ssize_t to_pitch) noexcept nogil:
    slide(1, 7, taps, width, source, pitch, offset, weight, first, accumulate, to, to_pitch)


cdef inline Slide slide_of(Py_ssize_t kernel, Py_ssize_t rows) noexcept nogil:
    """For 4, 2 or 1 rows; `kernel` taps of a column follow each other (with 3: of three columns)."""
    if kernel == 3:
        return three_4 if rows == 4 else (three_2 if rows == 2 else three_1)
    if kernel == 5:
        return five_4 if rows == 4 else (five_2 if rows == 2 else five_1)
    if kernel == 7:
        return seven_4 if rows == 4 else (seven_2 if rows == 2 else seven_1)
    return any_4 if rows == 4 else (any_2 if rows == 2 else any_1)


ctypedef void (*Dots)(
    Py_ssize_t rows, Py_ssize_t width,
    const real* source, Py_ssize_t pitch, const Py_ssize_t* offset,
    const real* grad, Py_ssize_t grad_pitch,
    Py_ssize_t ahead,                               # reals from grad to what will be read next
    real* sums, Py_ssize_t kernel_step,             # vectors of partial sums, kernel x taps; reals from row to row
) noexcept nogil


cdef inline void dots_block(
    const int rows, const int kernel, const int taps, const real* source, Py_ssize_t pitch, const Py_ssize_t* offset,
    const real* grad, Py_ssize_t grad_pitch, Py_ssize_t ahead, vec* acc,
) noexcept nogil:
    cdef vec g[DOTS_ROWS]
    cdef vec x[DOTS_ROWS + 6]
    cdef int i, r, s, y
    for i in range(rows):
        g[i] = vec_load(grad + i * grad_pitch)
        prefetch(grad + i * grad_pitch + ahead)
    for s in range(taps):
        for y in range(rows + kernel - 1):
            x[y] = vec_load(source + offset[s] + y * pitch)
        for i in range(rows):
            for r in range(kernel):
                acc[r * taps + s] = vec_fma(g[i], x[i + r], acc[r * taps + s])


cdef inline void dots(
    const int kernel, const int taps,               # constants at every call, at most 9 together
    Py_ssize_t rows, Py_ssize_t width, const real* source, Py_ssize_t pitch, const Py_ssize_t* offset,
    const real* grad, Py_ssize_t grad_pitch, Py_ssize_t ahead, real* sums, Py_ssize_t kernel_step,
) noexcept nogil:
    """A row of fewer than LANES columns is read to LANES; what is there does not matter."""
    cdef vec acc[9]
    cdef real counts[3 * LANES]
    cdef vec count = vec_set(1)
    cdef Py_ssize_t q = 0, i, _block
    cdef const real* plane
    cdef const real* line
    cdef real* to
    cdef int t
    cdef bint part = width < LANES
    for i in range(LANES):
        counts[i], counts[LANES + i], counts[2 * LANES + i] = 0, 1, 0
    if part:
        count = vec_load(counts + 2 * LANES - width)
    while True:
        for t in range(kernel * taps):
            acc[t] = vec_set(0)
        plane, line = source + q, grad + q
        for _block in range(rows // DOTS_ROWS):
            dots_block(DOTS_ROWS, kernel, taps, plane, pitch, offset, line, grad_pitch, ahead, acc)
            plane += DOTS_ROWS * pitch
            line += DOTS_ROWS * grad_pitch
        for _block in range(rows % DOTS_ROWS):
            dots_block(1, kernel, taps, plane, pitch, offset, line, grad_pitch, ahead, acc)
            plane += pitch
            line += grad_pitch
        for t in range(kernel * taps):
            to = sums + t // taps * kernel_step + t % taps * LANES
            if part:
                acc[t] = vec_select(vec_lt(vec_set(0), count), acc[t], vec_set(0))
            vec_store(to, vec_add(vec_load(to), acc[t]))
        if q + LANES >= width:
            break
        q += LANES
        if q + LANES > width:                       # once more what the vector before has counted
            count = vec_load(counts + width - q)
            part = True
            q = width - LANES


cdef inline void dots_3x3(Py_ssize_t rows, Py_ssize_t width, const real* source, Py_ssize_t pitch,
                          const Py_ssize_t* offset, const real* grad, Py_ssize_t grad_pitch, Py_ssize_t ahead,
                          real* sums, Py_ssize_t kernel_step) noexcept nogil:
    dots(3, 3, rows, width, source, pitch, offset, grad, grad_pitch, ahead, sums, kernel_step)


cdef inline void dots_5x1(Py_ssize_t rows, Py_ssize_t width, const real* source, Py_ssize_t pitch,
                          const Py_ssize_t* offset, const real* grad, Py_ssize_t grad_pitch, Py_ssize_t ahead,
                          real* sums, Py_ssize_t kernel_step) noexcept nogil:
    dots(5, 1, rows, width, source, pitch, offset, grad, grad_pitch, ahead, sums, kernel_step)


cdef inline void dots_7x1(Py_ssize_t rows, Py_ssize_t width, const real* source, Py_ssize_t pitch,
                          const Py_ssize_t* offset, const real* grad, Py_ssize_t grad_pitch, Py_ssize_t ahead,
                          real* sums, Py_ssize_t kernel_step) noexcept nogil:
    dots(7, 1, rows, width, source, pitch, offset, grad, grad_pitch, ahead, sums, kernel_step)


cdef inline void dots_1x9(Py_ssize_t rows, Py_ssize_t width, const real* source, Py_ssize_t pitch,
                          const Py_ssize_t* offset, const real* grad, Py_ssize_t grad_pitch, Py_ssize_t ahead,
                          real* sums, Py_ssize_t kernel_step) noexcept nogil:
    dots(1, 9, rows, width, source, pitch, offset, grad, grad_pitch, ahead, sums, kernel_step)


cdef inline void dots_1x4(Py_ssize_t rows, Py_ssize_t width, const real* source, Py_ssize_t pitch,
                          const Py_ssize_t* offset, const real* grad, Py_ssize_t grad_pitch, Py_ssize_t ahead,
                          real* sums, Py_ssize_t kernel_step) noexcept nogil:
    dots(1, 4, rows, width, source, pitch, offset, grad, grad_pitch, ahead, sums, kernel_step)


cdef inline void dots_1x1(Py_ssize_t rows, Py_ssize_t width, const real* source, Py_ssize_t pitch,
                          const Py_ssize_t* offset, const real* grad, Py_ssize_t grad_pitch, Py_ssize_t ahead,
                          real* sums, Py_ssize_t kernel_step) noexcept nogil:
    dots(1, 1, rows, width, source, pitch, offset, grad, grad_pitch, ahead, sums, kernel_step)


cdef inline Dots dots_of(Py_ssize_t kernel, Py_ssize_t taps) noexcept nogil:
    """`kernel` taps of a column that follow each other: 3 (of three columns), 5 or 7 (of one); else 9, 4 or 1 taps."""
    if kernel == 3:
        return dots_3x3
    if kernel == 5:
        return dots_5x1
    if kernel == 7:
        return dots_7x1
    return dots_1x9 if taps == 9 else (dots_1x4 if taps == 4 else dots_1x1)
