"""One-dimensional transforms of Winograd's minimal filtering with six points, and pixels with channels in lanes.

A polynomial of degree 5 is known from its values at 0, a, -a, b, -b and infinity (its leading coefficient). Multiplying
values instead of coefficients turns 4 outputs of a 3-tap filter (12 products) into 6 products:
    outputs = A^T [(G filter) * (B^T image)]        F(4, 3);  3 outputs of a 4-tap filter, F(3, 4), use the same B
and in two dimensions 4 x 4 outputs of 3 x 3 taps into 36 products instead of 144
(Lavin and Gray, "Fast algorithms for convolutional neural networks", 2016; points and scales as in Cook and Toom).

a = 3/4 and b = 5/4 lose least of all points tried (docs/design.md), and B is exact in binary.
"""
from .simd cimport LANES, real, vec, vec_add, vec_fma, vec_load, vec_load_part, vec_mul, vec_set, vec_store, vec_sub
from .simd cimport vec_store_part, vec_transpose

cdef enum:
    OUTPUTS = 4                 # of a tile, in one dimension
    INPUTS = 6
    POINTS = 36                 # INPUTS * INPUTS
    KERNEL = 3

# a, b: numerators over 4. Their powers, and the products of differences that scale G.
cdef inline vec A(int power) noexcept nogil:
    return vec_set(0.75 if power == 1 else 0.5625 if power == 2 else 0.421875)


cdef inline vec B(int power) noexcept nogil:
    return vec_set(1.25 if power == 1 else 1.5625 if power == 2 else 1.953125)


cdef inline void image_pair(vec d1, vec d2, vec d3, vec d4, vec point, vec square, vec* v) noexcept nogil:
    """The values at +point and -point, where `square` is that of the other point."""
    cdef vec even = vec_sub(d4, vec_mul(square, d2))
    cdef vec odd = vec_sub(d3, vec_mul(square, d1))
    v[0] = vec_fma(point, odd, even)
    v[1] = vec_sub(even, vec_mul(point, odd))


cdef inline vec image_end(vec d0, vec d2, vec d4) noexcept nogil:
    """The value at 0 of d0 ... d4, or at infinity of d1 ... d5."""
    return vec_fma(vec_set(0.87890625), d0, vec_sub(d4, vec_mul(vec_set(2.125), d2)))


cdef inline void image_line(const vec* d, vec* v) noexcept nogil:
    """v = B^T d: six pixels to six values."""
    v[0] = image_end(d[0], d[2], d[4])
    image_pair(d[1], d[2], d[3], d[4], A(1), B(2), v + 1)
    image_pair(d[1], d[2], d[3], d[4], B(1), A(2), v + 3)
    v[5] = image_end(d[1], d[3], d[5])


cdef inline void filter_pair(const vec* w, const int taps, vec point, vec square, vec cube, vec scale,
                             vec* u) noexcept nogil:
    """The values at +point and -point of 3 or 4 taps, times `scale`."""
    cdef vec even = vec_mul(vec_fma(square, w[2], w[0]), scale)
    cdef vec odd = vec_mul(point, w[1]) if taps == 3 else vec_fma(cube, w[3], vec_mul(point, w[1]))
    u[0] = vec_fma(odd, scale, even)
    u[1] = vec_sub(even, vec_mul(odd, scale))


cdef inline void filter_pair_at(const vec* w, const int taps, const int which, vec* u) noexcept nogil:
    """which: 1 for a, 2 for b. The scales of G: 1/(2 a^2 (a^2 - b^2)), 1/(2 b^2 (b^2 - a^2))."""
    if which == 1:
        filter_pair(w, taps, A(1), A(2), A(3), vec_set(<real>(-1 / 1.125)), u)
    else:
        filter_pair(w, taps, B(1), B(2), B(3), vec_set(<real>(1 / 3.125)), u)


cdef inline vec filter_start(vec w) noexcept nogil:
    """The value at 0, times 1/(a^2 b^2)."""
    return vec_mul(w, vec_set(<real>(1 / 0.87890625)))


cdef inline void filter_line(const vec* w, const int taps, vec* u) noexcept nogil:
    """u = G w for 3 or 4 taps."""
    u[0] = filter_start(w[0])
    filter_pair_at(w, taps, 1, u + 1)
    filter_pair_at(w, taps, 2, u + 3)
    u[5] = w[taps - 1]


cdef inline void output_line(const vec* m, const int outputs, vec* y) noexcept nogil:
    """y = A^T m: six products to 4 outputs, or 3."""
    cdef vec sum_a = vec_add(m[1], m[2]), difference_a = vec_sub(m[1], m[2])
    cdef vec sum_b = vec_add(m[3], m[4]), difference_b = vec_sub(m[3], m[4])
    y[0] = vec_add(vec_add(m[0], sum_a), sum_b)
    y[1] = vec_fma(A(1), difference_a, vec_mul(B(1), difference_b))
    y[2] = vec_fma(A(2), sum_a, vec_mul(B(2), sum_b))
    if outputs == 4:
        y[3] = vec_add(vec_fma(A(3), difference_a, vec_mul(B(3), difference_b)), m[5])
    else:
        y[2] = vec_add(y[2], m[5])


