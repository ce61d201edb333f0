"""The register tile: the one loop in which fastconv spends its floating-point operations.

    C[i, j] += sum over k of A[i, k] * B[k, j]          i < TILE_ROWS, j < TILE_COLUMNS

    for k in 0 .. depth:                      the only loop at run time
        b0, b1(, b2)      <- one row of B     TILE_VECTORS vector loads
        for each row i:   a <- A[i, k]        one broadcast
            C[i, :] += a * b                  TILE_VECTORS fused multiply-adds
All of C stays in registers. A is read through two strides, so that it may be a packed panel (row_step 1, k_step
TILE_ROWS), a plain row-major matrix (row_step = its width, k_step 1) or an image. B is a packed panel whose rows are
TILE_COLUMNS apart. The order of the sum over k is the same for every element of C, in full tiles and at edges.

`tile_in_place` reads the rows of B where they lie, at given offsets, and serves fewer rows with wider vectors:

    rows of C                1   2   3   4   5   6   7   8
    vectors, 16 registers    8   6   4   3   2   2
    vectors, 32 registers    8   8   8   6   4   4   3   3

`points` reads A where it lies, number by number: A[i, k] is at places[i] + offsets[k]. B is packed in panels that are
one to PANEL_VECTORS vectors wide. Any set of positions of an image can be the rows of such a tile, its taps the sum, or
the other way round.

    vectors                  1   2   3   4
    rows, 16 registers       8   6
    rows, 32 registers       9   9   8   6

`dots_in_place` sums over what lies side by side instead: C[i, j] is the dot product of a row of A and a column of B
that are both contiguous. Its accumulators are vectors of partial sums, one for each lane.
"""
from .simd cimport (
    LANES, PANEL_VECTORS, POINTS, TILE_COLUMNS, TILE_ROWS, TILE_VECTORS, real, vec, vec_fma, vec_load, vec_set,
    vec_store, vec_sum,
)

cdef enum:
    MOST_VECTORS = 8


