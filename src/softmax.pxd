"""Softmax over the middle axis of (outer, C, inner), and its gradient.

    run: up to RUN rows of C classes that are neighbours in memory (inner > 1), or one row (inner = 1)
    for each piece of the run, RUN elements at most that lie side by side: a class of every row, or RUN classes of one
        largest element; then exponentials and their sums; then results           one lane for each element of a piece
Lanes are rows, or if there is one row, parts of it, which are put together between the passes: the code of a pass is
the same, and all RUN lanes go through it, so that its loops have a constant length. Sums are taken in double, in an
order that depends on the shape only.
"""
from libc.math cimport INFINITY, log
from libc.string cimport memcpy

from .elementary cimport EXP_LOWEST, EXP_UNSCALE, vec_exp_scaled_less
from .simd cimport (
    LANES, mask_or, real, vec, vec_add, vec_is_nan, vec_keep, vec_load, vec_lt, vec_select, vec_set, vec_store, vec_sub,
)

cdef enum:
    RUN = 32                    # a multiple of LANES


cdef struct Softmax:
    Py_ssize_t outer, C, inner
    const real* a               # input; or gradient of the output
    const real* y               # output, for the gradient
    real* out
    bint logarithm


cdef struct Run:
    Py_ssize_t offset           # of the first piece
    Py_ssize_t step             # to the next
    Py_ssize_t pieces
    int width, last             # of a piece; of the last piece
    bint one_row


