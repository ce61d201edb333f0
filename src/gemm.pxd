"""Packed matrix products C[i, j] = bias + sum over k of A[i, k] * B[k, j], with A and B read through strides.

    items: products x blocks of rows x blocks of columns of C, or all of them
    for each chunk of k:               pack the block of B, unless it is read in place      (stays in L2)
        for each few rows:             A is read along its rows                             (stays in L1)
            for each panel of columns: tile, which keeps its sums in C between chunks       (registers)
A that lies the other way is turned first, if there are enough columns. Panels are up to PRODUCT_VECTORS vectors wide;
if LANES does not divide the columns of a panel, its last vector begins earlier and computes some columns twice. Four
kinds of product have a shorter way:

    few rows, columns of B contiguous (a fully connected layer on one sample): B is transposed on the way to registers
    one or two rows, rows of B contiguous (its gradient of the input): B is read once, along its rows; C stays in L1
    one term (its gradient of weights): rows of C are written one after the other
    fewer than LANES columns: B is packed with zeros, and C goes through a copy
Each element of C is one chain of multiply-adds over k in order, whatever way it takes and into whatever block it falls:
the bits do not depend on M, N or threads.
"""
from libc.stdlib cimport free

from ...parallel cimport run, stopping, team
from .simd cimport (
    LANES, TILE_COLUMNS, TILE_VECTORS, prefetch, prefetch_write, real, vec, vec_fma, vec_load, vec_load_part, vec_set,
    vec_store, vec_store_part, vec_transpose,
)
from .tile cimport FEW_ROWS, PRODUCT_ROWS, PRODUCT_VECTORS, Product, few_rows, few_vectors, product_rows, product_tile
from .tile cimport ProductTile, shorter_tiles
from .workspace cimport LINE_REALS, Workspace, reserve, take, whole_lines

cdef enum:
    GEMM_DEPTH = 1024           # k in a chunk, at most: the rows of A of a tile stay in L1
    GEMM_VECTORS = 8            # so many vectors of B, GEMM_DEPTH deep, take a half of L2
    TURN_COLUMNS = 128          # so many columns pay for turning A
    TURN_DEPTH = 64             # turned at a time: a multiple of LANES
    TURN_ROWS = 16
    TURN_ITEM = 64              # rows of an item: mostly of those that the thread multiplies then
    GEMM_FLOPS = 2000000000     # of one item, at most: some ten milliseconds
    GEMM_WORDS = 4194304        # likewise, where memory is the work
    PREFETCH_DEPTH = 64         # a tile deep enough to bring in the place of the next one meanwhile, if C is
    PREFETCH_WORDS = 32768      # so large that it may lie far away
    AHEAD = 8                   # rows of B
    TERMS = 4                   # added to a row of C at a time
    LINE_VECTORS = 128          # of C, likewise
    MOST_LINES = 2              # of C
    SHARED_ROW = 1024           # numbers of B that are packed while two cores take such a line from each other, about


cdef struct Gemm:
    Py_ssize_t count, cycle     # products: B and C follow each other, A and row_bias repeat after `cycle` of them
    Py_ssize_t M, N, depth
    const real* a
    Py_ssize_t a_row, a_k       # A[i, k] = a[i*a_row + k*a_k]
    const real* b
    Py_ssize_t b_k, b_column    # B[k, j] = b[k*b_k + j*b_column]; one of the two is 1
    const real* bias            # N, or NULL
    const real* row_bias        # M, or NULL; not both
    real* c                     # M x N, contiguous
    Py_ssize_t vectors          # of LANES columns in N
    Py_ssize_t row_items, column_items, chunks
    Py_ssize_t blocks           # of columns, of which an item has one or all
    Py_ssize_t step             # vectors that they begin at multiples of
    bint in_place               # read B where it lies
    real* scratch               # for each thread a block of B
    Py_ssize_t scratch_size
    const real* unturned        # A as it came: depth x M
    real* turned                # M x depth
    bint turns_own              # an item turns the rows that it needs, which no other does


