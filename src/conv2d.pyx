"""2-D convolution and its gradients on the register tile; no im2col matrix in memory.

Forward and grad_input are one loop nest, a correlation: every pixel of a destination grid sums taps of a source image,
    dst[n, k, i, j] = bias[k] + sum over channel c, row tap r, column tap s of
                      weight[k, c, r, s] * src[n, c, i*step_h + row[r], j*step_w + column[s]]      (0 outside src)
Forward has one grid. grad_input of stride sh x sw has sh*sw of them, one for each position of a pixel between strides:
only the taps that meet the pixel take part, so nothing is multiplied by inserted zeros.

    items: groups x bands of images, rows and columns
    for each chunk of channels:        lay out the band                                      (stays in L1/L2)
        for each TILE_ROWS channels:   weights were packed once per call                     (stream from L2/L3)
            for each run of pixels:    tile, reading the band in place                       (registers)
    store the band, adding the bias

grad_weight[k, (c, r, s)] sums over pixels. Bands are dealt into a few parts, as many as the shapes say; an item is the
sum over one part for some channels and some outputs, the parts are added in order: no thread changes a bit.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport (
    BAND, Axis, Band, Piece, Tap, ceil_div, clamp, find_places, piece, plan, plan_window, positions, tap_offsets, window,
)
from .gemm cimport pack_panel
from .simd cimport (
    LANES, PANEL_VECTORS, POINTS, TILE_COLUMNS, TILE_ROWS, copy_reals, prefetch, prefetch_to_write, real, vec, vec_add,
    vec_load, vec_load_part, vec_set, vec_store, vec_store_part, vec_sum, vec_transpose,
)
from .tile cimport (
    MOST_VECTORS, Dots, InPlace, Points, Taps, dots_in_place, points, points_of, taps_full, taps_tall, tile_in_place,
    vectors_of,
)

cdef enum:
    WINDOW_FLAT = 384           # positions in a window, about
    WINDOW_TAPS = 512
    TURNED = 64                 # positions whose sums are turned at a time
    AHEAD = 32                  # positions between the one that is read and the one that is fetched
    FLAT = 512                  # positions in a band, about, for many output channels ...
    MOST_FLAT = 4096            # ... and for one
    SUMS = 8192                 # sums of a band that stay in L1, about
    RESULTS = 3 << 15           # sums of a band that stay in L2, about, unless that is less than half of FLAT
    MOST_RESULTS = 1 << 20      # sums of a band at most, about
    ROWS = 256                  # output channels of an item of grad_weight, at most: their gradients stay in L2
    PARTIAL_SUMS = 1 << 18      # of grad_weight, in all its parts, about
    MOST_PARTS = 16             # partial sums of grad_weight, at most


cdef struct Conv:
    Py_ssize_t N, C, H, W, K, R, S, P, Q, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups


cdef Conv read_geometry(g) except *:
    cdef Conv v
    (v.N, v.C, v.H, v.W, v.K, v.R, v.S, v.P, v.Q, v.stride_h, v.stride_w, v.pad_top, v.pad_left,
     v.dilation_h, v.dilation_w, v.groups) = g
    return v


cdef struct Correlation:
    Py_ssize_t N, groups
    const real* src             # (N, groups*channels, H, W)
    Py_ssize_t channels
    real* dst                   # (N, groups*rows, dst_H, dst_W)
    Py_ssize_t rows, dst_H, dst_W
    Py_ssize_t first_row, first_column, row_step, column_step       # where the grid lies in dst
    Axis row, column            # the grid, and how its taps see src
    const real* bias
    const real* weight
    Py_ssize_t row_stride, channel_stride, group_stride, kernel_width       # of the weight, in reals
    Py_ssize_t depth, row_blocks
    bint lanes                  # output channels in lanes; otherwise pixels
    Py_ssize_t vectors, panels, panel_items     # of output channels
    Py_ssize_t* places          # of the positions of an item, for each thread
    real* packed                # weights: groups x row blocks x depth x TILE_ROWS, or groups x panels x depth x width
    Band band
    Py_ssize_t* offsets
    real* scratch
    Py_ssize_t scratch_size     # reals per thread


cdef void pack_weights(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """packed[g][block][(c, r, s)][i] = weight of row block*TILE_ROWS + i; rows beyond the last are zero."""
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t block = item % j.row_blocks, count = min(j.rows - block * TILE_ROWS, TILE_ROWS), c, r, s, i
    cdef const real* first = j.weight + item // j.row_blocks * j.group_stride + block * TILE_ROWS * j.row_stride
    cdef const real* base
    cdef real* to = j.packed + item * j.depth * TILE_ROWS
    for c in range(j.channels):
        for r in range(j.row.taps):
            for s in range(j.column.taps):
                base = first + c * j.channel_stride + j.row.tap[r].index * j.kernel_width + j.column.tap[s].index
                if count == TILE_ROWS:
                    for i in range(TILE_ROWS):
                        to[i] = base[i * j.row_stride]
                else:
                    for i in range(TILE_ROWS):
                        to[i] = base[i * j.row_stride] if i < count else 0
                to += TILE_ROWS


cdef void store_band(Correlation* j, const Piece* at, const real* c, Py_ssize_t c_step) noexcept nogil:
    cdef Py_ssize_t n, k, p, q
    cdef const real* sums
    cdef real* line
    cdef real add
    for n in range(at.images):
        for k in range(j.rows):
            add = j.bias[at.group * j.rows + k] if j.bias != NULL else 0
            for p in range(at.rows):
                sums = c + k * c_step + n * j.band.image_size + p * j.band.pitch
                line = j.dst + ((((at.image + n) * j.groups + at.group) * j.rows + k) * j.dst_H
                                + j.first_row + (at.row + p) * j.row_step) * j.dst_W
                line += j.first_column + at.column * j.column_step
                if j.bias == NULL and j.column_step == 1:
                    copy_reals(line, sums, at.columns)
                elif j.bias == NULL:
                    for q in range(at.columns):
                        line[q * j.column_step] = sums[q]
                elif j.column_step == 1:
                    for q in range(at.columns):
                        line[q] = sums[q] + add
                else:
                    for q in range(at.columns):
                        line[q * j.column_step] = sums[q] + add


cdef void correlate_band(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Correlation* j = <Correlation*>argument
    cdef Band* band = &j.band
    cdef Piece at = piece(band, item)
    cdef Py_ssize_t taps = j.row.taps * j.column.taps, area = j.row.size * j.column.size
    cdef Py_ssize_t flat = (at.images - 1) * band.image_size + at.rows * band.pitch
    cdef Py_ssize_t c_step = band.flat + MOST_VECTORS * LANES
    cdef Py_ssize_t chunk, c0, channels, block, width, t
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* c = pixels + band.size
    cdef const real* source = j.src + (at.image * j.groups + at.group) * j.channels * area
    cdef const real* end = j.src + j.N * j.groups * j.channels * area
    cdef const real* first
    cdef const Py_ssize_t* offsets
    cdef int rows
    cdef InPlace tile
    if j.depth == 0:                                      # a position that no tap meets
        memset(c, 0, j.rows * c_step * sizeof(real))
    else:
        memset(c - j.column.reach - MOST_VECTORS * LANES, 0, (j.column.reach + MOST_VECTORS * LANES) * sizeof(real))
        for chunk in range(ceil_div(j.channels, band.chunk)):
            c0 = chunk * band.chunk
            channels = min(j.channels - c0, band.chunk)
            first = positions(band, &at, source + c0 * area, channels, j.groups * j.channels * area, end,
                              flat + MOST_VECTORS * LANES, pixels, j.offsets, &offsets)
            for block in range(j.row_blocks):
                rows = <int>min(j.rows - block * TILE_ROWS, TILE_ROWS)
                width = vectors_of(rows) * LANES
                tile = tile_in_place(rows)
                for t in range(ceil_div(flat, width)):
                    tile(channels * taps,
                         j.packed + ((at.group * j.row_blocks + block) * j.depth + c0 * taps) * TILE_ROWS,
                         first + t * width, offsets, c + block * TILE_ROWS * c_step + t * width, c_step, chunk > 0)
    store_band(j, &at, c, c_step)


cdef Py_ssize_t first_vector(const Correlation* j, Py_ssize_t panel) noexcept nogil:
    """Panels are as equally wide as can be."""
    return panel * j.vectors // j.panels


cdef void pack_lanes(const real* weight, Py_ssize_t depth_step, Py_ssize_t row_step, Py_ssize_t depth, Py_ssize_t rows,
                     Py_ssize_t width, real* to) noexcept nogil:
    """to[k*width + i] = weight[k*depth_step + i*row_step]; rows up to `width`, a multiple of LANES, are zero."""
    cdef vec block[LANES]
    cdef Py_ssize_t k, i, row, full = rows // LANES * LANES, done = 0
    if rows < width:
        for k in range(depth):
            for i in range(full, width):
                to[k * width + i] = 0
    if row_step == 1:
        done = depth
        for k in range(depth):
            for i in range(full // LANES):
                vec_store(to + k * width + i * LANES, vec_load(weight + k * depth_step + i * LANES))
    elif depth_step == 1:
        done = depth // LANES * LANES
        for row in range(full // LANES):
            for k in range(depth // LANES):
                for i in range(LANES):
                    block[i] = vec_load(weight + (row * LANES + i) * row_step + k * LANES)
                vec_transpose(block)
                for i in range(LANES):
                    vec_store(to + (k * LANES + i) * width + row * LANES, block[i])
    for k in range(done, depth):
        for i in range(full):
            to[k * width + i] = weight[k * depth_step + i * row_step]
    for k in range(depth):
        for i in range(full, rows):
            to[k * width + i] = weight[k * depth_step + i * row_step]


cdef void pack_panel_of_weights(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """packed[g][panel][(c, r, s)][i]: one chunk of channels."""
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t chunks = ceil_div(j.channels, j.band.chunk), taps = j.row.taps * j.column.taps
    cdef Py_ssize_t c0 = item % chunks * j.band.chunk, channels = min(j.channels - c0, j.band.chunk)
    cdef Py_ssize_t panel = item // chunks % j.panels, group = item // (chunks * j.panels), c, r, s
    cdef Py_ssize_t vector = first_vector(j, panel), width = (first_vector(j, panel + 1) - vector) * LANES
    cdef Py_ssize_t rows = min(j.rows - vector * LANES, width)
    cdef const real* first = (j.weight + group * j.group_stride + vector * LANES * j.row_stride
                              + c0 * j.channel_stride)
    cdef real* to = j.packed + (group * j.vectors + vector) * LANES * j.depth + c0 * taps * width
    if taps == 1:
        first += j.row.tap[0].index * j.kernel_width + j.column.tap[0].index
        pack_lanes(first, j.channel_stride, j.row_stride, channels, rows, width, to)
    elif taps == j.channel_stride:
        pack_lanes(first, 1, j.row_stride, channels * taps, rows, width, to)
    else:
        for c in range(channels):
            for r in range(j.row.taps):
                for s in range(j.column.taps):
                    pack_lanes(first + c * j.channel_stride + j.row.tap[r].index * j.kernel_width
                               + j.column.tap[s].index, 1, j.row_stride, 1, rows, width, to)
                    to += width


cdef inline void turn(const real* c, Py_ssize_t width, vec add, real* to) noexcept nogil:
    """to[i*TURNED + t] = c[t*width + i] + add[i] for i, t < LANES."""
    cdef vec block[LANES]
    cdef int i
    for i in range(LANES):
        block[i] = vec_add(vec_load(c + i * width), add)
    vec_transpose(block)
    for i in range(LANES):
        vec_store(to + i * TURNED, block[i])


cdef void store_run(const real* c, Py_ssize_t width, Py_ssize_t length, const real* bias, Py_ssize_t rows, real* to,
                    Py_ssize_t row_step, Py_ssize_t step) noexcept nogil:
    """to[i*row_step + t*step] = c[t*width + i] + bias[i] for i < rows <= LANES, t < length.

    Some cache lines of one row after the other, as rows that are a power of two apart share few places in a cache.
    """
    cdef real turned[LANES * TURNED]
    cdef vec add = vec_set(0)
    cdef Py_ssize_t block, t, done, count, i, x
    if bias != NULL:
        add = vec_load(bias) if rows == LANES else vec_load_part(bias, rows)
    for block in range(ceil_div(length, TURNED)):
        done = block * TURNED
        count = min(length - done, TURNED)
        for t in range(ceil_div(count, LANES)):
            turn(c + (done + t * LANES) * width, width, add, turned + t * LANES)
        for i in range(rows):
            if step == 1:
                copy_reals(to + i * row_step + done, turned + i * TURNED, count)
            else:
                for x in range(count):
                    to[i * row_step + (done + x) * step] = turned[i * TURNED + x]


cdef void store_panel(const Correlation* j, const Piece* at, Py_ssize_t panel, const real* c) noexcept nogil:
    cdef Py_ssize_t vector = first_vector(j, panel), vectors = first_vector(j, panel + 1) - vector
    cdef Py_ssize_t length = at.columns, lines = at.rows, area = j.dst_H * j.dst_W, i, n, p, row
    cdef const real* bias
    if j.row_step == j.column_step == 1 and at.columns == j.dst_W:      # rows follow each other
        length, lines = at.rows * at.columns, 1
    for i in range(vectors):
        row = at.group * j.rows + (vector + i) * LANES
        bias = j.bias + row if j.bias != NULL else NULL
        for n in range(at.images):
            for p in range(lines):
                store_run(c + ((n * lines + p) * length * vectors + i) * LANES, vectors * LANES, length, bias,
                          min(j.rows - (vector + i) * LANES, LANES),
                          j.dst + ((at.image + n) * j.groups * j.rows + row) * area
                          + (j.first_row + (at.row + p) * j.row_step) * j.dst_W
                          + j.first_column + at.column * j.column_step,
                          area, j.column_step)


cdef void find_targets(const Correlation* j, const Piece* at, Py_ssize_t* targets) noexcept nogil:
    """Where the positions of an item lie in the first channel of dst."""
    cdef Py_ssize_t n, p, q, line, t = 0
    for n in range(at.images):
        for p in range(at.rows):
            line = (((at.image + n) * j.groups + at.group) * j.rows * j.dst_H
                    + j.first_row + (at.row + p) * j.row_step) * j.dst_W + j.first_column + at.column * j.column_step
            for q in range(at.columns):
                targets[t] = line + q * j.column_step
                t += 1


cdef void correlate_window(void* argument, Py_ssize_t number, int thread) noexcept nogil:
    cdef Correlation* j = <Correlation*>argument
    cdef Band* band = &j.band
    cdef Piece at = piece(band, number // j.panel_items)
    cdef Py_ssize_t first_panel = number % j.panel_items * j.panels // j.panel_items
    cdef Py_ssize_t stop_panel = (number % j.panel_items + 1) * j.panels // j.panel_items
    cdef Py_ssize_t taps = j.row.taps * j.column.taps, area = j.row.size * j.column.size
    cdef Py_ssize_t image_step = j.groups * j.channels * area
    cdef Py_ssize_t flat = at.images * at.rows * at.columns, chunks = ceil_div(j.channels, band.chunk)
    cdef Py_ssize_t chunk, c0, channels, panel, vector, width, t
    cdef Py_ssize_t dst_area = j.dst_H * j.dst_W, i
    cdef Py_ssize_t* places = j.places + thread * 2 * (band.flat + POINTS)
    cdef Py_ssize_t* targets = places + band.flat + POINTS
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* c
    cdef const real* source = j.src + at.image * image_step + at.group * j.channels * area
    cdef const real* first
    cdef const real* weights
    cdef int height
    cdef Points tile
    find_places(band, &at, places)
    find_targets(j, &at, targets)
    for chunk in range(chunks):
        c0 = chunk * band.chunk
        channels = min(j.channels - c0, band.chunk)
        first = window(band, &at, source + c0 * area, channels, image_step, pixels)
        for panel in range(first_panel, stop_panel):
            vector = first_vector(j, panel)
            width = first_vector(j, panel + 1) - vector
            tile = points(<int>width)
            height = points_of(<int>width)
            weights = j.packed + ((at.group * j.vectors + vector) * j.depth + c0 * taps * width) * LANES
            c = pixels + band.size
            if chunks > 1:                                # one panel's sums are stored before the next panel's begin
                c += (vector - first_vector(j, first_panel)) * LANES * (band.flat + POINTS + LANES)
            for t in range(ceil_div(flat, height)):
                if chunk == chunks - 1:
                    for i in range(min(width * LANES, j.rows - vector * LANES)):
                        prefetch_to_write(j.dst + targets[t * height] + (vector * LANES + i) * dst_area)
                if band.in_place and panel == first_panel:
                    for i in range(channels):
                        prefetch(first + i * area + places[min(t * height + AHEAD, flat - 1)])
                tile(channels * taps, first, places + t * height, j.offsets, weights, c + t * height * width * LANES,
                     chunk > 0)
            if chunk == chunks - 1:
                store_panel(j, &at, panel, c)


cdef void* memory(size_t size) except NULL:
    cdef void* found = malloc(size if size else 1)
    if found == NULL:
        raise MemoryError(f"no memory for a workspace of {size} bytes")
    return found


cdef Py_ssize_t* offset_tables(const Band* band, Py_ssize_t area) except NULL:
    """For bands, then for images; each with some zeros at the end, as a tile may be wider than what is left."""
    cdef Py_ssize_t taps = band.chunk * band.row.taps * band.column.taps, size = 2 * (taps + MOST_VECTORS)
    cdef Py_ssize_t* offsets = <Py_ssize_t*>memory(size * sizeof(Py_ssize_t))
    memset(offsets, 0, size * sizeof(Py_ssize_t))
    tap_offsets(band, band.plane, offsets)
    tap_offsets(band, area, offsets + taps + MOST_VECTORS)
    return offsets


cdef Py_ssize_t positions_wanted(Py_ssize_t rows) noexcept nogil:
    """In a band: as many as have sums that stay in L1 or L2, but not so few that weights are read too often."""
    cdef Py_ssize_t least = max(min(FLAT // 2, MOST_RESULTS // rows), TILE_COLUMNS)
    return clamp(SUMS // rows, clamp(RESULTS // rows, least, FLAT), MOST_FLAT)


cdef Py_ssize_t window_wanted(Py_ssize_t rows) noexcept nogil:
    """In a window: as many positions as have sums that stay in L2."""
    return clamp(RESULTS // rows, WINDOW_FLAT // 2, WINDOW_FLAT)


cdef void choose(Correlation* j, double work) noexcept nogil:
    """Lay out the band or the window, whichever costs less."""
    cdef Band* band = &j.band
    cdef Py_ssize_t most_images = ceil_div(j.N, 2 * team(j.N, work))
    cdef Py_ssize_t image_step = j.groups * j.channels * j.row.size * j.column.size
    cdef double pixels, channels
    band.row, band.column = j.row, j.column
    band.N, band.channels, band.rows = j.N, j.channels, j.rows
    pixels = plan(band, most_images, positions_wanted(j.rows), False, 1)
    j.lanes = False
    if j.depth:
        channels = plan_window(band, most_images, window_wanted(j.rows), WINDOW_TAPS, image_step)
        j.lanes = 0.9 * channels < pixels and band.size <= MOST_RESULTS
        if not j.lanes:
            plan(band, most_images, positions_wanted(j.rows), False, 1)
    j.row, j.column = band.row, band.column


cdef int correlate(Correlation* j) except -1:
    cdef Band* band = &j.band
    cdef Py_ssize_t items, packs, size
    cdef double work
    cdef int threads
    if j.N == 0 or j.row.grid == 0 or j.column.grid == 0:
        return 0
    j.depth = j.channels * j.row.taps * j.column.taps
    work = 2.0 * j.N * j.row.grid * j.column.grid * j.rows * j.groups * (j.depth + 1)
    choose(j, work)
    items = j.groups * band.image_items * band.row_items * band.column_items
    if j.lanes:
        j.vectors = ceil_div(j.rows, LANES)
        j.panels = ceil_div(j.vectors, PANEL_VECTORS)
        j.panel_items = min(j.panels, max(ceil_div(band.flat * j.rows, MOST_RESULTS),
                                          ceil_div(4 * team(4096, work), items)))
        items *= j.panel_items
        packs = j.groups * j.panels * ceil_div(j.channels, band.chunk)
        j.scratch_size = band.size + ((ceil_div(j.panels, j.panel_items) * PANEL_VECTORS) * LANES
                                      * (band.flat + POINTS + LANES))
        size = j.groups * j.vectors * LANES * j.depth
    else:
        j.row_blocks = ceil_div(j.rows, TILE_ROWS)
        packs = j.groups * j.row_blocks
        j.scratch_size = band.size + j.rows * (band.flat + MOST_VECTORS * LANES)
        size = j.groups * j.row_blocks * TILE_ROWS * j.depth
    threads = team(items, work)
    j.packed, j.offsets, j.scratch, j.places = NULL, NULL, NULL, NULL
    try:
        j.packed = <real*>memory(size * sizeof(real))
        j.offsets = offset_tables(band, j.row.size * j.column.size)
        j.scratch = <real*>memory(threads * j.scratch_size * sizeof(real))
        if j.lanes:
            j.places = <Py_ssize_t*>memory(threads * 2 * (band.flat + POINTS) * sizeof(Py_ssize_t))
        with nogil:
            run(pack_panel_of_weights if j.lanes else pack_weights, j, packs,
                team(packs, 4.0 * j.groups * j.rows * j.depth))
            run(correlate_window if j.lanes else correlate_band, j, items, threads)
    finally:
        free(j.packed)
        free(j.offsets)
        free(j.scratch)
        free(j.places)
    return 0


cdef void set_axis(Axis* axis, Py_ssize_t size, Py_ssize_t grid, Py_ssize_t step, Tap* tap) noexcept nogil:
    axis.size, axis.grid, axis.step, axis.taps, axis.tap = size, grid, step, 0, tap


cdef void add_tap(Axis* axis, Py_ssize_t offset, Py_ssize_t index) noexcept nogil:
    axis.tap[axis.taps].offset = offset
    axis.tap[axis.taps].index = index
    axis.taps += 1


cdef void forward_axes(Axis* row, Axis* column, const Conv* v, Tap* taps) noexcept nogil:
    """The grid of the outputs over the input; taps holds R + S entries."""
    cdef Py_ssize_t r, s
    set_axis(row, v.H, v.P, v.stride_h, taps)
    set_axis(column, v.W, v.Q, v.stride_w, taps + v.R)
    for r in range(v.R):
        add_tap(row, r * v.dilation_h - v.pad_top, r)
    for s in range(v.S):
        add_tap(column, s * v.dilation_w - v.pad_left, s)


cdef Tap* new_taps(const Conv* v) except NULL:
    return <Tap*>memory((v.R + v.S) * sizeof(Tap))


def conv2d(input, weight, bias, output, geometry):
    """output = input correlated with weight, plus bias."""
    cdef Conv v = read_geometry(geometry)
    cdef Correlation j
    cdef Buffers held
    cdef Tap* taps = new_taps(&v)
    held.count = 0
    try:
        forward_axes(&j.row, &j.column, &v, taps)
        j.N, j.groups = v.N, v.groups
        j.channels = v.C // v.groups
        j.rows, j.dst_H, j.dst_W = v.K // v.groups, v.P, v.Q
        j.first_row, j.first_column, j.row_step, j.column_step = 0, 0, 1, 1
        j.src = <const real*>pointer(&held, input, READ)
        j.weight = <const real*>pointer(&held, weight, READ)
        j.row_stride, j.channel_stride, j.kernel_width = j.channels * v.R * v.S, v.R * v.S, v.S
        j.group_stride = j.rows * j.row_stride
        j.bias = <const real*>pointer(&held, bias, READ)
        j.dst = <real*>pointer(&held, output, WRITE)
        correlate(&j)
    finally:
        free(taps)
        release(&held)


cdef void phase_axis(Axis* axis, Tap* taps, Py_ssize_t phase, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t dilation,
                     Py_ssize_t pad, Py_ssize_t source, Py_ssize_t size) noexcept nogil:
    """The grid of positions phase, phase + stride, ... of `size`, and the taps that meet them."""
    cdef Py_ssize_t r, at
    set_axis(axis, source, (size - phase + stride - 1) // stride, 1, taps)
    for r in range(kernel):
        at = phase + pad - r * dilation
        if at % stride == 0:                              # also right where `at` is negative
            add_tap(axis, at // stride, r)


def conv2d_grad_input(grad_output, weight, grad_input, geometry):
    """grad_input = the adjoint of conv2d in its input; pixels that no window touched get 0."""
    cdef Conv v = read_geometry(geometry)
    cdef Correlation j
    cdef Buffers held
    cdef Tap* taps = new_taps(&v)
    cdef Py_ssize_t a, b
    held.count = 0
    try:
        j.N, j.groups = v.N, v.groups
        j.channels = v.K // v.groups
        j.rows, j.dst_H, j.dst_W = v.C // v.groups, v.H, v.W
        j.row_step, j.column_step = v.stride_h, v.stride_w
        j.bias = NULL
        j.src = <const real*>pointer(&held, grad_output, READ)
        j.weight = <const real*>pointer(&held, weight, READ)
        j.row_stride, j.channel_stride, j.kernel_width = v.R * v.S, j.rows * v.R * v.S, v.S
        j.group_stride = j.channels * j.channel_stride
        j.dst = <real*>pointer(&held, grad_input, WRITE)
        for a in range(min(v.stride_h, v.H)):
            for b in range(min(v.stride_w, v.W)):
                j.first_row, j.first_column = a, b
                phase_axis(&j.row, taps, a, v.R, v.stride_h, v.dilation_h, v.pad_top, v.P, v.H)
                phase_axis(&j.column, taps + v.R, b, v.S, v.stride_w, v.dilation_w, v.pad_left, v.Q, v.W)
                correlate(&j)
    finally:
        free(taps)
        release(&held)


cdef struct WeightGradient:
    Py_ssize_t N, groups
    const real* input           # (N, groups*channels, row.size, column.size)
    const real* grad_output     # (N, groups*rows, row.grid, column.grid)
    Py_ssize_t channels, rows, depth
    Axis row, column            # as in the forward pass
    Band band
    Py_ssize_t bands            # of one group
    Py_ssize_t parts, channel_chunks, row_chunks, row_chunk
    Py_ssize_t* offsets
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
    """The same transposed: panels of TILE_COLUMNS output channels, a line for each position."""
    cdef Py_ssize_t panel, n, p, width, lines = at.rows, length = at.columns
    cdef const real* from_
    cdef real* out
    if j.band.column_items == 1:                          # rows follow each other in both
        lines, length = 1, at.rows * at.columns
    for panel in range(ceil_div(rows, TILE_COLUMNS)):
        width = min(rows - panel * TILE_COLUMNS, TILE_COLUMNS)
        out = to + panel * j.band.flat * TILE_COLUMNS
        for n in range(at.images):
            from_ = j.grad_output + (((at.image + n) * j.groups * j.rows + first + panel * TILE_COLUMNS) * j.row.grid
                                     + at.row) * j.column.grid + at.column
            for p in range(lines):
                pack_panel(from_ + p * j.column.grid, 1, j.row.grid * j.column.grid, length, width, out)
                out += (length if lines == 1 else j.band.pitch) * TILE_COLUMNS


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


cdef inline const real* item_positions(WeightGradient* j, const Part* item, const Piece* at, Py_ssize_t length,
                                       real* pixels, const Py_ssize_t** offsets) noexcept nogil:
    cdef Py_ssize_t area = j.row.size * j.column.size, image = j.groups * j.channels * area
    return positions(&j.band, at, j.input + at.image * image + (item.group * j.channels + item.c0) * area,
                     item.channels, image, j.input + j.N * image, length, pixels, j.offsets, offsets)


cdef inline real* sums_of(WeightGradient* j, const Part* item) noexcept nogil:
    """Where the sums of an item go."""
    return (j.sums + item.part * j.size + (item.group * j.rows + item.k0) * j.depth
            + item.c0 * j.row.taps * j.column.taps)


cdef void weight_taps(void* argument, Py_ssize_t number, int thread) noexcept nogil:
    """Output channels in lanes, pixels from the band one by one."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Band* band = &j.band
    cdef Part item = weight_item(j, number)
    cdef Py_ssize_t taps = item.channels * j.row.taps * j.column.taps, panels = ceil_div(item.rows, TILE_COLUMNS)
    cdef Py_ssize_t c_step = (band.chunk * j.row.taps * j.column.taps + MOST_VECTORS) * TILE_COLUMNS
    cdef Py_ssize_t b, panel, t, k, flat, height
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* grads = pixels + band.size
    cdef real* c = grads + panels * band.flat * TILE_COLUMNS
    cdef real* to = sums_of(j, &item)
    cdef const real* first
    cdef const Py_ssize_t* offsets
    cdef Taps tile
    cdef Piece at
    for b in range(item.first_band, item.stop_band):
        at = piece(band, b)
        flat = (at.images - 1) * band.image_size + at.rows * band.pitch
        first = item_positions(j, &item, &at, flat, pixels, &offsets)
        grad_panels(j, &at, item.group * j.rows + item.k0, item.rows, grads)
        for panel in range(panels):
            tile, height = taps_full, TILE_ROWS
            if item.rows - panel * TILE_COLUMNS <= LANES:
                tile, height = taps_tall, MOST_VECTORS
            for t in range(ceil_div(taps, height)):
                tile(flat, first, offsets + t * height, grads + panel * band.flat * TILE_COLUMNS,
                     c + panel * c_step + t * height * TILE_COLUMNS, b > item.first_band)
    for panel in range(panels):
        for k in range(min(item.rows - panel * TILE_COLUMNS, TILE_COLUMNS)):
            for t in range(taps):
                to[k * j.depth + t] = c[panel * c_step + t * TILE_COLUMNS + k]
        to += TILE_COLUMNS * j.depth


