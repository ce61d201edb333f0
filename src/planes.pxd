"""LANES small planes side by side: position t of all of them is one vector.

Rows of a small map fill few lanes, and their borders cost as much as they do; with one plane in each lane every vector
is full, any step or dilation is an offset, and nothing is left over. What it costs is a transposition on the way in
and one on the way out.

    sum_positions   out[o] = first + sum over taps t of weight[t] * planes[at[o] + offset[t]]
    sum_rows        the same for taps that follow each other in a row, for all outputs in order
    add_products    sums[t] += sum over positions o of grad[o] * planes[at[o] + offset[t]]
"""
from .band cimport Axis, ceil_div
from .phases cimport Phases
from .workspace cimport memory
from .simd cimport LANES, TILE_ROWS, real, vec, vec_add, vec_fma, vec_keep, vec_load, vec_set, vec_store, vec_transpose

cdef enum:
    OUTPUTS = 8                 # that are summed side by side
    TAPS = 9                    # that are added to side by side
    FEW_COLUMNS = 32            # rows of fewer cost more than what they hold ...
    FEW_VECTORS = 5             # ... unless they are many vectors
    SMALL_BYTES = 1 << 16       # of LANES planes, about: they stay in L1 or close to it


cdef inline Py_ssize_t whole_taps(Py_ssize_t taps) noexcept nogil:
    return (taps + TAPS - 1) // TAPS * TAPS


cdef struct Grid:               # small planes, one in each lane; places and offsets are in reals
    Py_ssize_t source_area, area        # of a plane
    Py_ssize_t size             # of the source with its border
    Py_ssize_t* place           # of a source pixel in the border; negative: no tap sees it
    Py_ssize_t* at              # what tap 0 of an output would see, phase by phase ...
    Py_ssize_t* to              # ... and where that output goes
    Py_ssize_t* offset          # of the taps, phase by phase ...
    Py_ssize_t* slot            # ... and where the weight of a tap goes
    Py_ssize_t kernel           # taps of a row, if `sum_rows` takes them, or 0


cdef inline Py_ssize_t low(const Axis* axis) noexcept nogil:
    cdef Py_ssize_t t, least = axis.tap[0].offset
    for t in range(axis.taps):
        least = min(least, axis.tap[t].offset)
    return least


cdef inline Py_ssize_t length(const Axis* axis) noexcept nogil:
    """Source positions that the taps see, those outside included."""
    cdef Py_ssize_t t, most = axis.tap[0].offset
    for t in range(axis.taps):
        most = max(most, axis.tap[t].offset)
    return (axis.grid - 1) * axis.step + most - low(axis) + 1


cdef inline bint few_pixels(const Axis* row, const Axis* column, const Phases* rows,
                            const Phases* columns) noexcept nogil:
    """Whether rows fill lanes badly and small planes, one in each lane, stay near."""
    cdef Py_ssize_t most = SMALL_BYTES // (LANES * <Py_ssize_t>sizeof(real))
    if row.taps == 0 or column.taps == 0 or columns.size >= min(FEW_COLUMNS, FEW_VECTORS * LANES):
        return False
    return (row.size <= most and column.size <= most and row.size * column.size <= most
            and length(row) <= most and length(column) <= most and length(row) * length(column) <= most
            and rows.size * columns.size <= most)


cdef inline void grid_tables(Grid* g, const Axis* row, const Axis* column, const Phases* rows, const Phases* columns,
                             Py_ssize_t kernel_width) noexcept nogil:
    cdef Py_ssize_t h, w, a, b, i, k, r, s, y, x, t = 0, o = 0, width = length(column), low_row = low(row)
    cdef Py_ssize_t low_column = low(column)
    for h in range(row.size):
        for w in range(column.size):
            y, x = h - low_row, w - low_column
            g.place[h * column.size + w] = (y * width + x) * LANES
            if y < 0 or y >= length(row) or x < 0 or x >= width:
                g.place[h * column.size + w] = -1
    for a in range(rows.count):
        for b in range(columns.count):
            for i in range(ceil_div(rows.size - a, rows.step)):
                for k in range(ceil_div(columns.size - b, columns.step)):
                    g.at[o] = (i * row.step * width + k * column.step) * LANES
                    g.to[o] = ((a + i * rows.step) * columns.size + b + k * columns.step) * LANES
                    o += 1
            for r in range(rows.first[a], rows.first[a + 1]):
                for s in range(columns.first[b], columns.first[b + 1]):
                    g.offset[t] = ((row.tap[r].offset - low_row) * width + column.tap[s].offset - low_column) * LANES
                    g.slot[row.tap[r].index * kernel_width + column.tap[s].index] = t * LANES
                    t += 1