cdef inline void pack_vector(const real* b, Py_ssize_t b_k, Py_ssize_t b_column, Py_ssize_t depth, Py_ssize_t width,
                             real* to, Py_ssize_t step) noexcept nogil:
    """to[k*step + j] = b[k*b_k + j*b_column] for j < width, zero for the others up to LANES. b_k or b_column is 1."""
    cdef vec block[LANES]
    cdef Py_ssize_t k, i, part
    if b_column == 1:
        for k in range(depth):
            vec_store(to + k * step, vec_load(b + k * b_k) if width == LANES else vec_load_part(b + k * b_k, width))
        return
    k = 0
    while k < depth:
        part = min(depth, LANES)
        k = min(k, depth - part)                        # the last block may overlap the one before
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
        k += part


cdef struct EvenPanels:         # of a block, as equally wide as can be; the last is none of the narrower ones, so that
    Py_ssize_t count            # it has LANES columns of B if there are so many
    Py_ssize_t least, narrow    # vectors of the first `narrow` panels; the others have one more


cdef inline EvenPanels even_panels(Py_ssize_t vectors) noexcept nogil:
    cdef EvenPanels panels
    panels.count = (vectors + PRODUCT_VECTORS - 1) // PRODUCT_VECTORS
    panels.least, panels.narrow = vectors // panels.count, panels.count - vectors % panels.count
    return panels


cdef inline Py_ssize_t panel_start(const EvenPanels* panels, Py_ssize_t panel) noexcept nogil:
    return panel * panels.least + max(panel - panels.narrow, 0)


cdef inline Py_ssize_t packed_start(const EvenPanels* panels, Py_ssize_t panel, Py_ssize_t depth) noexcept nogil:
    """Where a panel is packed: the lines between keep those whose size is a power of two from sharing few places."""
    return panel_start(panels, panel) * LANES * depth + panel * LINE_REALS


