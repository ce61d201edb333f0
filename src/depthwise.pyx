"""2-D convolution with one input channel for each group (depthwise, with any multiplier), and its gradient.

Few multiplications for each pixel: what counts is that a plane is read once, that its borders cost no branch, and that
a vector, once loaded, meets all taps that need it.

    items: runs of bands of planes, in the order of the destination
        lay out the band of the source plane with zeros around it            (plane.pxd: 20 KB, stays in L1)
        for each phase of the destination, a few rows at a time: slide       (stencil.pxd: registers)
        interleave the phases and store, unless they were stored in place

    small planes, items: runs of LANES planes
        lay them out side by side, one in each lane, with zeros around       (planes.pxd)
        sum a few outputs at a time, put the planes back

Forward has one phase. grad_input of stride sh x sw has sh*sw of them, one for each position of a pixel between strides:
only the taps that meet the pixel take part. With a multiplier its sums run over several output channels.
"""
from libc.stdlib cimport free

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport Axis, Tap, ceil_div, clamp
from .geometry cimport Conv, read_geometry
from .phases cimport Phases, adjoint_axis, forward_axis
from .plane cimport Plane, Unit, fill, kernel_of, lay_out, place, unit_of, whole, zeros
from .planes cimport OUTPUTS, Grid, few_pixels, follow, new_grid, pack, sum_positions, sum_rows, unpack
from .workspace cimport LINE, aligned, memory, whole_lines
from .simd cimport (
    LANES, copy_reals, prefetch, real, vec, vec_load, vec_store, vec_store_part, vec_store_zipped, vec_zip_low,
)
from .stencil cimport Slide, slide_of

cdef enum:
    ITEM = 8192                 # vectors touched in an item, about


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
        vec_store_zipped(to + w, vec_load(even + w // 2), vec_load(odd + w // 2))
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
    """Bands of planes; the phases of all rows of a band are summed before one of them is stored, or row by row."""
    cdef Correlation* j = <Correlation*>argument
    cdef Plane* v = &j.plane
    cdef Py_ssize_t number, stop = min((item + 1) * j.units_per_item, j.units), channel, k, source, t, a, b, i, a0, h
    cdef Py_ssize_t source_area = v.row.size * v.column.size, bands = v.row_items * v.column_items
    cdef Py_ssize_t filled = -1, weighted = -1        # what pixels and weight hold
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
                if filled != source * bands + number % bands:
                    filled = source * bands + number % bands
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
    cdef Py_ssize_t number, blocks = ceil_div(j.outputs, LANES), k, used, channel, plane, lane, a, b, o, t
    cdef Py_ssize_t outputs, taps
    zeros(pixels, g.size)
    for number in range(item * j.units_per_item, min((item + 1) * j.units_per_item, j.units)):
        k = number % blocks * LANES
        used = min(LANES, j.outputs - k)
        for channel in range(j.channels):
            for lane in range(LANES):
                a = k + min(lane, used - 1)
                plane = number // blocks * j.outputs + a
                to[lane] = j.dst + plane * g.area
                from_[lane] = j.src + (plane // j.share * j.channels + channel) * g.source_area
                weights[lane] = j.weight + (a * j.channels + channel) * j.taps
                first[lane] = j.bias[a] if j.bias != NULL else 0
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
        steps = plane.rows * j.stage_pitch * (j.taps + 4 * j.column.count * j.row.count)
        steps = (2 * plane.size + steps) // LANES + 64
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


def depthwise_conv2d_grad_input(grad_output, weight, grad_input, geometry, bias=None):
    """grad_input = the adjoint of depthwise_conv2d in its input, plus bias; where no window was, the bias."""
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
        j.bias = <const real*>pointer(&held, bias, READ)
        j.dst = <real*>pointer(&held, grad_input, WRITE)
        correlate(&j, &v, True)
    finally:
        release(&held)