cdef void weight_dots(void* argument, Py_ssize_t number, int thread) noexcept nogil:
    """Pixels in lanes: for few output channels."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Band* band = &j.band
    cdef Part item = weight_item(j, number)
    cdef Py_ssize_t taps = item.channels * j.row.taps * j.column.taps
    cdef Py_ssize_t c_step = band.chunk * j.row.taps * j.column.taps + MOST_VECTORS
    cdef Py_ssize_t b, block, k, t, width
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* grads = pixels + band.size
    cdef real* c = grads + item.rows * band.flat
    cdef real* to = sums_of(j, &item)
    cdef const real* first
    cdef const Py_ssize_t* offsets
    cdef Dots dots
    cdef Piece at
    memset(c, 0, item.rows * c_step * sizeof(real))
    for b in range(item.first_band, item.stop_band):
        at = piece(band, b)
        first = item_positions(j, &item, &at, at.images * at.rows * band.pitch, pixels, &offsets)
        grad_lines(j, &at, item.group * j.rows + item.k0, item.rows, grads)
        for block in range(ceil_div(item.rows, TILE_ROWS)):
            k = block * TILE_ROWS
            dots = dots_in_place(<int>min(item.rows - k, TILE_ROWS))
            width = vectors_of(<int>min(item.rows - k, TILE_ROWS))
            for t in range(ceil_div(taps, width)):
                dots(at.images * at.rows * band.pitch, grads + k * band.flat, band.flat, first,
                     offsets + t * width, c + k * c_step + t * width, c_step)
    for k in range(item.rows):
        memcpy(to + k * j.depth, c + k * c_step, taps * sizeof(real))


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


cdef int sum_weights(WeightGradient* j) except -1:
    cdef Band* band = &j.band
    cdef Py_ssize_t items, taps = j.row.taps * j.column.taps
    cdef double work = 2.0 * j.N * j.row.grid * j.column.grid * j.rows * j.groups * j.depth
    cdef int threads
    cdef real* parts = NULL
    cdef bint few = 2 * j.rows <= LANES
    band.row, band.column = j.row, j.column
    band.N, band.channels, band.rows = j.N, j.channels, j.rows
    j.row_chunks = ceil_div(j.rows, ROWS)
    j.row_chunk = ceil_div(ceil_div(j.rows, j.row_chunks), TILE_COLUMNS) * TILE_COLUMNS
    j.row_chunks = ceil_div(j.rows, j.row_chunk)
    plan(band, j.N, SUMS // j.rows if few else clamp(2 * BAND // j.row_chunk, TILE_COLUMNS, FLAT // 2), True,
         LANES if few else 1)
    j.row, j.column = band.row, band.column
    j.bands = band.image_items * band.row_items * band.column_items
    j.parts = clamp(PARTIAL_SUMS // j.size, 1, min(j.bands, MOST_PARTS))
    j.channel_chunks = ceil_div(j.channels, band.chunk)
    items = j.groups * j.parts * j.row_chunks * j.channel_chunks
    threads = team(items, work)
    j.scratch_size = band.size + j.row_chunk * (band.flat + band.chunk * taps + MOST_VECTORS)   # more than `few` needs
    j.offsets, j.scratch = NULL, NULL
    try:
        j.offsets = offset_tables(band, j.row.size * j.column.size)
        j.scratch = <real*>memory(threads * j.scratch_size * sizeof(real))
        j.sums = j.total
        if j.parts > 1:
            j.sums = parts = <real*>memory(j.parts * j.size * sizeof(real))
        with nogil:
            run(weight_dots if few else weight_taps, j, items, threads)
            if j.parts > 1:
                run(add_parts, j, j.groups * j.rows, team(j.groups * j.rows, <double>j.parts * j.size))
    finally:
        free(j.offsets)
        free(j.scratch)
        free(parts)
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
    Py_ssize_t N, K, area


cdef void bias_channel(void* argument, Py_ssize_t k, int thread) noexcept nogil:
    """One channel: image after image, four vectors of sums side by side in a fixed order."""
    cdef BiasGradient* j = <BiasGradient*>argument
    cdef vec sums[4]
    cdef real total = 0, rest
    cdef const real* line
    cdef Py_ssize_t n, t, i, steps = j.area // (4 * LANES)
    for n in range(j.N):
        line = j.grad_output + (n * j.K + k) * j.area
        for i in range(4):
            sums[i] = vec_set(0)
        for t in range(steps):
            for i in range(4):
                sums[i] = vec_add(sums[i], vec_load(line + (4 * t + i) * LANES))
        rest = 0
        for t in range(steps * 4 * LANES, j.area):
            rest += line[t]
        total += vec_sum(vec_add(vec_add(sums[0], sums[1]), vec_add(sums[2], sums[3]))) + rest
    j.grad_bias[k] = total


def conv2d_grad_bias(grad_output, grad_bias, geometry):
    """grad_bias[k] = sum of grad_output over images, rows and columns."""
    cdef Conv v = read_geometry(geometry)
    cdef BiasGradient job
    cdef Buffers held
    held.count = 0
    try:
        job.N, job.K, job.area = v.N, v.K, v.P * v.Q
        job.grad_output = <const real*>pointer(&held, grad_output, READ)
        job.grad_bias = <real*>pointer(&held, grad_bias, WRITE)
        with nogil:
            run(bias_channel, &job, v.K, team(v.K, 2.0 * v.N * v.K * job.area))
    finally:
        release(&held)
