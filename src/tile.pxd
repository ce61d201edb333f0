"""The register tile: the one loop in which fastconv spends its floating-point operations.

    C[i, j] += sum over k of A[i, k] * B[k, j]          i < TILE_ROWS, j < TILE_COLUMNS

    for k in 0 .. depth:                      the only loop at run time
        b0, b1(, b2)      <- one row of B     TILE_VECTORS vector loads
        for each row i:   a <- A[i, k]        one broadcast
            C[i, :] += a * b                  TILE_VECTORS fused multiply-adds
All of C stays in registers. A is read through two strides, so that it may be a packed panel (row_step 1, k_step
TILE_ROWS), a plain row-major matrix (row_step = its width, k_step 1) or an image. B is a packed panel whose rows are
TILE_COLUMNS apart. The order of the sum over k is the same for every element of C, in full tiles and at edges.

Some do several tiles, one after the other. That spares calls; above all, GCC holds accumulators in registers from their
first value to the last only inside of a loop, and takes 40 to 80 cycles to move them otherwise.

`tile_in_place` reads the rows of B where they lie, at given offsets, and serves fewer rows with wider vectors:

    rows of C                1   2   3   4   5   6   7   8
    vectors, 16 registers    8   6   4   3   2   2
    vectors, 32 registers    8   8   8   6   4   4   3   3

`tile_of_taps` has the same widths, and runs over taps in a nest of loops instead of offsets, so that some rows and
columns of them can be left out without a table for each choice.

`points` reads A where it lies, number by number: A[i, k] is at places[i] + terms[k].offset. B is packed in panels that
are one to PANEL_VECTORS vectors wide, of which row terms[k].line / LANES is met. Any set of positions of an image can
be the rows of such a tile, its taps the sum, or the other way round. Some are a row shorter, where rows do not divide
evenly.

    vectors                  1   2   3   4
    rows, 16 registers       8   6
    rows, 32 registers       9   9   8   6

`dots_in_place` sums over vectors instead: C[i, j] is a vector of dot products, one for each lane, of a row of A and a
column of B, which lies where it lies, some lines of some vectors.
"""
from .simd cimport (
    LANES, MOST_TILE_VECTORS, NO_BIAS, NO_SUMS, PANEL_VECTORS, POINTS, TILE_COLUMNS, TILE_ROWS, TILE_VECTORS, UNIT,
    in_register, real, vec, vec_add, vec_fma, vec_load, vec_load_part, vec_load_turned, vec_set, vec_store,
    vec_store_part, vec_sum, vec_transpose,
)

cdef enum:
    MOST_VECTORS = 8
    TILE_CYCLES = 40            # to begin and end a tile, about


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
    Py_ssize_t tiles, Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets,
    real* c, Py_ssize_t c_step, const real* bias, bint accumulate,
) noexcept nogil:
    cdef vec acc[TILE_ROWS][MOST_VECTORS]
    cdef vec held[MOST_VECTORS]                 # of A or B, whichever needs fewer registers
    cdef vec one
    cdef Py_ssize_t _tile, k
    cdef int i, j
    for _tile in range(tiles):
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
        if bias != NULL:
            for i in range(rows):
                one = vec_set(bias[i])
                for j in range(vectors):
                    acc[i][j] = vec_add(acc[i][j], one)
        for i in range(rows):
            for j in range(vectors):
                vec_store(c + i * c_step + j * LANES, acc[i][j])
        b += vectors * LANES
        c += vectors * LANES


ctypedef void (*InPlace)(
    Py_ssize_t tiles, Py_ssize_t depth,
    const real* a,                              # a packed panel, TILE_ROWS apart also if there are fewer rows
    const real* b, const Py_ssize_t* offsets,   # B[k, j] = b[offsets[k] + j]
    real* c, Py_ssize_t c_step,                 # rows x vectors_of(rows) * LANES for each tile
    const real* bias,                           # added to the sums, one for each row; or NULL
    bint accumulate,
) noexcept nogil


cdef inline void tile_1(Py_ssize_t tiles, Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step, const real* bias, bint accumulate) noexcept nogil:
    tile_of(1, vectors_of(1), tiles, depth, a, b, offsets, c, c_step, bias, accumulate)


cdef inline void tile_2(Py_ssize_t tiles, Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step, const real* bias, bint accumulate) noexcept nogil:
    tile_of(2, vectors_of(2), tiles, depth, a, b, offsets, c, c_step, bias, accumulate)


