"""The register tile: the one loop in which fastconv spends its floating-point operations.

    C[i, j] += sum over k of A[i, k] * B[k, j]          i < TILE_ROWS, j < TILE_COLUMNS

    for k in 0 .. depth:                      the only loop at run time
        b0, b1(, b2)      <- one row of B     TILE_VECTORS vector loads
        for each row i:   a <- A[i, k]        one broadcast
            C[i, :] += a * b                  TILE_VECTORS fused multiply-adds
All of C stays in registers. A is read through two strides, so that it may be a packed panel (row_step 1, k_step
TILE_ROWS), a plain row-major matrix (row_step = its width, k_step 1) or an image. B is a packed panel whose rows are
TILE_COLUMNS apart. The order of the sum over k is the same for every element of C, in full tiles and at edges.
"""
from .simd cimport LANES, TILE_COLUMNS, TILE_ROWS, TILE_VECTORS, real, vec, vec_fma, vec_load, vec_set, vec_store


cdef inline void tile(
    Py_ssize_t depth,
    const real* a, Py_ssize_t row_step, Py_ssize_t k_step,
    const real* b,
    real* c,                  # TILE_ROWS x TILE_COLUMNS, contiguous
    bint accumulate,          # add to c, or start from zero
) noexcept nogil:
    cdef vec acc[TILE_ROWS][TILE_VECTORS]
    cdef vec b_row[TILE_VECTORS]
    cdef vec a_ik
    cdef Py_ssize_t _k
    cdef int i, j
    for i in range(TILE_ROWS):
        for j in range(TILE_VECTORS):
            acc[i][j] = vec_load(c + i * TILE_COLUMNS + j * LANES) if accumulate else vec_set(0)
    for _k in range(depth):
        for j in range(TILE_VECTORS):
            b_row[j] = vec_load(b + j * LANES)
        for i in range(TILE_ROWS):
            a_ik = vec_set(a[i * row_step])
            for j in range(TILE_VECTORS):
                acc[i][j] = vec_fma(a_ik, b_row[j], acc[i][j])
        a += k_step
        b += TILE_COLUMNS
    for i in range(TILE_ROWS):
        for j in range(TILE_VECTORS):
            vec_store(c + i * TILE_COLUMNS + j * LANES, acc[i][j])