cdef inline Py_ssize_t* new_grid(Grid* g, const Axis* row, const Axis* column, const Phases* rows,
                                 const Phases* columns, Py_ssize_t kernel, Py_ssize_t kernel_width) except NULL:
    """Sizes and tables; the result is to be freed."""
    cdef Py_ssize_t taps = kernel * kernel_width, t
    cdef Py_ssize_t* tables
    g.source_area, g.area = row.size * column.size, rows.size * columns.size
    g.size = length(row) * length(column) * LANES
    tables = <Py_ssize_t*>memory((g.source_area + 2 * g.area + taps + whole_taps(taps)) * sizeof(Py_ssize_t))
    g.place = tables
    g.at, g.to = tables + g.source_area, tables + g.source_area + g.area
    g.slot = g.to + g.area
    g.offset = g.slot + taps
    for t in range(taps):
        g.slot[t] = -1
    for t in range(whole_taps(taps)):
        g.offset[t] = 0
    grid_tables(g, row, column, rows, columns, kernel_width)
    return tables


cdef inline bint follow(const Axis* axis) noexcept nogil:
    """Whether `sum_rows` takes these taps."""
    cdef Py_ssize_t t
    for t in range(axis.taps):
        if axis.tap[t].offset != axis.tap[0].offset + t:
            return False
    return TILE_ROWS == 8 and (axis.taps == 3 or axis.taps == 5 or axis.taps == 7)


cdef inline void pack(const real** planes, const real* end, Py_ssize_t count, const Py_ssize_t* place,
                      real* to) noexcept nogil:
    """Element t of all planes becomes the vector at to[place[t]], if that is not negative; nothing is read at `end`."""
    cdef vec rows[LANES]
    cdef Py_ssize_t t = 0, i, lane
    cdef bint apart = False
    if count < LANES:
        for lane in range(LANES):
            apart = apart or planes[lane] + LANES > end
    if apart:
        for t in range(count):
            if place[t] >= 0:
                for lane in range(LANES):
                    to[place[t] + lane] = planes[lane][t]
        return
    while t < count:
        if t + LANES > count and count >= LANES:
            t = count - LANES
        for lane in range(LANES):
            rows[lane] = vec_load(planes[lane] + t)
        vec_transpose(rows)
        for i in range(min(LANES, count - t)):
            if place[t + i] >= 0:
                vec_store(to + place[t + i], rows[i])
        t += LANES


cdef inline void unpack(const real* vectors, Py_ssize_t count, real** planes, Py_ssize_t used) noexcept nogil:
    """Vector t goes to element t of the first `used` planes."""
    cdef vec rows[LANES]
    cdef Py_ssize_t t = 0, i, lane
    if count < LANES:
        for lane in range(used):
            for t in range(count):
                planes[lane][t] = vectors[t * LANES + lane]
        return
    while t < count:
        t = min(t, count - LANES)
        for i in range(LANES):
            rows[i] = vec_load(vectors + (t + i) * LANES)
        vec_transpose(rows)
        for lane in range(used):
            vec_store(planes[lane] + t, rows[lane])
        t += LANES


cdef inline void sum_block(
    const int outputs,                              # a constant at every call
    Py_ssize_t taps, const Py_ssize_t* offset, const real* weight, const real* planes, const Py_ssize_t* at,
    vec first, bint accumulate, real* out, const Py_ssize_t* to,
) noexcept nogil:
    cdef vec acc[OUTPUTS]
    cdef vec w
    cdef const real* base[OUTPUTS]
    cdef Py_ssize_t t
    cdef int i
    for i in range(outputs):
        acc[i] = vec_load(out + to[i]) if accumulate else first
        base[i] = planes + at[i]
    for t in range(taps):
        w = vec_load(weight + t * LANES)
        for i in range(outputs):
            acc[i] = vec_fma(w, vec_load(base[i] + offset[t]), acc[i])
    for i in range(outputs):
        vec_store(out + to[i], acc[i])


cdef inline void sum_positions(
    Py_ssize_t outputs, Py_ssize_t taps, const Py_ssize_t* offset, const real* weight, const real* planes,
    const Py_ssize_t* at, vec first, bint accumulate, real* out, const Py_ssize_t* to,
) noexcept nogil:
    cdef Py_ssize_t o = 0
    while outputs - o >= OUTPUTS:
        sum_block(OUTPUTS, taps, offset, weight, planes, at + o, first, accumulate, out, to + o)
        o += OUTPUTS
    if outputs - o >= 4:
        sum_block(4, taps, offset, weight, planes, at + o, first, accumulate, out, to + o)
        o += 4
    while o < outputs:
        sum_block(1, taps, offset, weight, planes, at + o, first, accumulate, out, to + o)
        o += 1


ctypedef void (*RowBlock)(
    Py_ssize_t rows, const real* weight,            # of the kernel; vectors, row by row
    const real* planes, const Py_ssize_t* offset,   # of each tap
    vec first, real* out,
) noexcept nogil


