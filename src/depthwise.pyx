"""2-D convolution with one input channel for each group (depthwise, with any multiplier), and its gradients.

Few multiplications for each pixel: what counts is that a plane is read once, its borders cost no branch, and a vector of
it that was loaded meets all taps that need it.

    items: runs of bands of planes, in the order of the destination
        lay out the band of the source plane with zeros around it            (plane.pxd: 20 KB, stays in L1)
        for each phase of the destination, each few rows: slide              (stencil.pxd: registers)
        interleave phases and store, unless they were stored in place

Forward has one phase. grad_input of stride sh x sw has sh*sw of them, one for each position of a pixel between strides:
only the taps that meet the pixel take part. With a multiplier its sums run over several output channels.

grad_weight: an item is an output channel and a part of its bands over all images; R*S vectors of partial sums stay in L1
and are added up by lanes at the end. There are as many parts as shapes say, added in order: no thread changes a bit.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport Axis, Tap, ceil_div, clamp
from .plane cimport LINE, Plane, fill, lay_out, place, whole, zeros
from .planes cimport OUTPUTS, add_products, pack, sum_positions, sum_rows, unpack, whole_taps
from .simd cimport (
    LANES, copy_reals, prefetch, real, vec, vec_load, vec_store, vec_store_part, vec_sum, vec_zip_high, vec_zip_low,
)
from .stencil cimport Dots, Slide, dots_of, slide_of

cdef enum:
    ITEM = 8192                 # vectors touched in an item, about
    ITEMS = 32                  # of grad_weight, about, where there are fewer channels
    MOST_PARTS = 16             # of the sums of one channel
    SMALL_BYTES = 1 << 16       # of LANES small planes, about: they stay in L1 or close to it


cdef struct Conv:
    Py_ssize_t N, C, H, W, K, R, S, P, Q, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups


cdef Conv read_geometry(g) except *:
    cdef Conv v
    (v.N, v.C, v.H, v.W, v.K, v.R, v.S, v.P, v.Q, v.stride_h, v.stride_w, v.pad_top, v.pad_left,
     v.dilation_h, v.dilation_w, v.groups) = g
    return v


cdef void* memory(size_t size) except NULL:
    cdef void* found = malloc(size if size else 1)
    if found == NULL:
        raise MemoryError(f"no memory for a workspace of {size} bytes")
    return found


cdef inline real* aligned(void* raw) noexcept nogil:
    return <real*>(<char*>raw + (-<size_t>raw & (LINE - 1)))


cdef inline Py_ssize_t whole_lines(Py_ssize_t reals) noexcept nogil:
    return ceil_div(reals * <Py_ssize_t>sizeof(real), LINE) * (LINE // <Py_ssize_t>sizeof(real))


cdef struct Phases:             # of one axis of the destination
    Py_ssize_t size, step, count        # count: min(step, size)
    Py_ssize_t* first           # of the taps of each phase, and an end


cdef void forward_axis(Axis* axis, Phases* phases, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t dilation,
                       Py_ssize_t pad, Py_ssize_t source, Py_ssize_t size) noexcept nogil:
    """Outputs over the input: one phase."""
    cdef Py_ssize_t r
    axis.size, axis.grid, axis.step, axis.taps = source, size, stride, kernel
    for r in range(kernel):
        axis.tap[r].offset = r * dilation - pad
        axis.tap[r].index = r
    phases.size, phases.step, phases.count = size, 1, 1
    phases.first[0], phases.first[1] = 0, kernel


cdef void adjoint_axis(Axis* axis, Phases* phases, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t dilation,
                       Py_ssize_t pad, Py_ssize_t source, Py_ssize_t size) noexcept nogil:
    """Inputs over the outputs: a phase for each position between strides, and the taps that meet it."""
    cdef Py_ssize_t phase, r, at
    axis.size, axis.grid, axis.step, axis.taps = source, ceil_div(size, stride), 1, 0
    phases.size, phases.step, phases.count = size, stride, min(stride, size)
    for phase in range(phases.count):
        phases.first[phase] = axis.taps
        for r in range(kernel - 1, -1, -1):
            at = phase + pad - r * dilation
            if at % stride == 0:                          # also right where `at` is negative
                axis.tap[axis.taps].offset = at // stride
                axis.tap[axis.taps].index = r
                axis.taps += 1
    phases.first[phases.count] = axis.taps


cdef Py_ssize_t kernel_of(const Axis* axis, Py_ssize_t first, Py_ssize_t taps, Py_ssize_t columns) noexcept nogil:
    """How many taps of a column `slide` and `dots` take at a time."""
    cdef Py_ssize_t r
    for r in range(first, first + taps):
        if axis.tap[r].copy != axis.tap[first].copy or axis.tap[r].shift != axis.tap[first].shift + r - first:
            return 1
    return taps if taps == 5 or taps == 7 or taps == columns == 3 else 1


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


cdef bint few_pixels(const Axis* row, const Axis* column, const Phases* rows, const Phases* columns) noexcept nogil:
    """Whether rows fill lanes badly and small planes, one in each lane, stay near."""
    cdef Py_ssize_t most = SMALL_BYTES // (LANES * <Py_ssize_t>sizeof(real))
    if row.taps == 0 or column.taps == 0 or columns.size >= 2 * LANES:
        return False
    return (row.size <= most and column.size <= most and row.size * column.size <= most
            and length(row) <= most and length(column) <= most and length(row) * length(column) <= most
            and rows.size * columns.size <= most)


cdef void grid_tables(Grid* g, const Axis* row, const Axis* column, const Phases* rows, const Phases* columns,
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


cdef Py_ssize_t* new_grid(Grid* g, const Axis* row, const Axis* column, const Phases* rows, const Phases* columns,
                          Py_ssize_t kernel, Py_ssize_t kernel_width) except NULL:
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


cdef struct Correlation:
    Py_ssize_t planes           # of the destination, in all
    Py_ssize_t outputs          # planes of an image: each has its bias and `channels` planes of weights
    Py_ssize_t share            # planes that read the same source
    Py_ssize_t channels         # sources that one plane sums over
    const real* src
    const real* src_end
    real* dst
    const real* weight
    const real* weight_end
    const real* bias
    Py_ssize_t taps
    Plane plane                 # its axes also where planes are small
    Phases row, column
    Grid grid
    Py_ssize_t* offset          # of the taps, phase by phase
    Py_ssize_t* index           # of their weights
    Py_ssize_t units, units_per_item
    bint row_by_row             # phases of rows are stored one by one
    Py_ssize_t stage_pitch, stage_size, weight_size
    real* scratch
    Py_ssize_t scratch_size     # reals per thread


cdef struct Unit:               # a band of a plane of the destination
    Py_ssize_t plane
    Py_ssize_t row, rows, column, columns       # of the grid
    Py_ssize_t width            # columns of the destination


cdef inline Unit unit_of(const Plane* v, Py_ssize_t number) noexcept nogil:
    cdef Unit u
    u.column = number % v.column_items * v.columns
    u.columns = min(v.columns, v.column.grid - u.column)
    number //= v.column_items
    u.row = number % v.row_items * v.rows
    u.rows = min(v.rows, v.row.grid - u.row)
    u.plane = number // v.row_items
    return u


cdef inline void slide_phase(Correlation* j, const Unit* u, Py_ssize_t a, Py_ssize_t b, const real* source,
                             const real* weight, real first, bint accumulate, Py_ssize_t width, real* to,
                             Py_ssize_t to_pitch, const real* ahead) noexcept nogil:
    """Every step-th row and column of a band of the destination, beginning with row a and column b."""
    cdef Py_ssize_t i, share = j.plane.row.step * j.plane.column.size
    cdef Py_ssize_t r0 = j.row.first[a], s0 = j.column.first[b], done = 0, height = 4
    cdef Py_ssize_t taps = j.row.first[a + 1] - r0, columns = j.column.first[b + 1] - s0
    cdef Py_ssize_t rows = min(u.rows, ceil_div(j.row.size - a, j.row.step) - u.row)
    cdef Py_ssize_t at = r0 * j.plane.column.taps + taps * s0
    cdef Py_ssize_t kernel = kernel_of(&j.plane.row, r0, taps, columns)
    cdef Slide slide
    while height:
        slide = slide_of(kernel, height)
        while rows - done >= height:
            if ahead != NULL:
                i = done * share
                while i < (done + height) * share:
                    prefetch(ahead + i)
                    i += LINE // <Py_ssize_t>sizeof(real)
            slide(width, source + done * j.plane.pitch, j.plane.pitch, taps * columns // kernel, j.offset + at,
                  weight + at, first, accumulate, to + done * to_pitch, to_pitch)
            done += height
        height //= 2


cdef inline void put(real* to, vec v, Py_ssize_t count, const real* limit) noexcept nogil:
    """The first lanes, or all where that does no harm."""
    if to + LANES <= limit:
        vec_store(to, v)
    else:
        vec_store_part(to, v, count)


cdef inline void interleave(real* to, const real* even, const real* odd, Py_ssize_t width,
                            const real* limit) noexcept nogil:
    cdef Py_ssize_t w = 0
    while w + 2 * LANES <= width:
        vec_store(to + w, vec_zip_low(vec_load(even + w // 2), vec_load(odd + w // 2)))
        vec_store(to + w + LANES, vec_zip_high(vec_load(even + w // 2), vec_load(odd + w // 2)))
        w += 2 * LANES
    if w + LANES <= width:
        vec_store(to + w, vec_zip_low(vec_load(even + w // 2), vec_load(odd + w // 2)))
        w += LANES
    if w == width:
        return
    if width < LANES:
        put(to, vec_zip_low(vec_load(even), vec_load(odd)), width, limit)
        return
    w = width - LANES
    if w % 2:
        even, odd = odd, even + 1
    vec_store(to + w, vec_zip_low(vec_load(even + w // 2), vec_load(odd + w // 2)))


cdef inline void store_row(Correlation* j, real* to, const real* sums, Py_ssize_t width,
                           const real* limit) noexcept nogil:
    """One row from its phases; a short one may write beyond its end, but not at `limit`."""
    cdef Py_ssize_t b, w
    if j.column.step == 1 and width >= LANES:
        copy_reals(to, sums, width)
    elif j.column.step == 1:
        put(to, vec_load(sums), width, limit)
    elif j.column.step == 2 and j.column.count == 2:
        interleave(to, sums, sums + j.stage_pitch, width, limit)
    else:
        for b in range(j.column.count):
            for w in range(ceil_div(width - b, j.column.step)):
                to[b + w * j.column.step] = sums[b * j.stage_pitch + w]


cdef void correlate_units(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Correlation* j = <Correlation*>argument
    cdef Plane* v = &j.plane
    cdef Py_ssize_t number, stop = min((item + 1) * j.units_per_item, j.units), channel, k, source, t, a, b, i, a0, h
    cdef Py_ssize_t source_area = v.row.size * v.column.size, filled = -1, weighted = -1
    cdef Py_ssize_t group = 1 if j.row_by_row else j.row.count
    cdef real* stage = j.scratch + thread * j.scratch_size
    cdef real* weight = stage + j.stage_size
    cdef real* pixels = weight + j.weight_size
    cdef real* dst
    cdef real* to
    cdef const real* limit
    cdef const real* ahead
    cdef real first
    cdef bint in_place
    cdef Unit next
    # Rows of fewer than LANES are stored one after the other, each overwriting what the one before wrote too much.
    cdef Unit u = unit_of(v, stop - 1)
    cdef const real* last = j.dst + (u.plane * j.row.size
                                     + min((u.row + u.rows) * j.row.step, j.row.size)) * j.column.size
    for number in range(item * j.units_per_item, stop):
        u = unit_of(v, number)
        u.width = min(u.columns * j.column.step, j.column.size - u.column * j.column.step)
        k = u.plane % j.outputs
        dst = j.dst + u.plane * j.row.size * j.column.size + u.column * j.column.step
        first = j.bias[k] if j.bias != NULL else 0
        in_place = j.column.step == 1 and j.channels == 1 and u.columns >= LANES
        next = unit_of(v, number + 1)
        ahead = j.src + next.plane // j.share * j.channels * source_area + next.row * v.row.step * v.column.size
        if ahead >= j.src_end:
            ahead = NULL
        a0 = 0
        while a0 < j.row.count:
            for channel in range(j.channels):
                source = u.plane // j.share * j.channels + channel
                if filled != (source * v.row_items + u.row // v.rows) * v.column_items + u.column // v.columns:
                    filled = (source * v.row_items + u.row // v.rows) * v.column_items + u.column // v.columns
                    fill(v, j.src + source * source_area, j.src_end, u.row, u.rows, u.column, u.columns, 0, pixels)
                if weighted != k * j.channels + channel:
                    weighted = k * j.channels + channel
                    for t in range(v.row.taps * v.column.taps):
                        weight[t] = j.weight[weighted * j.taps + j.index[t]]
                for a in range(a0, min(a0 + group, j.row.count)):
                    for b in range(j.column.count):
                        if in_place:
                            slide_phase(j, &u, a, b, pixels, weight, first, False, u.columns,
                                        dst + (u.row * j.row.step + a) * j.column.size, j.row.step * j.column.size,
                                        ahead)
                        else:
                            slide_phase(j, &u, a, b, pixels, weight, first, channel > 0, whole(u.columns),
                                        stage + ((a - a0) * j.column.count + b) * j.stage_pitch,
                                        group * j.column.count * j.stage_pitch, ahead if a == b == 0 else NULL)
            if not in_place:
                for i in range(u.rows):
                    for a in range(a0, min(a0 + group, j.row.count)):
                        h = (u.row + i) * j.row.step + a
                        if h >= j.row.size:
                            break
                        to = dst + h * j.column.size
                        limit = last if j.column.size < LANES else to + u.width
                        store_row(j, to, stage + (i * group + a - a0) * j.column.count * j.stage_pitch, u.width, limit)
            a0 += group


cdef void tap_tables(Correlation* j, Py_ssize_t kernel_width) noexcept nogil:
    """Offsets and weights of the taps, phase by phase, in each row by row."""
    cdef Py_ssize_t a, b, r, s, t = 0
    for a in range(j.row.count):
        for b in range(j.column.count):
            for r in range(j.row.first[a], j.row.first[a + 1]):
                for s in range(j.column.first[b], j.column.first[b + 1]):
                    j.offset[t] = place(&j.plane, r, s)
                    j.index[t] = j.plane.row.tap[r].index * kernel_width + j.plane.column.tap[s].index
                    t += 1


cdef void correlate_blocks(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """LANES planes side by side."""
    cdef Correlation* j = <Correlation*>argument
    cdef Grid* g = &j.grid
    cdef real* stage = j.scratch + thread * j.scratch_size
    cdef real* weight = stage + (g.area + OUTPUTS) * LANES
    cdef real* pixels = weight + j.taps * LANES
    cdef const real* from_[LANES]
    cdef const real* weights[LANES]
    cdef real* to[LANES]
    cdef real first[LANES]
    cdef Py_ssize_t number, blocks = ceil_div(j.outputs, LANES), k, channel, plane, l, a, b, o, t, outputs, taps, used
    zeros(pixels, g.size)
    for number in range(item * j.units_per_item, min((item + 1) * j.units_per_item, j.units)):
        k = number % blocks * LANES
        used = min(LANES, j.outputs - k)
        for channel in range(j.channels):
            for l in range(LANES):
                a = k + min(l, used - 1)
                plane = number // blocks * j.outputs + a
                to[l] = j.dst + plane * g.area
                from_[l] = j.src + (plane // j.share * j.channels + channel) * g.source_area
                weights[l] = j.weight + (a * j.channels + channel) * j.taps
                first[l] = j.bias[a] if j.bias != NULL else 0
            pack(weights, j.weight_end, j.taps, g.slot, weight)
            pack(from_, j.src_end, g.source_area, g.place, pixels)
            if g.kernel:
                sum_rows(j.row.size, j.column.size, j.plane.row.taps, g.kernel, g.offset, weight, pixels, g.at,
                         vec_load(first), stage)
                continue
            o = t = 0
            for a in range(j.row.count):
                for b in range(j.column.count):
                    outputs = ceil_div(j.row.size - a, j.row.step) * ceil_div(j.column.size - b, j.column.step)
                    taps = (j.row.first[a + 1] - j.row.first[a]) * (j.column.first[b + 1] - j.column.first[b])
                    sum_positions(outputs, taps, g.offset + t, weight + t * LANES, pixels, g.at + o, vec_load(first),
                                  channel > 0, stage, g.to + o)
                    o += outputs
                    t += taps
        unpack(stage, g.area, to, used)


cdef bint follow(const Axis* axis) noexcept nogil:
    """Whether `sum_rows` takes these taps."""
    cdef Py_ssize_t t
    for t in range(axis.taps):
        if axis.tap[t].offset != axis.tap[0].offset + t:
            return False
    return axis.taps == 3 or axis.taps == 5 or axis.taps == 7


cdef int correlate_small(Correlation* j, const Conv* v) except -1:
    cdef Grid* g = &j.grid
    cdef Py_ssize_t items
    cdef int threads
    cdef void* scratch = NULL
    cdef Py_ssize_t* tables = new_grid(g, &j.plane.row, &j.plane.column, &j.row, &j.column, v.R, v.S)
    try:
        j.scratch_size = whole_lines((g.area + 2 * OUTPUTS + j.taps) * LANES + g.size)
        g.kernel = 0
        if j.row.count == j.column.count == j.channels == j.plane.column.step == 1 and follow(&j.plane.column):
            g.kernel = v.S
        j.units = j.planes // j.outputs * ceil_div(j.outputs, LANES)
        j.units_per_item = 5 * (g.source_area + g.area) + j.channels * j.taps * g.area // (j.row.count * j.column.count)
        j.units_per_item = clamp(ITEM // j.units_per_item, 1, j.units)
        items = ceil_div(j.units, j.units_per_item)
        threads = team(items, 2.0 * j.planes * j.channels * (g.area * (j.taps + 8) + g.source_area))
        scratch = memory(threads * j.scratch_size * sizeof(real) + LINE)
        j.scratch = aligned(scratch)
        with nogil:
            run(correlate_blocks, j, items, threads)
    finally:
        free(tables)
        free(scratch)
    return 0


cdef int correlate_bands(Correlation* j, const Conv* v) except -1:
    cdef Plane* plane = &j.plane
    cdef Py_ssize_t items, rows, steps
    cdef int threads
    cdef void* scratch = NULL
    cdef Py_ssize_t* tables = <Py_ssize_t*>memory(2 * j.taps * sizeof(Py_ssize_t))
    try:
        j.offset, j.index = tables, tables + j.taps
        lay_out(plane)
        tap_tables(j, v.S)
        j.row_by_row = j.channels == 1 and j.column.size >= LANES
        j.stage_pitch = whole(plane.columns)
        rows = plane.rows * (1 if j.row_by_row else j.row.count)
        j.stage_size = whole_lines(rows * j.column.count * j.stage_pitch + 2 * LANES)
        j.weight_size = whole_lines(j.taps)
        j.scratch_size = j.stage_size + j.weight_size + whole_lines(plane.size)
        steps = (2 * plane.size + plane.rows * j.stage_pitch * (j.taps + 4 * j.column.count * j.row.count)) // LANES + 64
        j.units = j.planes * plane.row_items * plane.column_items
        j.units_per_item = clamp(ITEM // (steps * j.channels), 1, j.units)
        items = ceil_div(j.units, j.units_per_item)
        threads = team(items, 2.0 * j.planes * j.channels * plane.row.grid * plane.column.grid * (j.taps + 8))
        scratch = memory(threads * j.scratch_size * sizeof(real) + LINE)
        j.scratch = aligned(scratch)
        with nogil:
            run(correlate_units, j, items, threads)
    finally:
        free(tables)
        free(scratch)
    return 0


cdef int correlate(Correlation* j, const Conv* v, bint adjoint) except -1:
    """Axes from the geometry, then one of the two ways; which one does not depend on the batch."""
    cdef Axis* row = &j.plane.row
    cdef Axis* column = &j.plane.column
    cdef Py_ssize_t phases = v.H + v.W + 2 if adjoint else 4
    cdef void* tables
    if j.planes == 0:
        return 0
    j.taps = v.R * v.S
    tables = memory((v.R + v.S) * sizeof(Tap) + phases * sizeof(Py_ssize_t))
    try:
        row.tap = <Tap*>tables
        column.tap = row.tap + v.R
        j.row.first = <Py_ssize_t*>(column.tap + v.S)
        if adjoint:
            j.column.first = j.row.first + v.H + 1
            adjoint_axis(row, &j.row, v.R, v.stride_h, v.dilation_h, v.pad_top, v.P, v.H)
            adjoint_axis(column, &j.column, v.S, v.stride_w, v.dilation_w, v.pad_left, v.Q, v.W)
        else:
            j.column.first = j.row.first + 2
            forward_axis(row, &j.row, v.R, v.stride_h, v.dilation_h, v.pad_top, v.H, v.P)
            forward_axis(column, &j.column, v.S, v.stride_w, v.dilation_w, v.pad_left, v.W, v.Q)
        if 2 * j.outputs >= LANES and few_pixels(row, column, &j.row, &j.column):
            correlate_small(j, v)
        else:
            correlate_bands(j, v)
    finally:
        free(tables)
    return 0


def depthwise_conv2d(input, weight, bias, output, geometry):
    """output = input correlated with weight, plus bias."""
    cdef Conv v = read_geometry(geometry)
    cdef Correlation j
    cdef Buffers held
    held.count = 0
    try:
        j.planes, j.outputs, j.share, j.channels = v.N * v.K, v.K, v.K // v.C, 1
        j.src = <const real*>pointer(&held, input, READ)
        j.src_end = j.src + v.N * v.C * v.H * v.W
        j.weight = <const real*>pointer(&held, weight, READ)
        j.weight_end = j.weight + v.K * v.R * v.S
        j.bias = <const real*>pointer(&held, bias, READ)
        j.dst = <real*>pointer(&held, output, WRITE)
        correlate(&j, &v, False)
    finally:
        release(&held)


def depthwise_conv2d_grad_input(grad_output, weight, grad_input, geometry):
    """grad_input = the adjoint of depthwise_conv2d in its input; pixels that no window touched get 0."""
    cdef Conv v = read_geometry(geometry)
    cdef Correlation j
    cdef Buffers held
    held.count = 0
    try:
        j.planes, j.outputs, j.share, j.channels = v.N * v.C, v.C, 1, v.K // v.C
        j.src = <const real*>pointer(&held, grad_output, READ)
        j.src_end = j.src + v.N * v.K * v.P * v.Q
        j.weight = <const real*>pointer(&held, weight, READ)
        j.weight_end = j.weight + v.K * v.R * v.S
        j.bias = NULL
        j.dst = <real*>pointer(&held, grad_input, WRITE)
        correlate(&j, &v, True)
    finally:
        release(&held)


cdef struct WeightGradient:
    Py_ssize_t N, K, share      # output channels that read the same input
    const real* input
    const real* input_end
    const real* grad_output
    const real* grad_end
    Plane plane                 # as in the forward pass; its axes also where planes are small
    Grid grid
    Py_ssize_t taps, kernel
    Py_ssize_t* offset
    Py_ssize_t bands, parts     # of one channel, all images
    real* sums                  # parts x (K, taps); the weight's gradient itself if there is one part
    real* total
    real* scratch
    Py_ssize_t lines_size, scratch_size     # reals per thread


cdef inline void add_dots(WeightGradient* j, const Unit* u, const real* pixels, const real* grad, Py_ssize_t pitch,
                          Py_ssize_t ahead, real* sums) noexcept nogil:
    """Add the products of one band to the vectors of sums of all taps."""
    cdef Py_ssize_t t = 0, columns = j.plane.column.taps, count
    cdef Dots dots = dots_of(j.kernel, 0)
    if j.kernel == 3:
        dots(u.rows, u.columns, pixels, j.plane.pitch, j.offset, grad, pitch, ahead, sums, columns * LANES)
    elif j.kernel > 1:
        for t in range(columns):
            dots(u.rows, u.columns, pixels, j.plane.pitch, j.offset + t, grad, pitch, ahead, sums + t * LANES,
                 columns * LANES)
    else:
        while t < j.taps:
            count = 9 if j.taps - t >= 9 else (4 if j.taps - t >= 4 else 1)
            dots = dots_of(1, count)
            dots(u.rows, u.columns, pixels, j.plane.pitch, j.offset + t, grad, pitch, ahead, sums + t * LANES, 0)
            t += count


cdef void weight_part(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Plane* v = &j.plane
    cdef Py_ssize_t k = item // j.parts, part = item % j.parts, number, n, t
    cdef Py_ssize_t bands = v.row_items * v.column_items
    cdef real* sums = j.scratch + thread * j.scratch_size
    cdef real* lines = sums + whole_lines(j.taps * LANES)
    cdef real* pixels = lines + j.lines_size
    cdef const real* grad
    cdef const real* source
    cdef Unit u
    memset(sums, 0, j.taps * LANES * sizeof(real))
    for number in range(part * j.bands // j.parts, (part + 1) * j.bands // j.parts):
        u = unit_of(v, number % bands)
        n = number // bands
        source = j.input + (n * j.K + k) // j.share * v.row.size * v.column.size
        fill(v, source, j.input_end, u.row, u.rows, u.column, u.columns,
             j.K // j.share * v.row.size * v.column.size if bands == 1 else 0, pixels)
        grad = j.grad_output + ((n * j.K + k) * v.row.grid + u.row) * v.column.grid + u.column
        if u.columns < LANES and grad + (u.rows - 1) * v.column.grid + LANES > j.grad_end:
            memcpy(lines, grad, ((u.rows - 1) * v.column.grid + u.columns) * sizeof(real))
            grad = lines
        add_dots(j, &u, pixels, grad, v.column.grid, j.K * v.row.grid * v.column.grid if bands == 1 else 0, sums)
    for t in range(j.taps):
        j.sums[(part * j.K + k) * j.taps + t] = vec_sum(vec_load(sums + t * LANES))


cdef void weight_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """LANES output channels side by side."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Grid* g = &j.grid
    cdef Py_ssize_t block = item // j.parts, part = item % j.parts, n, k, l, t, used = min(LANES, j.K - block * LANES)
    cdef real* sums = j.scratch + thread * j.scratch_size
    cdef real* grads = sums + whole_taps(j.taps) * LANES
    cdef real* pixels = grads + g.area * LANES
    cdef const real* from_[LANES]
    memset(sums, 0, whole_taps(j.taps) * LANES * sizeof(real))
    zeros(pixels, g.size)
    for n in range(part * j.N // j.parts, (part + 1) * j.N // j.parts):
        for l in range(LANES):
            k = block * LANES + min(l, used - 1)
            from_[l] = j.input + (n * j.K + k) // j.share * g.source_area
        pack(from_, j.input_end, g.source_area, g.place, pixels)
        for l in range(LANES):
            from_[l] = j.grad_output + (n * j.K + block * LANES + min(l, used - 1)) * g.area
        pack(from_, j.grad_end, g.area, g.to, grads)
        add_products(j.taps, g.area, grads, pixels, g.at, g.offset, sums)
    for l in range(used):
        for t in range(j.taps):
            j.sums[(part * j.K + block * LANES + l) * j.taps + t] = sums[t * LANES + l]


cdef void add_parts(WeightGradient* j) noexcept nogil:
    cdef Py_ssize_t part, t, size = j.K * j.taps
    memcpy(j.total, j.sums, size * sizeof(real))
    for part in range(1, j.parts):
        for t in range(size):
            j.total[t] += j.sums[part * size + t]


cdef int sum_weights(WeightGradient* j, const Conv* v) except -1:
    cdef Plane* plane = &j.plane
    cdef Phases rows, columns
    cdef Py_ssize_t ends[4]
    cdef Py_ssize_t r, s, items, units
    cdef int threads
    cdef bint small
    cdef void* taps = NULL
    cdef void* tables = NULL
    cdef void* scratch = NULL
    cdef real* parts = NULL
    try:
        taps = memory((v.R + v.S) * sizeof(Tap))
        plane.row.tap = <Tap*>taps
        plane.column.tap = plane.row.tap + v.R
        rows.first, columns.first = ends, ends + 2
        forward_axis(&plane.row, &rows, v.R, v.stride_h, v.dilation_h, v.pad_top, v.H, v.P)
        forward_axis(&plane.column, &columns, v.S, v.stride_w, v.dilation_w, v.pad_left, v.W, v.Q)
        small = 2 * v.K >= LANES and few_pixels(&plane.row, &plane.column, &rows, &columns)
        if small:
            tables = new_grid(&j.grid, &plane.row, &plane.column, &rows, &columns, v.R, v.S)
            j.scratch_size = whole_lines((whole_taps(j.taps) + j.grid.area) * LANES + j.grid.size)
            items, units = ceil_div(v.K, LANES), v.N
        else:
            lay_out(plane)
            j.offset = <Py_ssize_t*>memory(j.taps * sizeof(Py_ssize_t))
            tables = j.offset
            for r in range(v.R):
                for s in range(v.S):
                    j.offset[r * v.S + s] = place(plane, r, s)
            j.kernel = kernel_of(&plane.row, 0, v.R, v.S)
            j.lines_size = whole_lines(plane.rows * LANES + LANES)
            j.scratch_size = whole_lines(j.taps * LANES) + j.lines_size + whole_lines(plane.size)
            items, units = v.K, v.N * plane.row_items * plane.column_items
        j.bands = units
        j.parts = clamp(ceil_div(ITEMS, items), 1, min(units, MOST_PARTS))
        items *= j.parts
        threads = team(items, 2.0 * v.N * v.K * v.P * v.Q * (j.taps + 8))
        scratch = memory(threads * j.scratch_size * sizeof(real) + LINE)
        j.scratch = aligned(scratch)
        j.sums = j.total
        if j.parts > 1:
            j.sums = parts = <real*>memory(j.parts * v.K * j.taps * sizeof(real))
        with nogil:
            run(weight_block if small else weight_part, j, items, threads)
            if j.parts > 1:
                add_parts(j)
    finally:
        free(taps)
        free(tables)
        free(scratch)
        free(parts)
    return 0


def depthwise_conv2d_grad_weight(grad_output, input, grad_weight, geometry):
    """grad_weight[k, 0, r, s] = sum over images and outputs of grad_output times the input it met."""
    cdef Conv v = read_geometry(geometry)
    cdef WeightGradient j
    cdef Buffers held
    held.count = 0
    try:
        j.N, j.K, j.share, j.taps = v.N, v.K, v.K // v.C, v.R * v.S
        j.grad_output = <const real*>pointer(&held, grad_output, READ)
        j.grad_end = j.grad_output + v.N * v.K * v.P * v.Q
        j.input = <const real*>pointer(&held, input, READ)
        j.input_end = j.input + v.N * v.C * v.H * v.W
        j.total = <real*>pointer(&held, grad_weight, WRITE)
        sum_weights(&j, &v)
    finally:
        release(&held)
