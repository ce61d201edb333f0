"""Panels: some vectors of channels wide, so that a tile multiplies one number with all of them at once.

    panel[k*width + i] = row i of a matrix at column k                  `pack`; width is a multiple of LANES
and back by `unpack`, as a tile's sums lie in the same way.
"""
from libc.math cimport INFINITY

from .band cimport ceil_div
from .simd cimport (
    LANES, PANEL_VECTORS, mask, mask_and, mask_any, mask_lt, mask_select, mask_set, real, vec, vec_abs,
    vec_add, vec_bits, vec_load, vec_load_part, vec_set, vec_store, vec_transpose,
)

cdef struct Panels:
    Py_ssize_t rows, vectors, count


cdef inline Panels panels_of(Py_ssize_t rows) noexcept nogil:
    cdef Panels panels
    panels.rows, panels.vectors = rows, ceil_div(rows, LANES)
    panels.count = ceil_div(panels.vectors, PANEL_VECTORS)
    return panels


cdef inline Py_ssize_t first_vector(const Panels* panels, Py_ssize_t panel) noexcept nogil:
    """Panels are as equally wide as can be."""
    return panel * panels.vectors // panels.count


cdef inline void pack(const real* matrix, Py_ssize_t k_step, Py_ssize_t row_step, Py_ssize_t depth, Py_ssize_t rows,
                      Py_ssize_t width, real* to) noexcept nogil:
    """to[k*width + i] = matrix[k*k_step + i*row_step]; rows up to `width`, a multiple of LANES, are zero."""
    cdef vec block[LANES]
    cdef Py_ssize_t k, i, row, vector, part, full = rows // LANES * LANES, done = 0
    cdef Py_ssize_t last = (rows - 1) * row_step + depth - LANES      # from where a vector can still be loaded
    if row_step == 1:
        for k in range(depth):
            for i in range(full // LANES):
                vec_store(to + k * width + i * LANES, vec_load(matrix + k * k_step + i * LANES))
            for i in range(full, width):
                to[k * width + i] = matrix[k * k_step + i] if i < rows else 0
        return
    if k_step == 1:
        done = depth
        for vector in range(width // LANES):
            row = vector * LANES
            for part in range(ceil_div(depth, LANES)):
                k = max(min(part * LANES, depth - LANES), 0)  # some once more, rather than one by one
                for i in range(LANES):
                    if row + i >= rows:
                        block[i] = vec_set(0)
                    elif (row + i) * row_step + k <= last:
                        block[i] = vec_load(matrix + (row + i) * row_step + k)
                    else:
                        block[i] = vec_load_part(matrix + (row + i) * row_step, depth)
                vec_transpose(block)
                for i in range(min(LANES, depth)):
                    vec_store(to + (k + i) * width + row, block[i])
    for k in range(done, depth):
        for i in range(width):
            to[k * width + i] = matrix[k * k_step + i * row_step] if i < rows else 0


cdef inline bint all_finite(const real* panel, Py_ssize_t size) noexcept nogil:
    cdef mask infinite = vec_bits(vec_set(INFINITY)), below = mask_set(-1)      # as integers: no flag is raised
    cdef vec one
    cdef Py_ssize_t i
    for i in range(ceil_div(size, LANES)):
        one = vec_load(panel + i * LANES) if i < size // LANES else vec_load_part(panel + i * LANES, size % LANES)
        below = mask_and(below, mask_lt(vec_bits(vec_abs(one)), infinite))
    return not mask_any(mask_select(below, mask_set(0), mask_set(-1)))


cdef inline void turn(const real* c, Py_ssize_t width, const Py_ssize_t* lines, vec add, real* to,
                      Py_ssize_t row_step) noexcept nogil:
    """to[i*row_step + t] = c[lines[t]*width + i] + add[i] for i, t < LANES."""
    cdef vec block[LANES]
    cdef int i
    for i in range(LANES):
        block[i] = vec_add(vec_load(c + lines[i] * width), add)
    vec_transpose(block)
    for i in range(LANES):
        vec_store(to + i * row_step, block[i])


cdef inline void unpack(const real* c, Py_ssize_t width, const Py_ssize_t* lines, Py_ssize_t length, const real* bias,
                        Py_ssize_t rows, real* to, Py_ssize_t row_step, Py_ssize_t step) noexcept nogil:
    """to[i*row_step + t*step] = c[lines[t]*width + i] + bias[i] for i < rows <= LANES, t < length.

    lines: LANES - 1 more than `length`. A sum of -0 becomes +0.
    """
    cdef real turned[LANES * LANES]
    cdef vec add = vec_set(0)
    cdef Py_ssize_t t, i, x, blocks = length // LANES if rows == LANES and step == 1 else 0
    if bias != NULL:
        add = vec_add(add, vec_load(bias) if rows == LANES else vec_load_part(bias, rows))
    for t in range(blocks):
        turn(c, width, lines + t * LANES, add, to + t * LANES, row_step)
    for t in range(blocks, ceil_div(length, LANES)):
        turn(c, width, lines + t * LANES, add, turned, LANES)
        for i in range(rows):
            for x in range(min(length - t * LANES, LANES)):
                to[i * row_step + (t * LANES + x) * step] = turned[i * LANES + x]
