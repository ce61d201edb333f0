"""The packed matrix product C[i, j] = bias[j] + sum over k of A[i, k] * B[k, j], with A and B read through strides.

    items: blocks of up to ROW_BLOCK rows x up to COLUMN_PANELS panels of TILE_COLUMNS columns of C
    for each chunk of DEPTH k:         pack the panels of B                                  (stays in L2)
        for each TILE_ROWS rows:       A is read where it lies; the last rows are copied     (stays in L1)
            for each panel:            tile                                                  (registers)
    store the block, adding the bias
Each element of C sums over k in order, whatever block it falls into: the bits do not depend on M, N or threads.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from ...parallel cimport run, team
from .simd cimport LANES, TILE_COLUMNS, TILE_ROWS, TILE_VECTORS, real, vec, vec_load, vec_store, vec_transpose
from .tile cimport packed_tile

cdef enum:
    GEMM_DEPTH = 256
    GEMM_ROW_BLOCK = 240        # a multiple of the TILE_ROWS of every instruction set
    GEMM_COLUMN_PANELS = 8


cdef struct Gemm:
    Py_ssize_t M, N, depth
    const real* a
    Py_ssize_t a_row, a_k       # A[i, k] = a[i*a_row + k*a_k]
    const real* b
    Py_ssize_t b_k, b_column
    const real* bias            # N, or NULL
    real* c                     # M x N, contiguous
    Py_ssize_t row_items, panels_per_item
    real* scratch
    Py_ssize_t scratch_size     # reals per thread


cdef inline void pack_panel(const real* b, Py_ssize_t b_k, Py_ssize_t b_column, Py_ssize_t depth, Py_ssize_t width,
                            real* to) noexcept nogil:
    """to[k*TILE_COLUMNS + j] = b[k*b_k + j*b_column]; columns from `width` on are zero."""
    cdef vec block[LANES]
    cdef Py_ssize_t k, j, i, blocks = depth // LANES if b_k == 1 else 0, lanes
    if width < TILE_COLUMNS:
        memset(to, 0, depth * TILE_COLUMNS * sizeof(real))
    if b_column == 1:
        if width == TILE_COLUMNS:
            for k in range(depth):
                for j in range(TILE_VECTORS):
                    vec_store(to + k * TILE_COLUMNS + j * LANES, vec_load(b + k * b_k + j * LANES))
        else:
            for k in range(depth):
                for j in range(width):
                    to[k * TILE_COLUMNS + j] = b[k * b_k + j]
        return
    lanes = width // LANES                                # LANES x LANES blocks, transposed in registers
    for k in range(blocks):
        for j in range(lanes):
            for i in range(LANES):
                block[i] = vec_load(b + (j * LANES + i) * b_column + k * LANES)
            vec_transpose(block)
            for i in range(LANES):
                vec_store(to + (k * LANES + i) * TILE_COLUMNS + j * LANES, block[i])
    for j in range(width):
        for k in range(blocks * LANES if j < lanes * LANES else 0, depth):
            to[k * TILE_COLUMNS + j] = b[k * b_k + j * b_column]


cdef inline void gemm_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Gemm* g = <const Gemm*>argument
    cdef Py_ssize_t row = item % g.row_items * GEMM_ROW_BLOCK
    cdef Py_ssize_t rows = min(g.M - row, GEMM_ROW_BLOCK)
    cdef Py_ssize_t column = item // g.row_items * g.panels_per_item * TILE_COLUMNS
    cdef Py_ssize_t columns = min(g.N - column, g.panels_per_item * TILE_COLUMNS)
    cdef Py_ssize_t panels = (columns + TILE_COLUMNS - 1) // TILE_COLUMNS
    cdef Py_ssize_t row_tiles = (rows + TILE_ROWS - 1) // TILE_ROWS
    cdef real* packed = g.scratch + thread * g.scratch_size              # panels x depth x TILE_COLUMNS
    cdef real* edge = packed + GEMM_COLUMN_PANELS * GEMM_DEPTH * TILE_COLUMNS    # TILE_ROWS x depth
    cdef real* tiles = edge + TILE_ROWS * GEMM_DEPTH                     # row_tiles x panels x one tile
    cdef Py_ssize_t chunk, k0, depth, panel, r, i, k, j, left, width
    cdef const real* a
    cdef const real* from_
    cdef real* to
    if g.depth == 0:
        memset(tiles, 0, row_tiles * panels * TILE_ROWS * TILE_COLUMNS * sizeof(real))
    for chunk in range((g.depth + GEMM_DEPTH - 1) // GEMM_DEPTH):
        k0 = chunk * GEMM_DEPTH
        depth = min(g.depth - k0, GEMM_DEPTH)
        for panel in range(panels):
            pack_panel(g.b + k0 * g.b_k + (column + panel * TILE_COLUMNS) * g.b_column, g.b_k, g.b_column, depth,
                       min(columns - panel * TILE_COLUMNS, TILE_COLUMNS), packed + panel * depth * TILE_COLUMNS)
        for r in range(row_tiles):
            left = min(rows - r * TILE_ROWS, TILE_ROWS)
            a = g.a + (row + r * TILE_ROWS) * g.a_row + k0 * g.a_k
            if left < TILE_ROWS:
                memset(edge + left * GEMM_DEPTH, 0, (TILE_ROWS - left) * GEMM_DEPTH * sizeof(real))
                for i in range(left):
                    if g.a_k == 1:
                        memcpy(edge + i * GEMM_DEPTH, a + i * g.a_row, depth * sizeof(real))
                    else:
                        for k in range(depth):
                            edge[i * GEMM_DEPTH + k] = a[i * g.a_row + k * g.a_k]
            for panel in range(panels):
                to = tiles + (r * panels + panel) * TILE_ROWS * TILE_COLUMNS
                if left < TILE_ROWS:
                    packed_tile(depth, edge, GEMM_DEPTH, 1, packed + panel * depth * TILE_COLUMNS, to, chunk > 0)
                else:
                    packed_tile(depth, a, g.a_row, g.a_k, packed + panel * depth * TILE_COLUMNS, to, chunk > 0)
    for i in range(rows):
        for panel in range(panels):
            from_ = tiles + ((i // TILE_ROWS * panels + panel) * TILE_ROWS + i % TILE_ROWS) * TILE_COLUMNS
            j = column + panel * TILE_COLUMNS
            to = g.c + (row + i) * g.N + j
            width = min(g.N - j, TILE_COLUMNS)
            if g.bias != NULL:
                for k in range(width):
                    to[k] = from_[k] + g.bias[j + k]
            else:
                for k in range(width):
                    to[k] = from_[k]


cdef inline int gemm(Gemm* g) except -1:
    """Compute C; the caller has set every field up to c."""
    cdef Py_ssize_t panels = (g.N + TILE_COLUMNS - 1) // TILE_COLUMNS
    cdef Py_ssize_t items, most
    cdef int threads
    if g.M == 0 or g.N == 0:
        return 0
    g.row_items = (g.M + GEMM_ROW_BLOCK - 1) // GEMM_ROW_BLOCK
    threads = team(g.row_items * panels, 2.0 * g.M * g.N * (g.depth + 1))
    most = panels * g.row_items // (3 * threads) if threads > 1 else panels      # a few items for each thread
    g.panels_per_item = min(max(most, 1), GEMM_COLUMN_PANELS)
    items = g.row_items * ((panels + g.panels_per_item - 1) // g.panels_per_item)
    g.scratch_size = (GEMM_COLUMN_PANELS * GEMM_DEPTH * TILE_COLUMNS + TILE_ROWS * GEMM_DEPTH
                      + min(g.M + TILE_ROWS, GEMM_ROW_BLOCK) * g.panels_per_item * TILE_COLUMNS)
    g.scratch = <real*>malloc(threads * g.scratch_size * sizeof(real))
    if g.scratch == NULL:
        raise MemoryError(f"no memory for a workspace of {threads * g.scratch_size * <Py_ssize_t>sizeof(real)} bytes")
    try:
        with nogil:
            run(gemm_block, g, items, threads)
    finally:
        free(g.scratch)
    return 0