cdef inline void tile_3(Py_ssize_t tiles, Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step, const real* bias, bint accumulate) noexcept nogil:
    tile_of(3, vectors_of(3), tiles, depth, a, b, offsets, c, c_step, bias, accumulate)


cdef inline void tile_4(Py_ssize_t tiles, Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step, const real* bias, bint accumulate) noexcept nogil:
    tile_of(4, vectors_of(4), tiles, depth, a, b, offsets, c, c_step, bias, accumulate)


cdef inline void tile_5(Py_ssize_t tiles, Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step, const real* bias, bint accumulate) noexcept nogil:
    tile_of(5, vectors_of(5), tiles, depth, a, b, offsets, c, c_step, bias, accumulate)


cdef inline void tile_6(Py_ssize_t tiles, Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step, const real* bias, bint accumulate) noexcept nogil:
    tile_of(6, vectors_of(6), tiles, depth, a, b, offsets, c, c_step, bias, accumulate)


cdef inline void tile_7(Py_ssize_t tiles, Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step, const real* bias, bint accumulate) noexcept nogil:
    tile_of(min(7, TILE_ROWS), vectors_of(7), tiles, depth, a, b, offsets, c, c_step, bias, accumulate)


cdef inline void tile_full(Py_ssize_t tiles, Py_ssize_t depth, const real* a, const real* b, const Py_ssize_t* offsets,
                           real* c, Py_ssize_t c_step, const real* bias, bint accumulate) noexcept nogil:
    tile_of(TILE_ROWS, TILE_VECTORS, tiles, depth, a, b, offsets, c, c_step, bias, accumulate)


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


cdef struct Nest:               # of taps: channels, rows, columns; steps in reals
    Py_ssize_t channels, rows, columns
    Py_ssize_t a_channel, a_row                     # a column of A is TILE_ROWS apart from the next
    Py_ssize_t b_channel, b_row, b_column


cdef inline void nest_of(
    const int rows, const int vectors,              # constants at every call
    Py_ssize_t tiles, const Nest* n, const real* a, const real* b, real* c, Py_ssize_t c_step, const real* bias,
) noexcept nogil:
    cdef vec acc[TILE_ROWS][MOST_VECTORS]
    cdef vec held[MOST_VECTORS]
    cdef vec one
    cdef const real* a_channel
    cdef const real* b_channel
    cdef const real* a_row
    cdef const real* b_row
    cdef const real* a_tap
    cdef const real* b_tap
    cdef Py_ssize_t _tile, _c, _r, _s, columns = n.columns, b_column = n.b_column
    cdef int i, j
    for _tile in range(tiles):
        for i in range(rows):
            for j in range(vectors):
                acc[i][j] = vec_set(0)
        a_channel, b_channel = a, b
        for _c in range(n.channels):
            a_row, b_row = a_channel, b_channel
            for _r in range(n.rows):
                a_tap, b_tap = a_row, b_row
                for _s in range(columns):
                    if rows < vectors:
                        for i in range(rows):
                            held[i] = vec_set(a_tap[i])
                        for j in range(vectors):
                            one = vec_load(b_tap + j * LANES)
                            for i in range(rows):
                                acc[i][j] = vec_fma(held[i], one, acc[i][j])
                    else:
                        for j in range(vectors):
                            held[j] = vec_load(b_tap + j * LANES)
                        for i in range(rows):
                            one = vec_set(a_tap[i])
                            for j in range(vectors):
                                acc[i][j] = vec_fma(one, held[j], acc[i][j])
                    a_tap += TILE_ROWS
                    b_tap += b_column
                a_row += n.a_row
                b_row += n.b_row
            a_channel += n.a_channel
            b_channel += n.b_channel
        for i in range(rows):
            one = vec_set(bias[i])
            for j in range(vectors):
                vec_store(c + i * c_step + j * LANES, vec_add(acc[i][j], one))
        b += vectors * LANES
        c += vectors * LANES


ctypedef void (*NestTile)(
    Py_ssize_t tiles, const Nest* n,
    const real* a,                              # a packed panel, as that of tile_in_place
    const real* b,                              # the value of the first tap for column 0; column j is j further
    real* c, Py_ssize_t c_step,                 # rows x vectors_of(rows) * LANES for each tile, written
    const real* bias,                           # added to the sums, one for each row
) noexcept nogil


