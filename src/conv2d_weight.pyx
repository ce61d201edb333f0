"""Gradients of convolution in its weight and its bias.

grad_weight[k, (c, r, s)] sums over pixels. Bands are dealt into a few parts, as many as the shapes say; an item is the
sum over one part for some channels and some outputs, the parts are added in order: no thread changes a bit.

    items: groups x parts x chunks of output channels x chunks of channels
    for each band of the part:         lay out the window, pack grad_output into panels      (both stay in L2)
        for each panel:                vectors of output channels                            (streams)
            for each few taps:         tile, reading pixels one by one, over all positions   (registers)
    turn the sums into rows of the weight
Few output channels would leave lanes idle: there images are in lanes, or pixels where images are few, and the tile is
one of dot products. Pixels also are where dilation is so far that a window would be too large.
"""
from libc.stdlib cimport free
from libc.string cimport memcpy, memset

from ...parallel cimport run, stopping, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport (
    Axis, Band, Piece, Tap, ceil_div, clamp, frame, lines_of, piece, plan, plan_window, positions, window,
)
from .geometry cimport Conv, forward_axes, new_taps, offset_tables, read_geometry
from .panel cimport Panels, first_vector, pack, panels_of, unpack
from .simd cimport LANES, POINTS, TILE_ROWS, copy_reals, real, vec, vec_add, vec_load, vec_set, vec_sum
from .stack cimport STACK, Stack, stack_images
from .tile cimport MOST_VECTORS, Lines, Term, all_points, dots_in_place, vectors_of
from .workspace cimport Workspace, give_back, memory, reals_of, reserve, take, whole_lines

cdef enum:
    ROWS = 256                  # output channels of an item, at most
    SUMS = 8192                 # gradients of a band that stay in L1, about, for few output channels
    GRADIENTS = 1 << 16         # gradients of a band that stay in L2, about, for many
    LEAST_FLAT = 64             # positions in a window
    MOST_FLAT = 1024
    MOST_TAPS = 256             # summed at a time with images in lanes
    WEIGHTS = 1 << 16           # sums of an item that stay in L2, about
    PARTIAL_SUMS = 1 << 18      # in all parts, about
    MOST_PARTS = 16             # partial sums, at most
    MOST_ITEMS = 1 << 20
    MOST_WINDOW = 1 << 20       # reals; a far dilation would need more
    BIAS_ITEM = 1 << 13         # gradients, about
    MOST_SUMS = 1 << 17         # of planes, in memory


cdef struct WeightGradient:
    Py_ssize_t N, groups
    const real* input           # (N, groups*channels, row.size, column.size)
    const real* grad_output     # (N, groups*rows, row.grid, column.grid)
    Py_ssize_t channels, rows, depth
    Axis row, column            # as in the forward pass
    Band band
    Py_ssize_t bands            # of one group
    Py_ssize_t parts, channel_chunks, row_chunks, row_chunk
    Panels panels               # of a row chunk
    bint stacked                # images in lanes
    Py_ssize_t* offsets
    Py_ssize_t* tables          # for each thread: where the positions of a band are, and the taps of an item
    Py_ssize_t table_size
    real* sums                  # parts x (groups*rows, depth); the weight's gradient itself if there is one part
    Py_ssize_t size             # of the weight
    real* total                 # the weight's gradient
    real* scratch
    Py_ssize_t scratch_size     # reals per thread


cdef void grad_lines(WeightGradient* j, const Piece* at, Py_ssize_t first, Py_ssize_t rows, real* to) noexcept nogil:
    """Rows of grad_output as the band has its positions, with zeros at the end of a line."""
    cdef Py_ssize_t k, n, p, q
    cdef const real* line
    cdef real* out
    for k in range(rows):
        out = to + k * j.band.flat
        for n in range(at.images):
            line = j.grad_output + (((at.image + n) * j.groups * j.rows + first + k) * j.row.grid
                                    + at.row) * j.column.grid + at.column
            for p in range(at.rows):
                copy_reals(out, line + p * j.column.grid, at.columns)
                for q in range(at.columns, j.band.pitch):
                    out[q] = 0
                out += j.band.pitch