cdef inline void row_block(
    const int outputs, const int kernel,            # constants at every call
    Py_ssize_t rows, const real* weight, const real* planes, const Py_ssize_t* offset, vec first, real* out,
) noexcept nogil:
    """Outputs and taps of a row that follow each other: outputs + kernel - 1 loads serve outputs * kernel products."""
    cdef vec acc[OUTPUTS]
    cdef vec x[OUTPUTS + 6]
    cdef vec w
    cdef Py_ssize_t r = 0
    cdef int i, s
    for i in range(outputs):
        acc[i] = first
    while True:                                     # at least once: else the sums would begin in memory
        for i in range(outputs + kernel - 1):
            x[i] = vec_keep(vec_load(planes + offset[r * kernel] + i * LANES))
        for s in range(kernel):
            w = vec_load(weight + (r * kernel + s) * LANES)
            for i in range(outputs):
                acc[i] = vec_fma(w, x[i + s], acc[i])
        r += 1
        if r == rows:
            break
    for i in range(outputs):
        vec_store(out + i * LANES, acc[i])


cdef inline void row_8x3(Py_ssize_t rows, const real* weight, const real* planes, const Py_ssize_t* offset, vec first,
                         real* out) noexcept nogil:
    row_block(8, 3, rows, weight, planes, offset, first, out)


cdef inline void row_4x3(Py_ssize_t rows, const real* weight, const real* planes, const Py_ssize_t* offset, vec first,
                         real* out) noexcept nogil:
    row_block(4, 3, rows, weight, planes, offset, first, out)


cdef inline void row_8x5(Py_ssize_t rows, const real* weight, const real* planes, const Py_ssize_t* offset, vec first,
                         real* out) noexcept nogil:
    row_block(8, 5, rows, weight, planes, offset, first, out)


cdef inline void row_4x5(Py_ssize_t rows, const real* weight, const real* planes, const Py_ssize_t* offset, vec first,
                         real* out) noexcept nogil:
    row_block(4, 5, rows, weight, planes, offset, first, out)


cdef inline void row_8x7(Py_ssize_t rows, const real* weight, const real* planes, const Py_ssize_t* offset, vec first,
                         real* out) noexcept nogil:
    row_block(8, 7, rows, weight, planes, offset, first, out)


cdef inline void row_4x7(Py_ssize_t rows, const real* weight, const real* planes, const Py_ssize_t* offset, vec first,
                         real* out) noexcept nogil:
    row_block(4, 7, rows, weight, planes, offset, first, out)


cdef inline RowBlock row_block_of(Py_ssize_t outputs, Py_ssize_t kernel) noexcept nogil:
    """8 or 4 outputs (4 where registers are few)."""
    if outputs == 8:
        return row_8x3 if kernel == 3 else (row_8x5 if kernel == 5 else row_8x7)
    return row_4x3 if kernel == 3 else (row_4x5 if kernel == 5 else row_4x7)


cdef inline void sum_rows(
    Py_ssize_t height, Py_ssize_t width, Py_ssize_t rows, Py_ssize_t kernel, const Py_ssize_t* offset,
    const real* weight, const real* planes, const Py_ssize_t* at, vec first, real* out,
) noexcept nogil:
    """All outputs in order: a block may write OUTPUTS - 1 vectors beyond its row, which are written again."""
    cdef Py_ssize_t h, w, most = OUTPUTS if TILE_ROWS == 8 else 4, outputs
    for h in range(height):
        w = 0
        while w < width:
            outputs = most if width - w > 4 else 4
            row_block_of(outputs, kernel)(rows, weight, planes + at[h * width + w], offset, first,
                                          out + (h * width + w) * LANES)
            w += outputs


cdef inline void add_block(
    const int taps,                                 # a constant at every call
    Py_ssize_t outputs, const real* grad, const real* planes, const Py_ssize_t* at, const Py_ssize_t* offset,
    real* sums,
) noexcept nogil:
    cdef vec acc[TAPS]
    cdef vec g
    cdef const real* base[TAPS]
    cdef Py_ssize_t o
    cdef int i
    for i in range(taps):
        acc[i] = vec_set(0)
        base[i] = planes + offset[i]
    for o in range(outputs):
        g = vec_load(grad + o * LANES)
        for i in range(taps):
            acc[i] = vec_fma(g, vec_load(base[i] + at[o]), acc[i])
    for i in range(taps):
        vec_store(sums + i * LANES, vec_add(vec_load(sums + i * LANES), acc[i]))


cdef inline void add_products(
    Py_ssize_t taps, Py_ssize_t outputs, const real* grad, const real* planes, const Py_ssize_t* at,
    const Py_ssize_t* offset, real* sums,
) noexcept nogil:
    """Offsets and sums have room for whole_taps(taps); those beyond are not used."""
    cdef Py_ssize_t t = 0
    if taps == 1:
        add_block(1, outputs, grad, planes, at, offset, sums)
        return
    while t < taps:
        add_block(TAPS, outputs, grad, planes, at, offset + t, sums + t * LANES)
        t += TAPS