cdef inline void packed_tile(
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


cdef inline int vectors_of(int rows) noexcept nogil:
    """How many vectors wide a tile of so many rows is: at least 8 accumulators hide the latency of a multiply-add."""
    return min(TILE_ROWS * TILE_VECTORS // rows, MOST_VECTORS)


cdef inline void tile_of(
    const int rows, const int vectors,          # constants at every call: the loops over them are unrolled
    Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets, real* c, Py_ssize_t c_step,
    bint accumulate,
) noexcept nogil:
    cdef vec acc[TILE_ROWS][MOST_VECTORS]
    cdef vec held[MOST_VECTORS]                 # of A or B, whichever needs fewer registers
    cdef vec one
    cdef Py_ssize_t k
    cdef int i, j
    for i in range(rows):
        for j in range(vectors):
            acc[i][j] = vec_load(c + i * c_step + j * LANES) if accumulate else vec_set(0)
    for k in range(depth):
        if rows < vectors:
            for i in range(rows):
                held[i] = vec_set(a[k * TILE_ROWS + i])
            for j in range(vectors):
                one = vec_load(b + offsets[k] + j * LANES)
                for i in range(rows):
                    acc[i][j] = vec_fma(held[i], one, acc[i][j])
        else:
            for j in range(vectors):
                held[j] = vec_load(b + offsets[k] + j * LANES)
            for i in range(rows):
                one = vec_set(a[k * TILE_ROWS + i])
                for j in range(vectors):
                    acc[i][j] = vec_fma(one, held[j], acc[i][j])
    for i in range(rows):
        for j in range(vectors):
            vec_store(c + i * c_step + j * LANES, acc[i][j])


ctypedef void (*InPlace)(
    Py_ssize_t depth,
    const real* a,                              # a packed panel, TILE_ROWS apart also if there are fewer rows
    const real* b, const Py_ssize_t* offsets,   # B[k, j] = b[offsets[k] + j]
    real* c, Py_ssize_t c_step,                 # rows x vectors_of(rows) * LANES
    bint accumulate,
) noexcept nogil


cdef inline void tile_1(Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets, real* c,
                        Py_ssize_t c_step, bint accumulate) noexcept nogil:
    tile_of(1, vectors_of(1), depth, a, b, offsets, c, c_step, accumulate)


cdef inline void tile_2(Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets, real* c,
                        Py_ssize_t c_step, bint accumulate) noexcept nogil:
    tile_of(2, vectors_of(2), depth, a, b, offsets, c, c_step, accumulate)


cdef inline void tile_3(Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets, real* c,
                        Py_ssize_t c_step, bint accumulate) noexcept nogil:
    tile_of(3, vectors_of(3), depth, a, b, offsets, c, c_step, accumulate)


cdef inline void tile_4(Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets, real* c,
                        Py_ssize_t c_step, bint accumulate) noexcept nogil:
    tile_of(4, vectors_of(4), depth, a, b, offsets, c, c_step, accumulate)


cdef inline void tile_5(Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets, real* c,
                        Py_ssize_t c_step, bint accumulate) noexcept nogil:
    tile_of(5, vectors_of(5), depth, a, b, offsets, c, c_step, accumulate)


cdef inline void tile_6(Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets, real* c,
                        Py_ssize_t c_step, bint accumulate) noexcept nogil:
    tile_of(6, vectors_of(6), depth, a, b, offsets, c, c_step, accumulate)


cdef inline void tile_7(Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets, real* c,
                        Py_ssize_t c_step, bint accumulate) noexcept nogil:
    tile_of(min(7, TILE_ROWS), vectors_of(7), depth, a, b, offsets, c, c_step, accumulate)


cdef inline void tile_full(Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets, real* c,
                           Py_ssize_t c_step, bint accumulate) noexcept nogil:
    tile_of(TILE_ROWS, TILE_VECTORS, depth, a, b, offsets, c, c_step, accumulate)


cdef inline InPlace tile_in_place(int rows) noexcept nogil:
    """The tile of up to TILE_ROWS rows. (Called through a pointer, as one at a time gets all registers.)"""
    if rows >= TILE_ROWS:
        return tile_full
    if rows == 1:
        return tile_1
    if rows == 2:
        return tile_2
    if rows == 3:
        return tile_3
    if rows == 4:
        return tile_4
    if rows == 5:
        return tile_5
    return tile_6 if rows == 6 else tile_7


cdef inline int points_of(int vectors) noexcept nogil:
    """How many rows a tile of points has, if it is so many vectors wide."""
    return min(TILE_ROWS * TILE_VECTORS // vectors, POINTS)


cdef inline void points_tile(
    const int points, const int vectors,        # constants at every call
    Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Py_ssize_t* offsets, const real* b,
    const Py_ssize_t* lines, real* c, bint accumulate,
) noexcept nogil:
    cdef const real* point[POINTS]
    cdef vec acc[POINTS][PANEL_VECTORS]
    cdef vec b_k[PANEL_VECTORS]
    cdef vec a_ik
    cdef const real* line
    cdef Py_ssize_t k, offset
    cdef int i, j
    for i in range(points):
        point[i] = a + places[i]
        for j in range(vectors):
            acc[i][j] = vec_load(c + (i * vectors + j) * LANES) if accumulate else vec_set(0)
    for k in range(depth):
        offset = offsets[k]
        line = b + lines[k] * (vectors * LANES)
        for j in range(vectors):
            b_k[j] = vec_load(line + j * LANES)
        for i in range(points):
            a_ik = vec_set(point[i][offset])
            for j in range(vectors):
                acc[i][j] = vec_fma(a_ik, b_k[j], acc[i][j])
    for i in range(points):
        for j in range(vectors):
            vec_store(c + (i * vectors + j) * LANES, acc[i][j])


ctypedef void (*Points)(
    Py_ssize_t depth,
    const real* a, const Py_ssize_t* places, const Py_ssize_t* offsets,     # A[i, k] = a[places[i] + offsets[k]]
    const real* b, const Py_ssize_t* lines,     # B[k, j] = b[lines[k] * vectors * LANES + j], a packed panel
    real* c,                                    # points_of(vectors) x vectors * LANES, contiguous
    bint accumulate,
) noexcept nogil


cdef inline void points_1(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Py_ssize_t* offsets,
                          const real* b, const Py_ssize_t* lines, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(1), 1, depth, a, places, offsets, b, lines, c, accumulate)


cdef inline void points_2(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Py_ssize_t* offsets,
                          const real* b, const Py_ssize_t* lines, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(2), 2, depth, a, places, offsets, b, lines, c, accumulate)


cdef inline void points_3(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Py_ssize_t* offsets,
                          const real* b, const Py_ssize_t* lines, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(min(3, PANEL_VECTORS)), min(3, PANEL_VECTORS), depth, a, places, offsets, b, lines, c,
                accumulate)


cdef inline void points_full(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Py_ssize_t* offsets,
                             const real* b, const Py_ssize_t* lines, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(PANEL_VECTORS), PANEL_VECTORS, depth, a, places, offsets, b, lines, c, accumulate)


cdef inline Points points(int vectors) noexcept nogil:
    """The tile of points_of(vectors) points and a panel that is so many vectors wide."""
    if vectors >= PANEL_VECTORS:
        return points_full
    if vectors == 1:
        return points_1
    return points_2 if vectors == 2 else points_3


cdef inline void dots_of(
    const int rows, const int columns,          # constants at every call
    Py_ssize_t length, const real* a, Py_ssize_t a_step, const real* b, const Py_ssize_t* offsets,
    real* c, Py_ssize_t c_step,
) noexcept nogil:
    cdef vec acc[TILE_ROWS][MOST_VECTORS]
    cdef vec held[MOST_VECTORS]
    cdef vec one
    cdef Py_ssize_t k
    cdef Py_ssize_t _step
    cdef int i, j
    for i in range(rows):
        for j in range(columns):
            acc[i][j] = vec_set(0)
    k = 0
    for _step in range(length // LANES):
        if rows < columns:
            for i in range(rows):
                held[i] = vec_load(a + i * a_step + k)
            for j in range(columns):
                one = vec_load(b + offsets[j] + k)
                for i in range(rows):
                    acc[i][j] = vec_fma(held[i], one, acc[i][j])
        else:
            for j in range(columns):
                held[j] = vec_load(b + offsets[j] + k)
            for i in range(rows):
                one = vec_load(a + i * a_step + k)
                for j in range(columns):
                    acc[i][j] = vec_fma(one, held[j], acc[i][j])
        k += LANES
    for i in range(rows):
        for j in range(columns):
            c[i * c_step + j] += vec_sum(acc[i][j])


ctypedef void (*Dots)(
    Py_ssize_t length,                          # a multiple of LANES
    const real* a, Py_ssize_t a_step,           # A[i, k] = a[i*a_step + k]
    const real* b, const Py_ssize_t* offsets,   # B[k, j] = b[offsets[j] + k]
    real* c, Py_ssize_t c_step,                 # rows x vectors_of(rows), added to
) noexcept nogil


cdef inline void dots_1(Py_ssize_t length, const real* a, Py_ssize_t a_step, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(1, vectors_of(1), length, a, a_step, b, offsets, c, c_step)


cdef inline void dots_2(Py_ssize_t length, const real* a, Py_ssize_t a_step, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(2, vectors_of(2), length, a, a_step, b, offsets, c, c_step)


cdef inline void dots_3(Py_ssize_t length, const real* a, Py_ssize_t a_step, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(3, vectors_of(3), length, a, a_step, b, offsets, c, c_step)


cdef inline void dots_4(Py_ssize_t length, const real* a, Py_ssize_t a_step, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(4, vectors_of(4), length, a, a_step, b, offsets, c, c_step)


cdef inline void dots_5(Py_ssize_t length, const real* a, Py_ssize_t a_step, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(5, vectors_of(5), length, a, a_step, b, offsets, c, c_step)


cdef inline void dots_6(Py_ssize_t length, const real* a, Py_ssize_t a_step, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(6, vectors_of(6), length, a, a_step, b, offsets, c, c_step)


cdef inline void dots_7(Py_ssize_t length, const real* a, Py_ssize_t a_step, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(min(7, TILE_ROWS), vectors_of(7), length, a, a_step, b, offsets, c, c_step)


cdef inline void dots_full(Py_ssize_t length, const real* a, Py_ssize_t a_step, const real* b,
                           const Py_ssize_t* offsets, real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(TILE_ROWS, TILE_VECTORS, length, a, a_step, b, offsets, c, c_step)


cdef inline Dots dots_in_place(int rows) noexcept nogil:
    """The dot products of up to TILE_ROWS rows with vectors_of(rows) columns, both where they lie."""
    if rows >= TILE_ROWS:
        return dots_full
    if rows == 1:
        return dots_1
    if rows == 2:
        return dots_2
    if rows == 3:
        return dots_3
    if rows == 4:
        return dots_4
    if rows == 5:
        return dots_5
    return dots_6 if rows == 6 else dots_7