cdef void grad_panels(WeightGradient* j, const Piece* at, Py_ssize_t first, Py_ssize_t rows, real* to) noexcept nogil:
    """The same transposed and without zeros: panels of output channels, a line for each position."""
    cdef Panels panels = panels_of(rows)
    cdef Py_ssize_t panel, n, p, vector, width, lines = at.rows, length = at.columns, area = j.row.grid * j.column.grid
    cdef const real* from_
    if j.band.column_items == 1:                          # rows follow each other in both
        lines, length = 1, at.rows * at.columns
    for panel in range(panels.count):
        vector = first_vector(&panels, panel)
        width = (first_vector(&panels, panel + 1) - vector) * LANES
        for n in range(at.images):
            from_ = (j.grad_output + ((at.image + n) * j.groups * j.rows + first + vector * LANES) * area
                     + at.row * j.column.grid + at.column)
            for p in range(lines):
                pack(from_ + p * j.column.grid, 1, area, length, min(rows - vector * LANES, width), width,
                     to + (vector * LANES) * at.images * at.rows * at.columns + (n * lines + p) * length * width)


cdef struct Part:                                         # an item: some bands, some channels, some rows
    Py_ssize_t first_band, stop_band, group, part
    Py_ssize_t c0, channels, k0, rows


cdef Part weight_item(const WeightGradient* j, Py_ssize_t item) noexcept nogil:
    cdef Part p
    p.c0 = item % j.channel_chunks * j.band.chunk
    p.channels = min(j.channels - p.c0, j.band.chunk)
    item //= j.channel_chunks
    p.k0 = item % j.row_chunks * j.row_chunk
    p.rows = min(j.rows - p.k0, j.row_chunk)
    item //= j.row_chunks
    p.part = item % j.parts
    p.first_band = p.part * j.bands // j.parts
    p.stop_band = (p.part + 1) * j.bands // j.parts
    p.group = item // j.parts
    return p


cdef inline real* sums_of(WeightGradient* j, const Part* item) noexcept nogil:
    """Where the sums of an item go."""
    return (j.sums + item.part * j.size + (item.group * j.rows + item.k0) * j.depth
            + item.c0 * j.row.taps * j.column.taps)


cdef inline void terms_of(const Band* band, const Piece* at, Term* term) noexcept nogil:
    """Where the positions of an item lie in its window; their gradients follow each other."""
    cdef Py_ssize_t n, p, q
    cdef int line = 0
    for n in range(at.images):
        for p in range(at.rows):
            for q in range(at.columns):
                term.offset = <int>(n * band.image_size + p * band.row.pace * band.pitch + q * band.column.pace)
                term.line = line
                line += LANES
                term += 1