cdef inline void nest_1(Py_ssize_t tiles, const Nest* n, const real* a, const real* b, real* c, Py_ssize_t c_step,
                        const real* bias) noexcept nogil:
    nest_of(1, vectors_of(1), tiles, n, a, b, c, c_step, bias)


cdef inline void nest_2(Py_ssize_t tiles, const Nest* n, const real* a, const real* b, real* c, Py_ssize_t c_step,
                        const real* bias) noexcept nogil:
    nest_of(2, vectors_of(2), tiles, n, a, b, c, c_step, bias)


cdef inline void nest_3(Py_ssize_t tiles, const Nest* n, const real* a, const real* b, real* c, Py_ssize_t c_step,
                        const real* bias) noexcept nogil:
    nest_of(3, vectors_of(3), tiles, n, a, b, c, c_step, bias)


cdef inline void nest_4(Py_ssize_t tiles, const Nest* n, const real* a, const real* b, real* c, Py_ssize_t c_step,
                        const real* bias) noexcept nogil:
    nest_of(4, vectors_of(4), tiles, n, a, b, c, c_step, bias)


cdef inline void nest_5(Py_ssize_t tiles, const Nest* n, const real* a, const real* b, real* c, Py_ssize_t c_step,
                        const real* bias) noexcept nogil:
    nest_of(5, vectors_of(5), tiles, n, a, b, c, c_step, bias)


cdef inline void nest_6(Py_ssize_t tiles, const Nest* n, const real* a, const real* b, real* c, Py_ssize_t c_step,
                        const real* bias) noexcept nogil:
    nest_of(6, vectors_of(6), tiles, n, a, b, c, c_step, bias)


cdef inline void nest_7(Py_ssize_t tiles, const Nest* n, const real* a, const real* b, real* c, Py_ssize_t c_step,
                        const real* bias) noexcept nogil:
    nest_of(min(7, TILE_ROWS), vectors_of(7), tiles, n, a, b, c, c_step, bias)


cdef inline void nest_full(Py_ssize_t tiles, const Nest* n, const real* a, const real* b, real* c, Py_ssize_t c_step,
                           const real* bias) noexcept nogil:
    nest_of(TILE_ROWS, TILE_VECTORS, tiles, n, a, b, c, c_step, bias)


cdef inline NestTile tile_of_taps(int rows) noexcept nogil:
    """The tile of up to TILE_ROWS rows. (Called through a pointer, as one at a time gets all registers.)"""
    cdef NestTile tiles[8]
    tiles[0], tiles[1], tiles[2], tiles[3] = nest_1, nest_2, nest_3, nest_4
    tiles[4], tiles[5], tiles[6], tiles[7] = nest_5, nest_6, nest_7, nest_full
    return nest_full if rows >= TILE_ROWS else tiles[rows - 1]