cdef inline void image_tile(const real* x, Py_ssize_t pitch, real* v, Py_ssize_t point_step) noexcept nogil:
    """V = B^T d B of a 6 x 6 tile whose pixels are LANES channels; rows are `pitch` reals apart.

    One or two rows of B^T d at a time: the pixels are read again rather than kept, which costs fewer stores.
    """
    cdef vec line[2][INPUTS]
    cdef vec values[INPUTS]
    cdef int half, row, j
    cdef const real* d
    for half in range(4):
        for j in range(INPUTS):
            d = x + j * LANES
            if half == 0 or half == 3:
                d += pitch if half == 3 else 0
                line[0][j] = image_end(vec_load(d), vec_load(d + 2 * pitch), vec_load(d + 4 * pitch))
            else:
                image_pair(vec_load(d + pitch), vec_load(d + 2 * pitch), vec_load(d + 3 * pitch),
                           vec_load(d + 4 * pitch), A(1) if half == 1 else B(1), B(2) if half == 1 else A(2), values)
                line[0][j], line[1][j] = values[0], values[1]
        for row in range(1 if half == 0 or half == 3 else 2):
            image_line(line[row], values)
            for j in range(INPUTS):
                vec_store(v, values[j])
                v += point_step


cdef inline void filter_tile(const real* w, Py_ssize_t row_step, Py_ssize_t column_step, const int taps, real* u,
                             Py_ssize_t point_step) noexcept nogil:
    """U = G w G^T of 3 x 3 or 4 x 4 taps in lanes, in the order of image_tile."""
    cdef vec line[2][4]
    cdef vec taken[4]
    cdef vec values[INPUTS]
    cdef int half, row, i, j
    for half in range(4):
        for j in range(taps):
            if half == 0 or half == 3:
                line[0][j] = vec_load(w + (taps - 1 if half == 3 else 0) * row_step + j * column_step)
                if half == 0:
                    line[0][j] = filter_start(line[0][j])
            else:
                for i in range(taps):
                    taken[i] = vec_load(w + i * row_step + j * column_step)
                filter_pair_at(taken, taps, half, values)
                line[0][j], line[1][j] = values[0], values[1]
        for row in range(1 if half == 0 or half == 3 else 2):
            filter_line(line[row], taps, values)
            for j in range(INPUTS):
                vec_store(u, values[j])
                u += point_step


cdef inline void output_columns(const real* m, Py_ssize_t point_step, const int outputs,
                                vec columns[OUTPUTS][INPUTS]) noexcept nogil:
    """A^T M, of which output_line makes the rows of Y = A^T M A."""
    cdef vec taken[INPUTS]
    cdef vec values[OUTPUTS]
    cdef int i, j
    for j in range(INPUTS):
        for i in range(INPUTS):
            taken[i] = vec_load(m + (i * INPUTS + j) * point_step)
        output_line(taken, outputs, values)
        for i in range(outputs):
            columns[i][j] = values[i]


cdef inline void lines_to_lanes(const real* lines, Py_ssize_t step, Py_ssize_t count, Py_ssize_t length,
                                const real* end, real* to) noexcept nogil:
    """to[i*LANES + k] = lines[k*step + i] for i < length; lanes from `count` on are zero. The array ends at `end`."""
    cdef vec block[LANES]
    cdef Py_ssize_t number, i, k, left
    for number in range((length + LANES - 1) // LANES):
        i = number * LANES
        left = min(length - i, LANES)
        for k in range(LANES):
            if k >= count:
                block[k] = vec_set(0)
            elif lines + k * step + i + LANES <= end:           # what is read beyond `length` is not used
                block[k] = vec_load(lines + k * step + i)
            else:
                block[k] = vec_load_part(lines + k * step + i, left)
        vec_transpose(block)
        for k in range(left):
            vec_store(to + (i + k) * LANES, block[k])


cdef inline void lanes_to_lines(const real* from_, Py_ssize_t length, real* lines, Py_ssize_t step,
                                Py_ssize_t count) noexcept nogil:
    """lines[k*step + i] = from_[i*LANES + k] for i < length and k < count."""
    cdef vec block[LANES]
    cdef Py_ssize_t number, k, at
    for number in range((length + LANES - 1) // LANES):
        at = number * LANES
        if length >= LANES:                                     # some once more, rather than a part of a vector
            at = min(at, length - LANES)
        for k in range(LANES):
            block[k] = vec_load(from_ + (at + k) * LANES) if at + k < length else vec_set(0)
        vec_transpose(block)
        for k in range(count):
            if length >= LANES:
                vec_store(lines + k * step + at, block[k])
            else:
                vec_store_part(lines + k * step + at, block[k], length)