cdef void weight_taps(void* argument, Py_ssize_t number, int thread) noexcept nogil:
    """Output channels in lanes, pixels from the window one by one."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Band* band = &j.band
    cdef Part item = weight_item(j, number)
    cdef Panels panels = panels_of(item.rows)
    cdef Py_ssize_t taps = item.channels * j.row.taps * j.column.taps, area = j.row.size * j.column.size
    cdef Py_ssize_t image_step = j.groups * j.channels * area, c_lines = taps + POINTS
    cdef Py_ssize_t b, panel, i, flat, vector, width
    cdef Py_ssize_t* places = j.tables + thread * j.table_size         # here taps are the points, positions the terms
    cdef Py_ssize_t* lines = places + band.chunk * j.row.taps * j.column.taps + POINTS
    cdef Term* terms = <Term*>(lines + band.chunk * j.row.taps * j.column.taps + LANES)
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* grads = pixels + band.size
    cdef real* c = grads + panels.vectors * LANES * band.flat
    cdef real* to = sums_of(j, &item)
    cdef const real* first
    cdef Piece at
    memcpy(places, j.offsets, taps * sizeof(Py_ssize_t))
    for i in range(POINTS):                               # a tile may go beyond the last tap
        places[taps + i] = 0
    for i in range(taps + LANES):
        lines[i] = i
    for b in range(item.first_band, item.stop_band):
        if stopping():
            return
        at = piece(band, b)
        flat = at.images * at.rows * at.columns
        terms_of(band, &at, terms)
        first = window(band, &at, j.input + at.image * image_step + (item.group * j.channels + item.c0) * area,
                       item.channels, image_step, pixels)
        grad_panels(j, &at, item.group * j.rows + item.k0, item.rows, grads)
        for panel in range(panels.count):
            vector = first_vector(&panels, panel)
            width = first_vector(&panels, panel + 1) - vector
            all_points(<int>width, taps, flat, first, places, terms, grads + vector * LANES * flat,
                       c + vector * c_lines * LANES, b > item.first_band)
    for panel in range(panels.count):
        vector = first_vector(&panels, panel)
        width = first_vector(&panels, panel + 1) - vector
        for i in range(width):
            unpack(c + (vector * c_lines + i) * LANES, width * LANES, lines, taps, NULL,
                   min(item.rows - (vector + i) * LANES, LANES), to + (vector + i) * LANES * j.depth, j.depth, 1)


cdef void stack_band(WeightGradient* j, const Part* item, const Piece* at, Py_ssize_t* place, real* pixels,
                     real* grads) noexcept nogil:
    """The pixels that a band of LANES images sees, zeros outside included, and its rows of grad_output."""
    cdef Band* band = &j.band
    cdef Py_ssize_t area = j.row.size * j.column.size, image_step = j.groups * j.channels * area
    cdef Py_ssize_t outputs = j.row.grid * j.column.grid, grad_step = j.groups * j.rows * outputs
    cdef Py_ssize_t line = at.row * j.row.step + j.row.tap[0].origin
    cdef Stack s
    s.first = clamp(line, 0, j.row.size)
    s.lines = clamp(line + lines_of(&j.row, at.rows), s.first, j.row.size) - s.first
    s.top, s.left = s.first - line if s.lines else 0, 0 - j.column.tap[0].origin
    s.width, s.pitch, s.plane = j.column.size, band.pitch, band.plane * LANES
    stack_images(&s, j.input + at.image * image_step + (item.group * j.channels + item.c0) * area, at.images,
                 image_step, item.channels, area, j.input + j.N * image_step, place, pixels)
    s.first, s.lines, s.top, s.left = at.row, at.rows, 0, 0
    s.width = s.pitch = at.columns
    s.plane = band.flat
    stack_images(&s, j.grad_output + at.image * grad_step + (item.group * j.rows + item.k0) * outputs, at.images,
                 grad_step, item.rows, outputs, j.grad_output + j.N * grad_step, place, grads)


cdef void weight_dots(void* argument, Py_ssize_t number, int thread) noexcept nogil:
    """Images or pixels in lanes: for few output channels."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Band* band = &j.band
    cdef Part item = weight_item(j, number)
    cdef Py_ssize_t taps = item.channels * j.row.taps * j.column.taps
    cdef Py_ssize_t area = j.row.size * j.column.size, image_step = j.groups * j.channels * area
    cdef Py_ssize_t c_step = band.chunk * j.row.taps * j.column.taps + MOST_VECTORS
    cdef Py_ssize_t b, block, k, t
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* grads = pixels + band.size
    cdef real* c = grads + item.rows * band.flat
    cdef real* to = sums_of(j, &item)
    cdef const real* first = pixels
    cdef const Py_ssize_t* offsets = j.offsets
    cdef Lines lines
    cdef int rows
    cdef Piece at
    lines.a_row = band.flat
    lines.b_line, lines.b_vector = j.row.pace * band.pitch * LANES, j.column.pace * LANES
    memset(c, 0, item.rows * c_step * LANES * sizeof(real))
    for b in range(item.first_band, item.stop_band):
        if stopping():
            return
        at = piece(band, b)
        if j.stacked:
            stack_band(j, &item, &at, j.tables + thread * j.table_size, pixels, grads)
            lines.lines, lines.vectors = at.rows, at.columns
        else:
            first = positions(band, &at, j.input + at.image * image_step + (item.group * j.channels + item.c0) * area,
                              item.channels, image_step, j.input + j.N * image_step, at.images * at.rows * band.pitch,
                              pixels, j.offsets, &offsets)
            grad_lines(j, &at, item.group * j.rows + item.k0, item.rows, grads)
            lines.lines, lines.vectors = 1, at.images * at.rows * band.pitch // LANES
        for block in range(ceil_div(item.rows, TILE_ROWS)):
            k = block * TILE_ROWS
            rows = <int>min(item.rows - k, TILE_ROWS)
            dots_in_place(rows)(ceil_div(taps, vectors_of(rows)), &lines, grads + k * band.flat, first, offsets,
                                c + k * c_step * LANES, c_step)
    for k in range(item.rows):
        for t in range(taps):
            to[k * j.depth + t] = vec_sum(vec_load(c + (k * c_step + t) * LANES))


