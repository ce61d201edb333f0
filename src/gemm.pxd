"""The packed matrix product C[i, j] = bias[j] + sum over k of A[i, k] * B[k, j], with A and B read through strides.

    items: blocks of up to ROW_BLOCK rows x up to COLUMN_PANELS panels of TILE_COLUMNS columns of C
    for each chunk of DEPTH k:         pack the panels of B                                  (stays in L2)
        for each TILE_ROWS rows:       A is read where it lies; the last rows are copied     (stays in L1)
            for each panel:            tile                                                  (registers)
    store the block, adding the bias
Each element of C sums over k in order, whatever block it falls into: the bits do not depend on M, N or threads.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ...parallel cimport run, team
from .simd cimport (
    LANES, TILE_COLUMNS, TILE_VECTORS, copy_reals, prefetch, prefetch_w, real, vec, vec_fma, vec_load, vec_load_part, vec_set, vec_store, vec_store_part,
    vec_transpose,
)
from .tile cimport (
    FEW_ROWS, PRODUCT_ROWS, PRODUCT_VECTORS, Product, few_rows, product_rows, product_tile,
)

cdef enum:
    GEMM_DEPTH = 768            # k at a time: a tile's rows of A stay in L1 meanwhile
    GEMM_VECTORS = 8            # as many vectors wide a block of that depth fits into half of L2
    GEMM_ROWS = 96              # rows of A that are packed together
    GEMM_FLOPS = 2000000000     # of one item, at most: some ten milliseconds
    GEMM_WORDS = 4194304        # likewise, where memory is the work


cdef struct Gemm:
    Py_ssize_t M, N, depth
    const real* a
    Py_ssize_t a_row, a_k       # A[i, k] = a[i*a_row + k*a_k]
    const real* b
    Py_ssize_t b_k, b_column    # one of them is 1
    const real* bias            # N, or NULL
    real* c                     # M x N, contiguous
    Py_ssize_t vectors, row_items, column_items, chunks
    bint in_place, pack_a
    real* scratch
    Py_ssize_t scratch_size, b_size     # reals per thread


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


cdef inline void pack_vector(const real* b, Py_ssize_t b_k, Py_ssize_t b_column, Py_ssize_t depth, Py_ssize_t width,
                             real* to, Py_ssize_t step) noexcept nogil:
    """to[k*step + j] = b[k*b_k + j*b_column] for j < width, and zero up to j = LANES."""
    cdef vec block[LANES]
    cdef Py_ssize_t k, i, part
    if b_column == 1:
        if width == LANES:
            for k in range(depth):
                vec_store(to + k * step, vec_load(b + k * b_k))
        else:
            for k in range(depth):
                vec_store(to + k * step, vec_load_part(b + k * b_k, width))
        return
    k = 0
    while k < depth:
        part = min(depth - k, LANES)
        if part < LANES and depth >= LANES:          # the last block overlaps the one before
            k, part = depth - LANES, LANES
        if part == LANES and width == LANES:
            for i in range(LANES):
                block[i] = vec_load(b + i * b_column + k)
        else:
            for i in range(LANES):
                block[i] = vec_load_part(b + i * b_column + k, part) if i < width else vec_set(0)
        vec_transpose(block)
        for i in range(LANES):
            if i < part:
                vec_store(to + (k + i) * step, block[i])
        k += LANES


cdef inline void pack_rows(const real* a, Py_ssize_t a_k, Py_ssize_t depth, Py_ssize_t rows, real* to) noexcept nogil:
    """to[k*GEMM_ROWS + i] = a[k*a_k + i] for i < rows."""
    cdef Py_ssize_t k
    for k in range(depth):
        copy_reals(to + k * GEMM_ROWS, a + k * a_k, rows)


cdef inline void few_rows_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Gemm* g = <const Gemm*>argument
    cdef Py_ssize_t vector, column, end = g.vectors * (item + 1) // g.column_items
    cdef Product p
    p.depth, p.a, p.a_row, p.b_k, p.c_row = g.depth, g.a, g.a_row, g.b_column, g.N
    for vector in range(g.vectors * item // g.column_items, end):
        column = vector * LANES
        if vector > 0 and vector == end - 1 and end == g.vectors and g.column_items == 1:
            column = g.N - LANES                        # overlaps the one before
        p.b = g.b + column * g.b_column
        p.c = g.c + column
        p.bias = g.bias + column if g.bias != NULL else NULL
        few_rows(g.M)(&p, min(g.N - column, LANES))


cdef inline void outer_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Gemm* g = <const Gemm*>argument
    cdef Py_ssize_t i, j, last = g.N - LANES
    cdef vec a, zero = vec_set(0)
    cdef real* c
    for i in range(g.M * item // g.row_items, g.M * (item + 1) // g.row_items):
        a = vec_set(g.a[i * g.a_row])
        c = g.c + i * g.N
        if last < 0:
            vec_store_part(c, vec_fma(a, vec_load_part(g.b, g.N), zero), g.N)
            continue
        j = 0
        while j < last:
            vec_store(c + j, vec_fma(a, vec_load(g.b + j), zero))
            j += LANES
        vec_store(c + last, vec_fma(a, vec_load(g.b + last), zero))     # overlaps the one before


cdef inline void gemm_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Gemm* g = <const Gemm*>argument
    cdef Py_ssize_t columns = item // g.row_items
    cdef Py_ssize_t first_row = g.M * (item % g.row_items) // g.row_items
    cdef Py_ssize_t rows = g.M * (item % g.row_items + 1) // g.row_items - first_row
    cdef Py_ssize_t first = g.vectors * columns // g.column_items
    cdef Py_ssize_t vectors = g.vectors * (columns + 1) // g.column_items - first
    cdef Py_ssize_t panels = (vectors + PRODUCT_VECTORS - 1) // PRODUCT_VECTORS
    cdef Py_ssize_t tile_rows = product_rows((vectors + panels - 1) // panels)
    cdef Py_ssize_t chunk, k0, panel, row, count, start, wide, width, i, j
    cdef real* packed = g.scratch + thread * g.scratch_size
    cdef real* a_packed = packed + g.b_size
    cdef real* to
    cdef real edge[PRODUCT_ROWS * LANES]
    cdef real edge_bias[LANES]
    cdef Product p
    for chunk in range(g.chunks):
        k0 = g.depth * chunk // g.chunks
        p.depth = g.depth * (chunk + 1) // g.chunks - k0
        p.accumulate = chunk > 0
        for panel in range(panels):
            start = first + vectors * panel // panels
            wide = first + vectors * (panel + 1) // panels - start
            width = min(g.N - start * LANES, wide * LANES)
            if width < LANES:
                pack_vector(g.b + k0 * g.b_k + start * LANES * g.b_column, g.b_k, g.b_column, p.depth, width,
                            packed + (0 if g.in_place else start - first) * LANES * p.depth, LANES)
            elif not g.in_place:
                to = packed + (start - first) * LANES * p.depth
                for j in range(wide):
                    pack_vector(g.b + k0 * g.b_k + (start * LANES + min(j * LANES, width - LANES)) * g.b_column, g.b_k,
                                g.b_column, p.depth, LANES, to + j * LANES, wide * LANES)
        row = 0
        while row < rows:
            count = min(rows - row, tile_rows)
            p.a = g.a + (first_row + row) * g.a_row + k0 * g.a_k
            p.a_row, p.a_k = g.a_row, g.a_k
            if g.pack_a:
                if row % GEMM_ROWS == 0:
                    pack_rows(p.a, g.a_k, p.depth, min(rows - row, GEMM_ROWS), a_packed)
                p.a = a_packed + row % GEMM_ROWS
                p.a_k = GEMM_ROWS
            for panel in range(panels):
                start = first + vectors * panel // panels
                wide = first + vectors * (panel + 1) // panels - start
                width = min(g.N - start * LANES, wide * LANES)
                p.c = g.c + (first_row + row) * g.N + start * LANES
                p.c_row = g.N
                p.bias = g.bias + start * LANES if g.bias != NULL and chunk == g.chunks - 1 else NULL
                p.c_last = width - LANES
                if g.in_place and width >= LANES:
                    p.b = g.b + k0 * g.b_k + start * LANES
                    p.b_k = g.b_k
                    p.b_last = width - LANES
                else:
                    p.b = packed + (0 if g.in_place else start - first) * LANES * p.depth
                    p.b_k = wide * LANES
                    p.b_last = (wide - 1) * LANES
                if width < LANES:
                    to = p.c
                    for j in range(count):
                        if p.accumulate:
                            vec_store(edge + j * LANES, vec_load_part(to + j * g.N, width))
                    if p.bias != NULL:
                        vec_store(edge_bias, vec_load_part(p.bias, width))
                        p.bias = edge_bias
                    p.c, p.c_row, p.c_last = edge, LANES, 0
                    product_tile(count, 1)(&p)
                    for j in range(count):
                        vec_store_part(to + j * g.N, vec_load(edge + j * LANES), width)
                else:
                    if p.depth >= 64:
                        if panel + 1 < panels:
                            for i in range(count):
                                for j in range(4):
                                    prefetch_w(p.c + i * g.N + wide * LANES + j * LANES)
                        elif row + count < rows:
                            for i in range(count):
                                for j in range(4):
                                    prefetch_w(g.c + (first_row + row + count + i) * g.N + first * LANES + j * LANES)
                    product_tile(count, wide)(&p)
            row += count


cdef inline int gemm(Gemm* g) except -1:
    """Compute C; the caller has set every field up to c."""
    cdef double work = 2.0 * g.M * g.N * (g.depth + 1)
    cdef Py_ssize_t depth, fits
    cdef int threads
    if g.M == 0 or g.N == 0:
        return 0
    g.vectors = (g.N + LANES - 1) // LANES
    g.row_items = g.column_items = 1
    g.scratch = NULL
    if g.M <= FEW_ROWS and g.b_k == 1:
        threads = team(g.vectors, 16.0 * g.N * g.depth)
        g.column_items = min(max(threads, g.N * g.depth // GEMM_WORDS), g.vectors)
        with nogil:
            run(few_rows_block, g, g.column_items, threads)
        return 0
    if g.depth == 1 and g.b_column == 1 and g.bias == NULL:
        threads = team(g.M, work)
        g.row_items = min(max(threads, g.M * g.N // GEMM_WORDS), g.M)
        with nogil:
            run(outer_block, g, g.row_items, threads)
        return 0
    g.in_place = g.b_column == 1 and (g.M < 256 or g.b_k * min(g.depth, GEMM_DEPTH) * sizeof(real) <= 1 << 20)
    g.pack_a = g.a_row == 1 and g.a_k * sizeof(real) % 4096 == 0 and g.depth > 64 and g.N >= 512
    depth = GEMM_DEPTH // 2 if g.pack_a else GEMM_DEPTH
    g.chunks = max((g.depth + depth - 1) // depth, 1)
    depth = (g.depth + g.chunks - 1) // g.chunks
    fits = GEMM_DEPTH * GEMM_VECTORS // max(depth, 1)
    threads = team(g.vectors * ((g.M + 7) // 8), work)
    g.column_items = (g.vectors + fits - 1) // fits
    if g.column_items % threads:
        if g.M >= 16 * threads and (g.in_place or g.vectors < 8 * threads and g.vectors % threads):
            g.row_items = threads
        else:
            g.column_items = min((g.column_items + threads - 1) // threads * threads, g.vectors)
    g.row_items *= min(<Py_ssize_t>(work / GEMM_FLOPS / (g.row_items * g.column_items)) + 1, g.M // 64 + 1)
    g.b_size = (g.vectors + g.column_items - 1) // g.column_items * LANES * depth
    if g.in_place:
        g.b_size = LANES * depth
    g.scratch_size = g.b_size + (GEMM_ROWS * depth if g.pack_a else 0)
    g.scratch = <real*>malloc(threads * g.scratch_size * sizeof(real) + 64)
    if g.scratch == NULL:
        raise MemoryError(f"no memory for a workspace of {threads * g.scratch_size * <Py_ssize_t>sizeof(real)} bytes")
    try:
        with nogil:
            run(gemm_block, g, g.row_items * g.column_items, threads)
    finally:
        free(g.scratch)
    return 0
