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
from libc.string cimport memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport (
    Axis, Band, Piece, Tap, ceil_div, clamp, find_places, piece, plan, plan_window, positions, window,
)
from .geometry cimport Conv, add_tap, forward_axes, memory, new_taps, offset_tables, read_geometry, set_axis
from .panel cimport Panels, first_vector, pack, panels_of, unpack
from .simd cimport (
    LANES, PANEL_VECTORS, POINTS, TILE_COLUMNS, TILE_ROWS, copy_reals, prefetch, prefetch_to_write, real,
)
from .tile cimport MOST_VECTORS, InPlace, Points, points, points_of, tile_in_place, vectors_of

cdef enum:
    WINDOW_FLAT = 384           # positions in a window, about
    WINDOW_TAPS = 512
    AHEAD = 32                  # positions between the one that is read and the one that is fetched
    FLAT = 512                  # positions in a band, about, for many output channels ...
    MOST_FLAT = 4096            # ... and for one
    SUMS = 8192                 # sums of a band that stay in L1, about
    RESULTS = 3 << 15           # sums of a band that stay in L2, about, unless that is less than half of FLAT
    MOST_RESULTS = 1 << 20      # sums of a band at most, about


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
    Panels panels               # of output channels
    Py_ssize_t panel_items      # parts into which they are dealt
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


cdef void pack_panel_of_weights(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """packed[g][panel][(c, r, s)][i]: one chunk of channels."""
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t chunks = ceil_div(j.channels, j.band.chunk), taps = j.row.taps * j.column.taps
    cdef Py_ssize_t c0 = item % chunks * j.band.chunk, channels = min(j.channels - c0, j.band.chunk)
    cdef Py_ssize_t panel = item // chunks % j.panels.count, group = item // (chunks * j.panels.count), c, r, s
    cdef Py_ssize_t vector = first_vector(&j.panels, panel), width = (first_vector(&j.panels, panel + 1) - vector) * LANES
    cdef Py_ssize_t rows = min(j.rows - vector * LANES, width)
    cdef const real* first = (j.weight + group * j.group_stride + vector * LANES * j.row_stride
                              + c0 * j.channel_stride)
    cdef real* to = j.packed + (group * j.panels.vectors + vector) * LANES * j.depth + c0 * taps * width
    if taps == 1:
        first += j.row.tap[0].index * j.kernel_width + j.column.tap[0].index
        pack(first, j.channel_stride, j.row_stride, channels, rows, width, to)
    elif taps == j.channel_stride:
        pack(first, 1, j.row_stride, channels * taps, rows, width, to)
    else:
        for c in range(channels):
            for r in range(j.row.taps):
                for s in range(j.column.taps):
                    pack(first + c * j.channel_stride + j.row.tap[r].index * j.kernel_width
                               + j.column.tap[s].index, 1, j.row_stride, 1, rows, width, to)
                    to += width


cdef void store_panel(const Correlation* j, const Piece* at, Py_ssize_t panel, const real* c) noexcept nogil:
    cdef Py_ssize_t vector = first_vector(&j.panels, panel), vectors = first_vector(&j.panels, panel + 1) - vector
    cdef Py_ssize_t length = at.columns, lines = at.rows, area = j.dst_H * j.dst_W, i, n, p, row
    cdef const real* bias
    if j.row_step == j.column_step == 1 and at.columns == j.dst_W:      # rows follow each other
        length, lines = at.rows * at.columns, 1
    for i in range(vectors):
        row = at.group * j.rows + (vector + i) * LANES
        bias = j.bias + row if j.bias != NULL else NULL
        for n in range(at.images):
            for p in range(lines):
                unpack(c + ((n * lines + p) * length * vectors + i) * LANES, vectors * LANES, length, bias,
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
    cdef Py_ssize_t first_panel = number % j.panel_items * j.panels.count // j.panel_items
    cdef Py_ssize_t stop_panel = (number % j.panel_items + 1) * j.panels.count // j.panel_items
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
            vector = first_vector(&j.panels, panel)
            width = first_vector(&j.panels, panel + 1) - vector
            tile = points(<int>width)
            height = points_of(<int>width)
            weights = j.packed + ((at.group * j.panels.vectors + vector) * j.depth + c0 * taps * width) * LANES
            c = pixels + band.size
            if chunks > 1:                                # one panel's sums are stored before the next panel's begin
                c += (vector - first_vector(&j.panels, first_panel)) * LANES * (band.flat + POINTS + LANES)
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
        j.panels = panels_of(j.rows)
        j.panel_items = min(j.panels.count, max(ceil_div(band.flat * j.rows, MOST_RESULTS),
                                          ceil_div(4 * team(4096, work), items)))
        items *= j.panel_items
        packs = j.groups * j.panels.count * ceil_div(j.channels, band.chunk)
        j.scratch_size = band.size + ((ceil_div(j.panels.count, j.panel_items) * PANEL_VECTORS) * LANES
                                      * (band.flat + POINTS + LANES))
        size = j.groups * j.panels.vectors * LANES * j.depth
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