cdef void add_parts(void* argument, Py_ssize_t row, int thread) noexcept nogil:
    """One output channel of the weight: the parts in order."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Py_ssize_t _part, d
    cdef const real* sums = j.sums + row * j.depth
    cdef real* total = j.total + row * j.depth
    memcpy(total, sums, j.depth * sizeof(real))
    for _part in range(1, j.parts):
        sums += j.size
        for d in range(j.depth):
            total[d] += sums[d]


cdef void deal_channels(WeightGradient* j, Py_ssize_t others, Py_ssize_t threads) noexcept nogil:
    """Cut the channels into chunks; if items are few, into so many that each thread gets as many items.

    (No bit depends on it: a weight's sum runs over the positions of one band after the other in any case.)
    """
    cdef Py_ssize_t chunks = ceil_div(j.channels, j.band.chunk)
    if others * chunks < 4 * threads:
        chunks = min(ceil_div(ceil_div(others * chunks, 2 * threads) * 2 * threads, others), j.channels)
    j.band.chunk = ceil_div(j.channels, chunks)
    j.channel_chunks = ceil_div(j.channels, j.band.chunk)


cdef bint plan_stack(WeightGradient* j) noexcept nogil:
    """Lay out a band of LANES images with images in lanes, if that fills vectors about as well as pixels do."""
    cdef Band* band = &j.band
    cdef Py_ssize_t lines
    cdef double stacked
    frame(&band.row)
    frame(&band.column)
    band.images, band.image_items, band.in_place = LANES, ceil_div(band.N, LANES), False
    band.columns, band.column_items, band.pitch = band.column.grid, 1, lines_of(&band.column, band.column.grid)
    band.row_items = ceil_div(band.row.grid, clamp(SUMS // (j.rows * band.columns * LANES), 1, band.row.grid))
    band.band_rows = ceil_div(band.row.grid, band.row_items)
    lines = lines_of(&band.row, band.band_rows)
    band.image_size = band.plane = lines * band.pitch
    band.chunk = clamp(STACK // (band.plane * LANES), 1, band.channels)
    band.chunk = clamp(MOST_TAPS // (band.row.taps * band.column.taps), 1, band.chunk)
    band.chunk = ceil_div(band.channels, ceil_div(band.channels, band.chunk))
    band.flat = band.band_rows * band.columns * LANES
    band.size = whole_lines(band.chunk * band.plane * LANES)
    stacked = band.image_items * band.columns
    return stacked <= 1.25 * band.N * ceil_div(band.columns, LANES) and band.size <= STACK


cdef int sum_weights(WeightGradient* j) except -1:
    cdef Band* band = &j.band
    cdef Py_ssize_t items, t, taps = j.row.taps * j.column.taps, tables, parts
    cdef Workspace space
    cdef double work = 2.0 * j.N * j.row.grid * j.column.grid * j.rows * j.groups * j.depth
    cdef int threads
    cdef bint few
    band.row, band.column = j.row, j.column
    band.N, band.channels, band.rows = j.N, j.channels, j.rows
    j.row_chunks = ceil_div(j.rows, ROWS)
    j.row_chunk = ceil_div(ceil_div(j.rows, j.row_chunks), LANES) * LANES
    j.row_chunks = ceil_div(j.rows, j.row_chunk)
    j.stacked = j.rows <= TILE_ROWS and plan_stack(j)
    few = j.stacked or 2 * j.rows <= LANES
    if not few:
        plan_window(band, j.N, clamp(GRADIENTS // j.row_chunk, LEAST_FLAT, MOST_FLAT), WEIGHTS // j.row_chunk,
                    j.groups * j.channels * j.row.size * j.column.size)
        few = band.size > MOST_WINDOW
    if few and not j.stacked:
        plan(band, j.N, SUMS // j.rows, True, LANES)
    j.row, j.column = band.row, band.column
    j.bands = band.image_items * band.row_items * band.column_items
    j.parts = clamp(PARTIAL_SUMS // j.size, 1, min(j.bands, MOST_PARTS))
    deal_channels(j, j.groups * j.parts * j.row_chunks, team(MOST_ITEMS, work))
    items = j.groups * j.parts * j.row_chunks * j.channel_chunks
    threads = team(items, work)
    j.scratch_size = band.size + whole_lines(j.row_chunk * (band.flat
                                                            + (band.chunk * taps + POINTS) * (LANES if few else 1)))
    j.table_size = 2 * (band.chunk * taps + POINTS + LANES) + band.flat
    if j.stacked:
        j.row_chunk = j.rows
        j.table_size = max(j.row.size * j.column.size, band.band_rows * band.columns)
    tables = reals_of(threads * j.table_size * sizeof(Py_ssize_t))
    parts = whole_lines(j.parts * j.size) if j.parts > 1 else 0
    j.offsets, space.block = NULL, NULL
    try:
        j.offsets = offset_tables(band, j.row.size * j.column.size)
        if j.stacked:
            for t in range(band.chunk * taps):
                j.offsets[t] *= LANES
        reserve(&space, threads * j.scratch_size + tables + parts)
        j.scratch, j.tables = take(&space, threads * j.scratch_size), <Py_ssize_t*>take(&space, tables)
        j.sums = take(&space, parts) if parts else j.total
        with nogil:
            run(weight_dots if few else weight_taps, j, items, threads)
            if j.parts > 1:
                run(add_parts, j, j.groups * j.rows, team(j.groups * j.rows, <double>j.parts * j.size))
    finally:
        free(j.offsets)
        give_back(&space)
    return 0


def conv2d_grad_weight(grad_output, input, grad_weight, geometry):
    """grad_weight[k, c, r, s] = sum over images and outputs of grad_output times the input it met."""
    cdef Conv v = read_geometry(geometry)
    cdef WeightGradient j
    cdef Buffers held
    cdef Tap* taps = new_taps(&v)
    held.count = 0
    try:
        forward_axes(&j.row, &j.column, &v, taps)
        j.N, j.groups, j.channels, j.rows = v.N, v.groups, v.C // v.groups, v.K // v.groups
        j.depth = j.channels * v.R * v.S
        j.size = v.K * j.depth
        j.grad_output = <const real*>pointer(&held, grad_output, READ)
        j.input = <const real*>pointer(&held, input, READ)
        j.total = <real*>pointer(&held, grad_weight, WRITE)
        if v.N * v.P * v.Q:
            sum_weights(&j)
        else:
            memset(j.total, 0, j.size * sizeof(real))
    finally:
        free(taps)
        release(&held)


cdef struct BiasGradient:
    const real* grad_output
    real* grad_bias
    real* sums                  # of planes
    Py_ssize_t N, K, area
    Py_ssize_t planes           # of an item


cdef inline real plane_sum(const real* plane, Py_ssize_t area) noexcept nogil:
    """Four vectors of sums side by side, in a fixed order."""
    cdef vec sums[4]
    cdef real rest = 0
    cdef Py_ssize_t t = 0
    cdef int i
    for i in range(4):
        sums[i] = vec_set(0)
    while t + 4 * LANES <= area:
        for i in range(4):
            sums[i] = vec_add(sums[i], vec_load(plane + t + i * LANES))
        t += 4 * LANES
    while t + LANES <= area:
        sums[0] = vec_add(sums[0], vec_load(plane + t))
        t += LANES
    for t in range(t, area):
        rest += plane[t]
    return vec_sum(vec_add(vec_add(sums[0], sums[1]), vec_add(sums[2], sums[3]))) + rest


cdef void bias_planes(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """Planes as they follow each other in memory."""
    cdef BiasGradient* j = <BiasGradient*>argument
    cdef Py_ssize_t plane
    for plane in range(item * j.planes, min((item + 1) * j.planes, j.N * j.K)):
        j.sums[plane] = plane_sum(j.grad_output + plane * j.area, j.area)


cdef void bias_channel(void* argument, Py_ssize_t k, int thread) noexcept nogil:
    """One channel, image after image: of sums that are there, or of planes."""
    cdef BiasGradient* j = <BiasGradient*>argument
    cdef real total = 0
    cdef Py_ssize_t n
    for n in range(j.N):
        total += j.sums[n * j.K + k] if j.sums != NULL else plane_sum(j.grad_output + (n * j.K + k) * j.area, j.area)
    j.grad_bias[k] = total


def conv2d_grad_bias(grad_output, grad_bias, geometry):
    """grad_bias[k] = sum of grad_output over images, rows and columns."""
    cdef Conv v = read_geometry(geometry)
    cdef BiasGradient job
    cdef Buffers held
    cdef Py_ssize_t items
    cdef double work
    held.count = 0
    job.sums = NULL
    try:
        job.N, job.K, job.area = v.N, v.K, v.P * v.Q
        job.grad_output = <const real*>pointer(&held, grad_output, READ)
        job.grad_bias = <real*>pointer(&held, grad_bias, WRITE)
        job.planes = ceil_div(BIAS_ITEM, job.area)
        items = ceil_div(v.N * v.K, job.planes)
        work = 8.0 * v.N * v.K * job.area                        # it is memory that it waits for
        if items > 1 and v.N * v.K <= MOST_SUMS:
            job.sums = <real*>memory(v.N * v.K * sizeof(real))
        with nogil:
            if job.sums != NULL:
                run(bias_planes, &job, items, team(items, work))
                run(bias_channel, &job, v.K, 1)
            else:
                run(bias_channel, &job, v.K, team(v.K, work))
    finally:
        free(job.sums)
        release(&held)