cdef inline Py_ssize_t runs_of(const Softmax* j) noexcept nogil:
    return j.outer * ((j.inner + RUN - 1) // RUN)


cdef inline Run run_of(const Softmax* j, Py_ssize_t number) noexcept nogil:
    cdef Run r
    cdef Py_ssize_t of_one = (j.inner + RUN - 1) // RUN
    cdef Py_ssize_t first = number % of_one * RUN
    r.one_row = j.inner == 1
    r.offset = number // of_one * j.C * j.inner + first
    if r.one_row:
        r.step, r.pieces, r.width = RUN, (j.C + RUN - 1) // RUN, <int>min(j.C, RUN)
        r.last = <int>(j.C - (r.pieces - 1) * RUN)
    else:
        r.step, r.pieces, r.width = j.inner, j.C, <int>min(j.inner - first, RUN)
        r.last = r.width
    return r


cdef inline int width_of(const Run* r, Py_ssize_t piece) noexcept nogil:
    return r.last if piece == r.pieces - 1 else r.width


cdef inline void fetch(real* lanes, const real* p, int width, real rest) noexcept nogil:
    """By whole vectors, as they are read: a vector out of two smaller stores would wait for the memory."""
    cdef int i
    for i in range(RUN // LANES):
        vec_store(lanes + i * LANES, vec_keep(vec_load(p + i * LANES) if width == RUN else vec_set(rest)))
    if width < RUN:
        memcpy(lanes, p, width * sizeof(real))


cdef inline void put(real* p, const real* lanes, int width) noexcept nogil:
    cdef int i
    if width == RUN:
        for i in range(RUN // LANES):
            vec_store(p + i * LANES, vec_keep(vec_load(lanes + i * LANES)))
    else:
        memcpy(p, lanes, width * sizeof(real))


cdef inline vec larger(vec a, vec b) noexcept nogil:
    """NaN if either is."""
    return vec_select(mask_or(vec_lt(a, b), vec_is_nan(b)), b, a)


cdef inline void largest(real* top, const real* x) noexcept nogil:
    cdef int i
    for i in range(RUN // LANES):
        vec_store(top + i * LANES, larger(vec_load(top + i * LANES), vec_load(x + i * LANES)))


cdef inline void exponentials(real* x, const real* top) noexcept nogil:
    """x = EXP_SCALE * exp(x - top). The difference is exact: its rounding error would be one of the exponential."""
    cdef vec v, t, difference, back, error
    cdef int i
    for i in range(RUN // LANES):
        v, t = vec_load(x + i * LANES), vec_load(top + i * LANES)
        difference = vec_sub(v, t)
        back = vec_sub(difference, v)
        error = vec_sub(vec_add(t, back), vec_sub(v, vec_sub(difference, back)))     # Knuth's error of a sum, negative
        error = vec_select(vec_lt(vec_set(EXP_LOWEST), difference), error, vec_set(0))      # infinities have none
        vec_store(x + i * LANES, vec_exp_scaled_less(difference, error))


cdef inline void spread(double* total) noexcept nogil:
    """The sum of the parts of one row, for every lane."""
    cdef int i
    for i in range(1, RUN):
        total[0] += total[i]
    for i in range(1, RUN):
        total[i] = total[0]


cdef inline void softmax_run(const Softmax* j, Py_ssize_t number) noexcept nogil:
    cdef Run r = run_of(j, number)
    cdef const real* x = j.a + r.offset
    cdef real* y = j.out + r.offset
    cdef real lanes[RUN]
    cdef real top[RUN]
    cdef double total[RUN]
    cdef Py_ssize_t piece
    cdef int i
    for i in range(RUN):
        top[i], total[i] = -INFINITY, 0
    for piece in range(r.pieces):
        fetch(lanes, x + piece * r.step, width_of(&r, piece), -INFINITY)
        largest(top, lanes)
    if r.one_row:
        for i in range(1, RUN):
            if top[i] > top[0] or top[i] != top[i]:
                top[0] = top[i]
        for i in range(1, RUN):
            top[i] = top[0]
    for piece in range(r.pieces):
        fetch(lanes, x + piece * r.step, width_of(&r, piece), -INFINITY)
        exponentials(lanes, top)
        for i in range(RUN):
            total[i] += lanes[i]
        put(y + piece * r.step, lanes, width_of(&r, piece))
    if r.one_row:
        spread(total)
    for i in range(1 if r.one_row else r.width):
        total[i] = log(total[i] * EXP_UNSCALE) if j.logarithm else 1 / total[i]
    if r.one_row:
        for i in range(1, RUN):
            total[i] = total[0]
    for piece in range(r.pieces):
        fetch(lanes, (x if j.logarithm else y) + piece * r.step, width_of(&r, piece), 0)
        if j.logarithm:
            for i in range(RUN):
                lanes[i] = <real>(<double>lanes[i] - top[i] - total[i])
        else:
            for i in range(RUN):
                lanes[i] = <real>(lanes[i] * total[i])
        put(y + piece * r.step, lanes, width_of(&r, piece))


cdef inline void softmax_backward_run(const Softmax* j, Py_ssize_t number) noexcept nogil:
    """y * (grad - sum of grad * y), or grad - exp(y) * sum of grad."""
    cdef Run r = run_of(j, number)
    cdef const real* grad = j.a + r.offset
    cdef const real* y = j.y + r.offset
    cdef real* out = j.out + r.offset
    cdef real lanes[RUN]
    cdef real grads[RUN]
    cdef real top[RUN]
    cdef double total[RUN]
    cdef Py_ssize_t piece
    cdef int i
    for i in range(RUN):
        top[i], total[i] = 0, 0
    for piece in range(r.pieces):
        fetch(grads, grad + piece * r.step, width_of(&r, piece), 0)
        if j.logarithm:
            for i in range(RUN):
                total[i] += grads[i]
        else:
            fetch(lanes, y + piece * r.step, width_of(&r, piece), 0)
            for i in range(RUN):
                total[i] += <double>grads[i] * lanes[i]
    if r.one_row:
        spread(total)
    for piece in range(r.pieces):
        fetch(grads, grad + piece * r.step, width_of(&r, piece), 0)
        fetch(lanes, y + piece * r.step, width_of(&r, piece), 0)
        if j.logarithm:
            for i in range(RUN):
                lanes[i] = 0 if lanes[i] > 0 else lanes[i]
            exponentials(lanes, top)
            for i in range(RUN):
                lanes[i] = <real>(grads[i] - lanes[i] * <double>EXP_UNSCALE * total[i])
        else:
            for i in range(RUN):
                lanes[i] = <real>(lanes[i] * (grads[i] - total[i]))
        put(out + piece * r.step, lanes, width_of(&r, piece))