cdef inline int points_of(int vectors) noexcept nogil:
    """How many rows a tile of points has, if it is so many vectors wide."""
    return min(TILE_ROWS * TILE_VECTORS // vectors, POINTS)


cdef struct Term:               # of a sum of products; small, as a table of them is read for each tile
    int offset                  # of a number of A
    int line                    # of B, times LANES


cdef inline void points_term(
    const int points, const int vectors, const real** point, vec (*acc)[PANEL_VECTORS], const Term* term, const real* b,
) noexcept nogil:
    cdef Py_ssize_t offset = term.offset
    cdef const real* line = b + <Py_ssize_t>term.line * vectors
    cdef vec b_k[PANEL_VECTORS]
    cdef vec a_ik
    cdef int i, j
    for j in range(vectors):
        b_k[j] = vec_load(line + j * LANES)
    for i in range(points):
        a_ik = vec_set(point[i][offset])
        for j in range(vectors):
            acc[i][j] = vec_fma(a_ik, b_k[j], acc[i][j])


cdef inline void points_tile(
    const int points, const int vectors,        # constants at every call
    Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Term* terms, const real* b, real* c,
    bint accumulate,
) noexcept nogil:
    cdef const real* point[POINTS]
    cdef vec acc[POINTS][PANEL_VECTORS]
    cdef const Term* stop = terms + depth
    cdef const real* sums = <const real*>c if accumulate else NO_SUMS
    cdef Py_ssize_t sums_row = vectors * LANES if accumulate else 0
    cdef int i, j
    for i in range(points):
        point[i] = in_register(a + places[i])
        for j in range(vectors):
            acc[i][j] = vec_load(sums + i * sums_row + j * LANES)
    while True:                                     # at least once: else they would begin and end in memory
        points_term(points, vectors, point, acc, terms, b)
        terms += 1
        if terms == stop:
            break
        if vectors > 1:                             # two in a turn: a jump back takes the time of a few instructions
            points_term(points, vectors, point, acc, terms, b)
            terms += 1
            if terms == stop:
                break
    for i in range(points):
        for j in range(vectors):
            vec_store(c + (i * vectors + j) * LANES, acc[i][j])


ctypedef void (*Points)(
    Py_ssize_t depth,                           # at least 1
    const real* a, const Py_ssize_t* places,    # A[i, k] = a[places[i] + terms[k].offset]
    const Term* terms,
    const real* b,                              # B[k, j] = b[terms[k].line * vectors + j], a packed panel
    real* c,                                    # points x vectors * LANES, contiguous
    bint accumulate,
) noexcept nogil


cdef inline void points_1(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Term* terms,
                          const real* b, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(1), 1, depth, a, places, terms, b, c, accumulate)


cdef inline void shorter_1(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Term* terms,
                           const real* b, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(1) - 1, 1, depth, a, places, terms, b, c, accumulate)


cdef inline void points_2(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Term* terms,
                          const real* b, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(2), 2, depth, a, places, terms, b, c, accumulate)


cdef inline void shorter_2(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Term* terms,
                           const real* b, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(2) - 1, 2, depth, a, places, terms, b, c, accumulate)


cdef inline void points_3(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Term* terms,
                          const real* b, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(min(3, PANEL_VECTORS)), min(3, PANEL_VECTORS), depth, a, places, terms, b, c, accumulate)


cdef inline void shorter_3(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Term* terms,
                           const real* b, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(min(3, PANEL_VECTORS)) - 1, min(3, PANEL_VECTORS), depth, a, places, terms, b, c, accumulate)


cdef inline void points_full(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Term* terms,
                             const real* b, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(PANEL_VECTORS), PANEL_VECTORS, depth, a, places, terms, b, c, accumulate)


cdef inline void shorter_full(Py_ssize_t depth, const real* a, const Py_ssize_t* places, const Term* terms,
                              const real* b, real* c, bint accumulate) noexcept nogil:
    points_tile(points_of(PANEL_VECTORS) - 1, PANEL_VECTORS, depth, a, places, terms, b, c, accumulate)


cdef inline Points points(int vectors, bint shorter) noexcept nogil:
    """The tile of points_of(vectors) points, or one fewer, and a panel that is so many vectors wide."""
    if vectors >= PANEL_VECTORS:
        return shorter_full if shorter else points_full
    if vectors == 1:
        return shorter_1 if shorter else points_1
    if vectors == 2:
        return shorter_2 if shorter else points_2
    return shorter_3 if shorter else points_3


cdef inline Py_ssize_t shorter_tiles(Py_ssize_t rows, Py_ssize_t height) noexcept nogil:
    """How many of ceil(rows / height) tiles can be one row shorter: then little or nothing is computed in vain."""
    cdef Py_ssize_t tiles = (rows + height - 1) // height
    return min(tiles * height - rows, tiles)


cdef inline void all_points(int vectors, Py_ssize_t count, Py_ssize_t depth, const real* a, const Py_ssize_t* places,
                            const Term* terms, const real* b, real* c, bint accumulate) noexcept nogil:
    """Tiles for `count` points and one panel; up to POINTS more places are read, and lines of C written."""
    cdef Points tile = points(vectors, False)
    cdef Py_ssize_t height = points_of(vectors), tiles = (count + height - 1) // height, t
    cdef Py_ssize_t full = tiles - shorter_tiles(count, height)
    for t in range(tiles):
        if t == full:
            tile = points(vectors, True)
            height -= 1
        tile(depth, a, places, terms, b, c, accumulate)
        places += height
        c += height * vectors * LANES


cdef struct Lines:              # of vectors; steps in reals
    Py_ssize_t lines, vectors                       # of a line
    Py_ssize_t a_row                                # A has its vectors one after the other
    Py_ssize_t b_line, b_vector


cdef inline void dots_of(
    const int rows, const int columns,          # constants at every call
    Py_ssize_t tiles, const Lines* n, const real* a, const real* b, const Py_ssize_t* offsets, real* c,
    Py_ssize_t c_step,
) noexcept nogil:
    cdef vec acc[TILE_ROWS][MOST_VECTORS]
    cdef vec held[MOST_VECTORS]
    cdef vec one
    cdef const real* a_line
    cdef const real* b_line
    cdef Py_ssize_t _tile, _line, _x, k, a_row = n.a_row, b_vector = n.b_vector
    cdef int i, j
    for _tile in range(tiles):
        for i in range(rows):
            for j in range(columns):
                acc[i][j] = vec_load(c + (i * c_step + j) * LANES)
        a_line, b_line = a, b
        for _line in range(n.lines):
            k = 0
            for _x in range(n.vectors):
                if rows < columns:
                    for i in range(rows):
                        held[i] = vec_load(a_line + i * a_row)
                    for j in range(columns):
                        one = vec_load(b_line + offsets[j] + k)
                        for i in range(rows):
                            acc[i][j] = vec_fma(held[i], one, acc[i][j])
                else:
                    for j in range(columns):
                        held[j] = vec_load(b_line + offsets[j] + k)
                    for i in range(rows):
                        one = vec_load(a_line + i * a_row)
                        for j in range(columns):
                            acc[i][j] = vec_fma(one, held[j], acc[i][j])
                a_line += LANES
                k += b_vector
            b_line += n.b_line
        for i in range(rows):
            for j in range(columns):
                vec_store(c + (i * c_step + j) * LANES, acc[i][j])
        offsets += columns
        c += columns * LANES


ctypedef void (*Dots)(
    Py_ssize_t tiles, const Lines* n,
    const real* a,                              # A[i, (l, x)] = the vector a[i*a_row + (l*vectors + x) * LANES]
    const real* b, const Py_ssize_t* offsets,   # B[(l, x), j] = the vector b[offsets[j] + l*b_line + x*b_vector]
    real* c, Py_ssize_t c_step,                 # rows x vectors_of(rows) vectors for each tile, added to
) noexcept nogil


cdef inline void dots_1(Py_ssize_t tiles, const Lines* n, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(1, vectors_of(1), tiles, n, a, b, offsets, c, c_step)


cdef inline void dots_2(Py_ssize_t tiles, const Lines* n, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(2, vectors_of(2), tiles, n, a, b, offsets, c, c_step)


cdef inline void dots_3(Py_ssize_t tiles, const Lines* n, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(3, vectors_of(3), tiles, n, a, b, offsets, c, c_step)


cdef inline void dots_4(Py_ssize_t tiles, const Lines* n, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(4, vectors_of(4), tiles, n, a, b, offsets, c, c_step)


cdef inline void dots_5(Py_ssize_t tiles, const Lines* n, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(5, vectors_of(5), tiles, n, a, b, offsets, c, c_step)


cdef inline void dots_6(Py_ssize_t tiles, const Lines* n, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(6, vectors_of(6), tiles, n, a, b, offsets, c, c_step)


cdef inline void dots_7(Py_ssize_t tiles, const Lines* n, const real* a, const real* b, const Py_ssize_t* offsets,
                        real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(min(7, TILE_ROWS), vectors_of(7), tiles, n, a, b, offsets, c, c_step)


cdef inline void dots_full(Py_ssize_t tiles, const Lines* n, const real* a, const real* b, const Py_ssize_t* offsets,
                           real* c, Py_ssize_t c_step) noexcept nogil:
    dots_of(TILE_ROWS, TILE_VECTORS, tiles, n, a, b, offsets, c, c_step)


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


# Products of matrices: tiles of any number of rows and columns, with C where it lies.
#
#     vectors                   1   2   3   4
#     rows, 16 registers        6   6
#     rows, 32 registers        8   8   8   6
#
# Each element of C is one chain of multiply-adds over k in order, in every tile and in `few_rows`.

cdef enum:
    PRODUCT_ROWS = 8
    PRODUCT_VECTORS = MOST_TILE_VECTORS
    FEW_ROWS = 4
    FEW_VECTORS = 3
    L1_SETS = 64                # of lines of 64 bytes
    L1_WAYS = 8                 # or more


cdef struct Product:
    Py_ssize_t depth            # at least 1
    const real* a
    Py_ssize_t a_row, a_k       # A[i, k] = a[i*a_row + k*a_k]
    const real* b
    Py_ssize_t b_k, b_last      # vector j of row k of B is at b[k*b_k + j*LANES], the last one at b[k*b_k + b_last]
    real* c
    Py_ssize_t c_row, c_last    # likewise, vector j of row i of C: the last one may overlap the one before
    const real* bias            # added to the sums, laid out as a row of C; or NULL
    const real* row_bias        # likewise, one number for each row
    bint accumulate             # go on from what is in C, or start from zero


cdef inline Py_ssize_t product_rows(Py_ssize_t vectors) noexcept nogil:
    """Rows of the tile of so many vectors: as many as there are registers for."""
    return TILE_ROWS if vectors <= TILE_VECTORS else TILE_ROWS * TILE_VECTORS // vectors


cdef inline void product_of(const int rows, const int vectors, const Product* p) noexcept nogil:    # constants
    cdef vec acc[PRODUCT_ROWS][PRODUCT_VECTORS]
    cdef vec held[PRODUCT_VECTORS]
    cdef vec a_ik
    cdef const real* a = p.a
    cdef const real* b = p.b
    cdef real* c = p.c
    cdef const real* sums = <const real*>p.c if p.accumulate else NO_SUMS
    cdef const real* bias = p.bias if p.bias != NULL else NO_BIAS
    cdef const real* row_bias = p.row_bias if p.row_bias != NULL else NO_BIAS
    cdef Py_ssize_t sums_row = p.c_row if p.accumulate else 0
    cdef Py_ssize_t k = p.depth, a_row = p.a_row, a_k = p.a_k, b_k = p.b_k, b_last = p.b_last
    cdef Py_ssize_t c_row = p.c_row, c_last = p.c_last
    cdef int i, j
    for i in range(rows):
        for j in range(vectors):
            acc[i][j] = vec_load(sums + i * sums_row + (j * LANES if j < vectors - 1 else c_last))
    while True:
        for j in range(vectors):
            held[j] = vec_load(b + (j * LANES if j < vectors - 1 else b_last))
        for i in range(rows):
            a_ik = vec_set(a[i * a_row])
            for j in range(vectors):
                acc[i][j] = vec_fma(a_ik, held[j], acc[i][j])
        a += a_k
        b += b_k
        k -= 1
        if k == 0:
            break
    for j in range(vectors):
        held[j] = vec_load(bias + (j * LANES if j < vectors - 1 else c_last))
    for i in range(rows):
        a_ik = vec_set(row_bias[i])
        for j in range(vectors):
            vec_store(c + i * c_row + (j * LANES if j < vectors - 1 else c_last),
                      vec_add(vec_add(acc[i][j], held[j]), a_ik))


ctypedef void (*ProductTile)(const Product* p) noexcept nogil


cdef inline void product_1x1(const Product* p) noexcept nogil:
    product_of(1, 1, p)


cdef inline void product_2x1(const Product* p) noexcept nogil:
    product_of(2, 1, p)


cdef inline void product_3x1(const Product* p) noexcept nogil:
    product_of(3, 1, p)


cdef inline void product_4x1(const Product* p) noexcept nogil:
    product_of(4, 1, p)


cdef inline void product_5x1(const Product* p) noexcept nogil:
    product_of(5, 1, p)


cdef inline void product_6x1(const Product* p) noexcept nogil:
    product_of(6, 1, p)


cdef inline void product_7x1(const Product* p) noexcept nogil:
    product_of(min(7, TILE_ROWS), 1, p)


cdef inline void product_8x1(const Product* p) noexcept nogil:
    product_of(min(8, TILE_ROWS), 1, p)


cdef inline void product_1x2(const Product* p) noexcept nogil:
    product_of(1, 2, p)


cdef inline void product_2x2(const Product* p) noexcept nogil:
    product_of(2, 2, p)


cdef inline void product_3x2(const Product* p) noexcept nogil:
    product_of(3, 2, p)


cdef inline void product_4x2(const Product* p) noexcept nogil:
    product_of(4, 2, p)


cdef inline void product_5x2(const Product* p) noexcept nogil:
    product_of(5, 2, p)


cdef inline void product_6x2(const Product* p) noexcept nogil:
    product_of(6, 2, p)


cdef inline void product_7x2(const Product* p) noexcept nogil:
    product_of(min(7, TILE_ROWS), 2, p)


cdef inline void product_8x2(const Product* p) noexcept nogil:
    product_of(min(8, TILE_ROWS), 2, p)


cdef inline void product_1x3(const Product* p) noexcept nogil:
    product_of(1, min(3, PRODUCT_VECTORS), p)


cdef inline void product_2x3(const Product* p) noexcept nogil:
    product_of(2, min(3, PRODUCT_VECTORS), p)


cdef inline void product_3x3(const Product* p) noexcept nogil:
    product_of(3, min(3, PRODUCT_VECTORS), p)


cdef inline void product_4x3(const Product* p) noexcept nogil:
    product_of(4, min(3, PRODUCT_VECTORS), p)


cdef inline void product_5x3(const Product* p) noexcept nogil:
    product_of(5, min(3, PRODUCT_VECTORS), p)


cdef inline void product_6x3(const Product* p) noexcept nogil:
    product_of(6, min(3, PRODUCT_VECTORS), p)


cdef inline void product_7x3(const Product* p) noexcept nogil:
    product_of(min(7, TILE_ROWS), min(3, PRODUCT_VECTORS), p)


cdef inline void product_8x3(const Product* p) noexcept nogil:
    product_of(min(8, TILE_ROWS), min(3, PRODUCT_VECTORS), p)


cdef inline void product_1x4(const Product* p) noexcept nogil:
    product_of(1, min(4, PRODUCT_VECTORS), p)


cdef inline void product_2x4(const Product* p) noexcept nogil:
    product_of(2, min(4, PRODUCT_VECTORS), p)


cdef inline void product_3x4(const Product* p) noexcept nogil:
    product_of(3, min(4, PRODUCT_VECTORS), p)


cdef inline void product_4x4(const Product* p) noexcept nogil:
    product_of(4, min(4, PRODUCT_VECTORS), p)


cdef inline void product_5x4(const Product* p) noexcept nogil:
    product_of(5, min(4, PRODUCT_VECTORS), p)


cdef inline void product_6x4(const Product* p) noexcept nogil:
    product_of(6, min(4, PRODUCT_VECTORS), p)


cdef inline ProductTile product_tile(Py_ssize_t rows, Py_ssize_t vectors) noexcept nogil:
    """The tile of up to product_rows(vectors) rows. (Called through a pointer, as one at a time gets all registers.)"""
    cdef ProductTile tiles[4][PRODUCT_ROWS]
    tiles[0][0] = product_1x1
    tiles[0][1] = product_2x1
    tiles[0][2] = product_3x1
    tiles[0][3] = product_4x1
    tiles[0][4] = product_5x1
    tiles[0][5] = product_6x1
    tiles[0][6] = product_7x1
    tiles[0][7] = product_8x1
    tiles[1][0] = product_1x2
    tiles[1][1] = product_2x2
    tiles[1][2] = product_3x2
    tiles[1][3] = product_4x2
    tiles[1][4] = product_5x2
    tiles[1][5] = product_6x2
    tiles[1][6] = product_7x2
    tiles[1][7] = product_8x2
    tiles[2][0] = product_1x3
    tiles[2][1] = product_2x3
    tiles[2][2] = product_3x3
    tiles[2][3] = product_4x3
    tiles[2][4] = product_5x3
    tiles[2][5] = product_6x3
    tiles[2][6] = product_7x3
    tiles[2][7] = product_8x3
    tiles[3][0] = product_1x4
    tiles[3][1] = product_2x4
    tiles[3][2] = product_3x4
    tiles[3][3] = product_4x4
    tiles[3][4] = product_5x4
    tiles[3][5] = product_6x4
    return tiles[vectors - 1][rows - 1]


cdef inline void add_part(const int rows, const Product* p, const real* b, Py_ssize_t width, Py_ssize_t k,
                          Py_ssize_t part, vec* acc) noexcept nogil:
    """acc[r] += A[r, k] * B[k, :] for up to LANES k: at the ends, and where there are fewer than LANES columns."""
    cdef vec block[LANES]
    cdef Py_ssize_t from_ = min(k, max(p.depth - LANES, 0)), loaded = min(p.depth, LANES)
    cdef int i, r
    for i in range(LANES):
        if i >= width:
            block[i] = vec_set(0)
        elif loaded == LANES:
            block[i] = vec_load(b + i * p.b_k + from_)
        else:
            block[i] = vec_load_part(b + i * p.b_k, loaded)
    vec_transpose(block)
    for i in range(LANES):
        if k <= from_ + i and from_ + i < k + part:
            for r in range(rows):
                acc[r] = vec_fma(vec_set(p.a[r * p.a_row + from_ + i]), block[i], acc[r])


cdef inline void rows_of(const int rows, const int vectors, const Product* p, Py_ssize_t width) noexcept nogil:
    """Several vectors at a time where rows are few: a multiply-add waits for the one before it in its row."""
    cdef vec acc[FEW_VECTORS][FEW_ROWS]
    cdef vec block[FEW_VECTORS][UNIT]
    cdef vec bias
    cdef Py_ssize_t k = 0, part, column = LANES * p.b_k
    cdef int i, r, v
    for v in range(vectors):
        for r in range(rows):
            acc[v][r] = vec_set(0)
    if width == LANES:
        part = (UNIT - <Py_ssize_t>(<size_t>p.b // sizeof(real) % UNIT)) % UNIT
        if part > 0 and part < p.depth:                 # from here on units do not straddle cache lines
            for v in range(vectors):
                add_part(rows, p, p.b + v * column, width, 0, part, acc[v])
            k = part
        while k + UNIT <= p.depth:
            for v in range(vectors):
                vec_load_turned(p.b + v * column + k, p.b_k, block[v])
            for i in range(UNIT):
                for v in range(vectors):
                    for r in range(rows):
                        acc[v][r] = vec_fma(vec_set(p.a[r * p.a_row + k + i]), block[v][i], acc[v][r])
            k += UNIT
    while k < p.depth:
        part = min(p.depth - k, LANES)
        for v in range(vectors):
            add_part(rows, p, p.b + v * column, width, k, part, acc[v])
        k += part
    for v in range(vectors):
        if p.bias != NULL:
            bias = vec_load(p.bias + v * LANES) if width == LANES else vec_load_part(p.bias, width)
            for r in range(rows):
                acc[v][r] = vec_add(acc[v][r], bias)
        for r in range(rows):
            if width == LANES:
                vec_store(p.c + r * p.c_row + v * LANES, acc[v][r])
            else:
                vec_store_part(p.c + r * p.c_row, acc[v][r], width)


ctypedef void (*Rows)(
    const Product* p,                           # A[i, k] = a[i*a_row + k]; B[k, j] = b[j*b_k + k]
    Py_ssize_t width,                           # of each vector of columns: LANES, or less if there is only one
) noexcept nogil


cdef inline void rows_1(const Product* p, Py_ssize_t width) noexcept nogil:
    rows_of(1, 1, p, width)


cdef inline void rows_1x2(const Product* p, Py_ssize_t width) noexcept nogil:
    rows_of(1, 2, p, width)


cdef inline void rows_1x3(const Product* p, Py_ssize_t width) noexcept nogil:
    rows_of(1, FEW_VECTORS, p, width)


cdef inline void rows_2(const Product* p, Py_ssize_t width) noexcept nogil:
    rows_of(2, 1, p, width)


cdef inline void rows_2x2(const Product* p, Py_ssize_t width) noexcept nogil:
    rows_of(2, 2, p, width)


cdef inline void rows_3(const Product* p, Py_ssize_t width) noexcept nogil:
    rows_of(3, 1, p, width)


cdef inline void rows_4(const Product* p, Py_ssize_t width) noexcept nogil:
    rows_of(FEW_ROWS, 1, p, width)


cdef inline Rows few_rows(Py_ssize_t rows, Py_ssize_t vectors) noexcept nogil:
    """Up to FEW_ROWS rows times vectors of columns that lie contiguous, as many as `few_vectors` says, or one: they
    are transposed in registers.
    """
    if rows == 1:
        return rows_1 if vectors == 1 else rows_1x2 if vectors == 2 else rows_1x3
    if rows == 2:
        return rows_2 if vectors == 1 else rows_2x2
    return rows_3 if rows == 3 else rows_4


cdef inline Py_ssize_t few_vectors(Py_ssize_t rows, Py_ssize_t b_k) noexcept nogil:
    """As many as rows pay for, and as L1 holds a line of each column of: some powers of two apart, they share sets."""
    cdef Py_ssize_t apart = b_k * sizeof(real), sets = L1_SETS * 64 // max(min(apart & -apart, L1_SETS * 64), 64)
    return max(min(FEW_VECTORS if rows == 1 else 2 if rows == 2 else 1, sets * L1_WAYS // LANES), 1)