cdef inline Py_ssize_t column_start(const Gemm* g, Py_ssize_t block) noexcept nogil:
    """The first vector of a block of columns."""
    return min((g.vectors + g.step - 1) // g.step * block // g.blocks * g.step, g.vectors)


cdef inline void pack_lines(const real* b, Py_ssize_t b_k, Py_ssize_t depth, const EvenPanels* panels, Py_ssize_t count,
                            real* to) noexcept nogil:
    """The first `count` panels of B, to[k*wide*LANES + j] = b[k*b_k + j] each.

    A row of all of them at a time: rows may be pages apart. Lines are asked for in time.
    """
    cdef Py_ssize_t k, j, panel, wide, end = panel_start(panels, count) * LANES
    cdef const real* line
    cdef real* place
    for k in range(depth):
        line = b + k * b_k
        for j in range((end + LINE_REALS - 1) // LINE_REALS):
            prefetch(line + AHEAD * b_k + j * LINE_REALS)      # the address need not exist
        place = to
        for panel in range(count):
            wide = panels.least + (panel >= panels.narrow)
            if wide == PRODUCT_VECTORS:
                for j in range(PRODUCT_VECTORS):
                    vec_store(place + (k * PRODUCT_VECTORS + j) * LANES, vec_load(line + j * LANES))
            else:
                for j in range(wide):
                    vec_store(place + (k * wide + j) * LANES, vec_load(line + j * LANES))
            line += wide * LANES
            place += wide * LANES * depth + LINE_REALS


cdef inline void turn_rows(const Gemm* g, Py_ssize_t matrix, Py_ssize_t first_row, Py_ssize_t end_row) noexcept nogil:
    """Some rows of a matrix, all k: some cache lines of few rows at a time, as rows may be a power of two apart."""
    cdef const real* unturned = g.unturned + matrix * g.M * g.depth
    cdef real* turned = g.turned + matrix * g.M * g.depth
    cdef Py_ssize_t part, block, first, end, row, rows, k, i, j, n
    cdef const real* line
    cdef real* to
    for part in range((g.depth + TURN_DEPTH - 1) // TURN_DEPTH):
        first = part * TURN_DEPTH
        end = min(first + TURN_DEPTH, g.depth)
        for block in range((end_row - first_row + TURN_ROWS - 1) // TURN_ROWS):
            row = first_row + block * TURN_ROWS
            rows = min(end_row - row, TURN_ROWS)
            for i in range((end - first + LANES - 1) // LANES):
                k = first + i * LANES
                line, to = unturned + k * g.M + row, turned + row * g.depth + k
                if k + LANES <= end:
                    pack_vector(line, 1, g.M, rows, LANES, to, g.depth)
                    continue
                for j in range(end - k):
                    for n in range(rows):
                        to[n * g.depth + j] = line[j * g.M + n]


cdef inline void turn_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """TURN_ITEM rows."""
    cdef const Gemm* g = <const Gemm*>argument
    cdef Py_ssize_t items = (g.M + TURN_ITEM - 1) // TURN_ITEM, first_row = item % items * TURN_ITEM
    turn_rows(g, item // items, first_row, min(first_row + TURN_ITEM, g.M))


cdef inline void few_rows_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Gemm* g = <const Gemm*>argument
    cdef Py_ssize_t column = g.vectors * item // g.column_items * LANES
    cdef Py_ssize_t end = min(g.vectors * (item + 1) // g.column_items * LANES, g.N)
    cdef Py_ssize_t most = few_vectors(g.M, g.b_column), vectors
    cdef Product p
    p.depth, p.a, p.a_row, p.b_k, p.c_row = g.depth, g.a, g.a_row, g.b_column, g.N
    while column < end:
        vectors = most
        if end - column < vectors * LANES:
            vectors = 1
        p.b = g.b + column * g.b_column
        p.c = g.c + column
        p.bias = g.bias + column if g.bias != NULL else NULL
        few_rows(g.M, vectors)(&p, min(end - column, LANES))
        column += vectors * LANES


cdef inline void add_terms(real* c, const real* b, Py_ssize_t b_k, const real* a, Py_ssize_t vectors,
                           bint first) noexcept nogil:
    """c[j] = sum of a[k] * b[k*b_k + j] over TERMS of k, added to c unless these are the first."""
    cdef vec a0 = vec_set(a[0]), a1 = vec_set(a[1]), a2 = vec_set(a[2]), a3 = vec_set(a[3]), sums
    cdef Py_ssize_t i, j
    for i in range(vectors):
        j = i * LANES
        sums = vec_set(0) if first else vec_load(c + j)
        sums = vec_fma(a0, vec_load(b + j), sums)
        sums = vec_fma(a1, vec_load(b + b_k + j), sums)
        sums = vec_fma(a2, vec_load(b + 2 * b_k + j), sums)
        vec_store(c + j, vec_fma(a3, vec_load(b + 3 * b_k + j), sums))


cdef inline void add_term(real* c, const real* b, real a, Py_ssize_t vectors, bint first) noexcept nogil:
    """The same for a single k."""
    cdef vec factor = vec_set(a)
    cdef Py_ssize_t i, j
    for i in range(vectors):
        j = i * LANES
        vec_store(c + j, vec_fma(factor, vec_load(b + j), vec_set(0) if first else vec_load(c + j)))


cdef inline void along_rows_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Gemm* g = <const Gemm*>argument
    cdef Py_ssize_t whole = g.N // LANES, end = whole * (item + 1) // g.column_items, width, part, i, k
    cdef Py_ssize_t vector = whole * item // g.column_items, last = g.N - LANES
    cdef const real* a
    cdef vec sums
    while vector < end:
        width = min(end - vector, LINE_VECTORS)
        for part in range(g.depth // TERMS):
            k = part * TERMS
            for i in range(g.M):
                add_terms(g.c + i * g.N + vector * LANES, g.b + k * g.b_k + vector * LANES, g.b_k,
                          g.a + i * g.a_row + k, width, k == 0)
        for k in range(g.depth // TERMS * TERMS, g.depth):
            for i in range(g.M):
                add_term(g.c + i * g.N + vector * LANES, g.b + k * g.b_k + vector * LANES, g.a[i * g.a_row + k],
                         width, k == 0)
        vector += width
    if item < g.column_items - 1 or g.N % LANES == 0:
        return
    for i in range(g.M):                                # the last columns: one vector, which overlaps the one before
        a = g.a + i * g.a_row
        sums = vec_set(0)
        for k in range(g.depth):
            sums = vec_fma(vec_set(a[k]), vec_load(g.b + k * g.b_k + last), sums)
        vec_store(g.c + i * g.N + last, sums)


cdef inline void one_term_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
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


cdef inline void narrow_tile(const Product* given, Py_ssize_t rows, Py_ssize_t width) noexcept nogil:
    """A tile of `width` < LANES columns, of which B holds LANES."""
    cdef Product p = given[0]
    cdef real c[PRODUCT_ROWS * LANES]
    cdef real bias[LANES]
    cdef Py_ssize_t i
    p.c, p.c_row, p.c_last = c, LANES, 0
    if p.accumulate:
        for i in range(rows):
            vec_store(c + i * LANES, vec_load_part(given.c + i * given.c_row, width))
    if p.bias != NULL:
        vec_store(bias, vec_load_part(p.bias, width))
        p.bias = bias
    product_tile(rows, 1)(&p)
    for i in range(rows):
        vec_store_part(given.c + i * given.c_row, vec_load(c + i * LANES), width)


cdef inline void prefetch_block(real* c, Py_ssize_t c_row, Py_ssize_t rows, Py_ssize_t columns) noexcept nogil:
    cdef Py_ssize_t i, j
    for i in range(rows):
        for j in range((columns + LANES - 1) // LANES):
            prefetch_write(c + i * c_row + j * LANES)


cdef inline void gemm_block(const Gemm* g, Py_ssize_t product, Py_ssize_t first_row, Py_ssize_t end_row,
                            Py_ssize_t block, real* b_packed) noexcept nogil:
    """Some rows and a block of columns of C."""
    cdef Py_ssize_t which = product % g.cycle
    cdef Py_ssize_t first = column_start(g, block), vectors = column_start(g, block + 1) - first
    cdef EvenPanels panels = even_panels(vectors)
    cdef Py_ssize_t tile_rows = product_rows(panels.least + (panels.narrow < panels.count))
    cdef Py_ssize_t tiles = (end_row - first_row + tile_rows - 1) // tile_rows, packed
    cdef Py_ssize_t full = tiles - shorter_tiles(end_row - first_row, tile_rows)
    cdef Py_ssize_t chunk, k, tile, row, rows, height, panel, start, wide, column, width, j
    cdef const real* a_first = g.a + which * g.M * g.depth
    cdef const real* b_first = g.b + product * g.depth * g.N
    cdef real* c_first = g.c + product * g.M * g.N
    cdef const real* place
    cdef ProductTile narrow, broad              # for panels of panels.least vectors, and one more
    cdef Product p
    if g.depth == 0:
        for row in range(first_row, end_row):
            for j in range(first * LANES, min((first + vectors) * LANES, g.N)):
                c_first[row * g.N + j] = ((g.bias[j] if g.bias != NULL else 0)
                                          + (g.row_bias[which * g.M + row] if g.row_bias != NULL else 0))
        return
    p.c_row = g.N
    for chunk in range(g.chunks):
        if stopping():
            return
        k = g.depth * chunk // g.chunks
        p.depth = g.depth * (chunk + 1) // g.chunks - k
        p.accumulate = chunk > 0
        packed = 0
        if g.b_column == 1 and not g.in_place:
            packed = panels.count - ((first + vectors) * LANES > g.N)       # whole panels, that is
            pack_lines(b_first + k * g.b_k + first * LANES, g.b_k, p.depth, &panels, packed, b_packed)
        for panel in range(packed, panels.count):
            start = panel_start(&panels, panel)
            wide = panel_start(&panels, panel + 1) - start
            column = (first + start) * LANES
            width = min(g.N - column, wide * LANES)
            if not g.in_place or width < LANES:
                for j in range(wide):
                    pack_vector(b_first + k * g.b_k + (column + max(min(j * LANES, width - LANES), 0)) * g.b_column,
                                g.b_k, g.b_column, p.depth, min(width, LANES),
                                b_packed + packed_start(&panels, panel, p.depth) + j * LANES, wide * LANES)
        row, rows = first_row, 0
        for tile in range(tiles):
            height = min(end_row - row, tile_rows - (tile >= full))
            if height != rows:
                rows = height
                narrow = product_tile(rows, panels.least)
                broad = product_tile(rows, panels.least + 1) if panels.narrow < panels.count else narrow
            p.row_bias = g.row_bias + which * g.M + row if g.row_bias != NULL and chunk == g.chunks - 1 else NULL
            p.a, p.a_row, p.a_k = a_first + row * g.a_row + k * g.a_k, g.a_row, g.a_k
            column, place = first * LANES, b_packed
            for panel in range(panels.count):
                wide = panels.least + (panel >= panels.narrow)
                width = min(g.N - column, wide * LANES)
                p.c, p.c_last = c_first + row * g.N + column, width - LANES
                p.bias = g.bias + column if g.bias != NULL and chunk == g.chunks - 1 else NULL
                if g.in_place and width >= LANES:
                    p.b, p.b_k, p.b_last = b_first + k * g.b_k + column, g.b_k, width - LANES
                else:
                    p.b, p.b_k, p.b_last = place, wide * LANES, (wide - 1) * LANES
                column += wide * LANES
                place += wide * LANES * p.depth + LINE_REALS
                if width < LANES:
                    narrow_tile(&p, rows, width)
                    continue
                if p.depth >= PREFETCH_DEPTH and g.M * g.N >= PREFETCH_WORDS:
                    if panel + 1 < panels.count:
                        prefetch_block(p.c + width, g.N, rows, min(g.N - column, wide * LANES))
                    else:
                        prefetch_block(c_first + (row + rows) * g.N + first * LANES, g.N,
                                       min(end_row - row - rows, rows), min(g.N - first * LANES, wide * LANES))
                (narrow if panel < panels.narrow else broad)(&p)
            row += rows


cdef inline void gemm_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """Some rows of a product, and all blocks of columns or one."""
    cdef const Gemm* g = <const Gemm*>argument
    cdef Py_ssize_t column_item = item % g.column_items, row_item = item // g.column_items % g.row_items
    cdef Py_ssize_t product = item // (g.row_items * g.column_items), block
    cdef Py_ssize_t first_row = g.M * row_item // g.row_items
    cdef Py_ssize_t end_row = g.M * (row_item + 1) // g.row_items
    if g.turns_own:
        turn_rows(g, product, first_row, end_row)
    for block in range(g.blocks * column_item // g.column_items, g.blocks * (column_item + 1) // g.column_items):
        gemm_block(g, product, first_row, end_row, block, g.scratch + thread * g.scratch_size)


cdef inline int run_items(Gemm* g, int threads) except -1:
    """Divide the product into items, allocate the workspace and compute."""
    cdef double work = 2.0 * g.M * g.N * (g.depth + 1)                      # of one product
    cdef Py_ssize_t depth, fit, most, size, turns = 0, wide = PRODUCT_VECTORS * LANES
    cdef int share = 1 if g.count % threads == 0 or g.count >= 4 * threads else threads     # of one product
    cdef Workspace workspace
    # B is packed where many rows read it and it is large; the narrower a panel, the sooner that pays (measured). Of A
    # that lies the other way the numbers for one k after another are far apart: they meet few sets of a cache, or many
    # pages.
    g.in_place = g.b_column == 1 and (g.M < 4 * wide
                                      or g.b_k * min(g.depth, GEMM_DEPTH) <= 64 * wide * wide)
    if g.a_row == 1 and g.a_k > 1 and g.depth > 1 and g.count // g.cycle * g.N >= TURN_COLUMNS:
        turns = g.cycle * ((g.M + TURN_ITEM - 1) // TURN_ITEM)
    g.chunks = max((g.depth + GEMM_DEPTH - 1) // GEMM_DEPTH, 1)
    depth = (g.depth + g.chunks - 1) // g.chunks
    fit = GEMM_DEPTH * GEMM_VECTORS // max(depth, 1)
    g.row_items, g.blocks = 1, (g.vectors + fit - 1) // fit
    g.column_items = g.blocks
    if share > 1:
        # Blocks of columns, each packed once; or rows, if nothing is packed, if columns would not be shared evenly, or
        # if to pack all of B takes less time than sharing the lines of C where columns of two threads meet.
        if g.M >= 16 * share and (g.in_place or g.vectors < 8 * share and g.vectors % share > 0
                                  or g.N * g.depth <= SHARED_ROW * g.M):
            g.row_items, g.column_items = share, 1
        elif g.blocks % share > 0:
            g.blocks = g.column_items = min((g.blocks + share - 1) // share * share, g.vectors)
    g.row_items *= min(<Py_ssize_t>(work / GEMM_FLOPS / (g.row_items * g.column_items)), g.M // 64) + 1
    # Panels of full width where there are many.
    g.step = PRODUCT_VECTORS if g.vectors >= 4 * PRODUCT_VECTORS * g.blocks else 1
    most = g.step * ((g.vectors + g.step * g.blocks - 1) // (g.step * g.blocks))
    g.scratch_size = whole_lines((1 if g.in_place else most) * (LANES * depth + LINE_REALS))
    size = g.cycle * g.M * g.depth if turns else 0
    g.turns_own = turns and g.count == g.column_items == 1
    reserve(&workspace, whole_lines(threads * g.scratch_size) + size)
    g.scratch = take(&workspace, threads * g.scratch_size)
    g.turned = take(&workspace, size)
    try:
        with nogil:
            if turns:
                g.unturned, g.a = g.a, g.turned
                g.a_row, g.a_k = g.depth, 1
                if not g.turns_own:
                    run(turn_block, g, turns, team(turns, 4.0 * g.cycle * g.M * g.depth))
            run(gemm_item, g, g.count * g.row_items * g.column_items, threads)
    finally:
        free(workspace.block)
    return 0


cdef inline int gemm(Gemm* g) except -1:
    """Compute C; the caller has set every field up to c."""
    cdef double work = 2.0 * g.count * g.M * g.N * (g.depth + 1)
    cdef int threads
    if g.count == 0 or g.M == 0 or g.N == 0:
        return 0
    g.vectors = (g.N + LANES - 1) // LANES
    if g.count > 1 or g.row_bias != NULL:
        run_items(g, team(g.count * g.vectors * ((g.M + PRODUCT_ROWS - 1) // PRODUCT_ROWS), work))
    elif g.M <= FEW_ROWS and g.a_k == 1 and g.b_k == 1:
        threads = team(g.vectors, (6.0 + 3.0 * g.M) * g.N * g.depth)        # measured, in terms of a tile's FLOPs
        g.column_items = min(max(threads, g.N * g.depth // GEMM_WORDS), g.vectors)
        with nogil:
            run(few_rows_block, g, g.column_items, threads)
    elif g.M <= MOST_LINES and g.a_k == 1 and g.b_column == 1 and g.bias == NULL and g.N >= LANES:
        threads = team(g.N // LANES, 9.0 * g.N * g.depth)                   # as reading B is most of it
        g.column_items = min(max(threads, g.N * g.depth // GEMM_WORDS), g.N // LANES)
        with nogil:
            run(along_rows_block, g, g.column_items, threads)
    elif g.depth == 1 and g.b_column == 1 and g.bias == NULL:
        threads = team(g.M, work)
        g.row_items = min(max(threads, g.M * g.N // GEMM_WORDS), g.M)
        with nogil:
            run(one_term_block, g, g.row_items, threads)
    else:
        if g.b_column != 1:
            work += 20.0 * g.N * g.depth                                    # to transpose B, likewise
        run_items(g, team(g.vectors * ((g.M + PRODUCT_ROWS - 1) // PRODUCT_ROWS), work))
    return 0
