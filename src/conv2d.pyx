"""2-D convolution and its gradient in the input on the register tile; no im2col matrix in memory.

Forward and grad_input are one loop nest, a correlation: every pixel of a destination grid sums taps of a source image,
    dst[n, k, i, j] = bias[k] + sum over channel c, row tap r, column tap s of
                      weight[k, c, r, s] * src[n, c, i*step_h + row[r], j*step_w + column[s]]      (0 outside src)
Forward has one grid. grad_input of stride sh x sw has sh*sw phases, one for each position of a pixel between strides:
only the taps that meet the pixel take part, so nothing is multiplied by inserted zeros. With output channels in lanes
they are regions of one grid, whose rows are written once and as a whole; elsewhere each phase is a grid of its own.

An item is a group and a band of images, rows and columns. Its sums are computed in one of two ways, whichever costs
less: with output channels in the lanes of a vector (channel_lanes.pxd) or, mostly for few of them, with pixels
(pixel_lanes.pxd). Each sum runs over c, r, s in order in both.
"""
from libc.stdlib cimport free

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport STORE_CYCLES, TAPS, Axis, Band, Tap, ceil_div, clamp, plan, plan_window
from .border cimport MOST_REGIONS, choose_regions, fill_tables
from .channel_lanes cimport correlate_window, pack_panel
from .correlation cimport CHANNELS, IMAGES, PIXELS, Correlation
from .geometry cimport Conv, add_tap, forward_axes, new_taps, offset_tables, read_geometry, set_axis
from .image_lanes cimport correlate_images, plan_images
from .panel cimport all_finite, panels_of
from .pixel_lanes cimport correlate_band, pack_weights
from .simd cimport LANES, PANEL_VECTORS, POINTS, TILE_COLUMNS, TILE_ROWS, real
from .tile cimport MOST_VECTORS, Term, points_of
from .workspace cimport give_back, reals_of, reserve, take, whole_lines

cdef enum:
    WINDOW_FLAT = 384           # positions in a window, about
    WINDOW_TAPS = 512           # taps summed at a time
    COLUMN_TAPS = 96            # likewise where each meets a cache line of its own
    FLAT = 512                  # positions in a band, about, for many output channels ...
    MOST_FLAT = 4096            # ... and for one
    SUMS = 8192                 # sums of a band that stay in L1, about
    RESULTS = 3 << 15           # sums of a band that stay in L2, about, unless that is less than half of FLAT
    MOST_RESULTS = 1 << 20      # sums of a band at most, about
    MOST_ITEMS = 1 << 20
    PACKING = 12                # the work of packing a weight, in operations, about


cdef Py_ssize_t positions_wanted(Py_ssize_t rows) noexcept nogil:
    """In a band: as many as have sums that stay in L1 or L2, but not so few that weights are read too often."""
    cdef Py_ssize_t least = max(min(FLAT // 2, MOST_RESULTS // rows), TILE_COLUMNS)
    return clamp(SUMS // rows, clamp(RESULTS // rows, least, FLAT), MOST_FLAT)


cdef Py_ssize_t window_wanted(Py_ssize_t rows) noexcept nogil:
    """In a window: as many positions as have sums that stay in L2."""
    return clamp(RESULTS // rows, WINDOW_FLAT // 2, WINDOW_FLAT)


cdef double band_cycles(Band* band, Py_ssize_t most_images, Py_ssize_t flat, bint exact) noexcept nogil:
    """`plan`, which is long, once in this module."""
    return plan(band, most_images, flat, exact, 1)


cdef void choose(Correlation* j, double work) noexcept nogil:
    """Lay out the band or the window, whichever costs less."""
    cdef Band* band = &j.band
    cdef Py_ssize_t most_images = ceil_div(j.N, 2 * team(j.N, work))
    cdef Py_ssize_t image_step = j.groups * j.channels * j.row.size * j.column.size
    cdef Py_ssize_t phases = j.row.phases * j.column.phases          # if several, there is one way only
    cdef double pixels, channels, images, straight, least
    cdef bint uncut
    band.row, band.column = j.row, j.column
    band.N, band.channels, band.rows = j.N, j.channels, j.rows
    images, uncut, pixels = -1, False, -1
    if phases == 1 and j.depth and 2 * j.N > LANES:       # else few lanes would be full, and the plan costs half a µs
        images = plan_images(band, 1)
        uncut = images >= 0 and band.row_items == 1
    j.lanes, j.straight = PIXELS, False
    if phases == 1:
        pixels = band_cycles(band, most_images, positions_wanted(j.rows), False)
        if 0 < j.depth <= TAPS and j.row_step == j.column_step == 1:
            straight = band_cycles(band, 1, positions_wanted(j.rows), True)
            j.straight = (band.chunk == j.channels and band.column_items == 1
                          and straight < pixels + STORE_CYCLES * j.N * j.row.grid * j.column.grid * j.rows
                          / (<double>LANES * j.channels))
            if j.straight:
                pixels = straight
    least = pixels
    if j.depth and 2 * j.rows > LANES:                    # else few lanes would be full
        channels = plan_window(band, most_images, window_wanted(j.rows),
                               WINDOW_TAPS if j.column.taps > 1 else COLUMN_TAPS, image_step)
        if j.panels.vectors == 1 or PANEL_VECTORS == 2 and j.panels.vectors % 2:
            # a panel of one vector: more to be loaded than multiplied, unless FMA broadcasts from memory
            channels *= 1 + (0.25 if LANES * sizeof(real) == 64 else 0.5) / j.panels.vectors
        channels *= choose_regions(&j.whole, &j.border, band, points_of(<int>min(j.panels.vectors, PANEL_VECTORS)),
                                   j.panels.count)
        if (phases > 1 or 0.87 * channels < least) and band.size <= MOST_RESULTS:
            j.lanes, least = CHANNELS, 0.87 * channels
    if uncut and not band.in_place:
        least *= 1.1                                      # beginnings and ends of tiles at borders
    if 0 <= images < least and all_finite(j.weight, j.groups * j.group_stride):
        j.lanes = IMAGES
        plan_images(band, ceil_div(2 * team(MOST_ITEMS, work), j.groups))
    elif j.lanes == PIXELS and phases == 1:
        band_cycles(band, 1 if j.straight else most_images, positions_wanted(j.rows), j.straight)
    j.row, j.column = band.row, band.column


cdef int by_channels(Correlation* j, double work) except -1:
    """Output channels in lanes."""
    cdef Band* band = &j.band
    cdef Py_ssize_t items = j.groups * band.image_items * band.row_items * band.column_items
    cdef Py_ssize_t packs = j.groups * j.panels.count * ceil_div(j.channels, band.chunk)
    cdef Py_ssize_t regions = j.whole.regions + (j.border.regions if j.border.is_cut else 0)
    cdef Py_ssize_t positions = band.flat + regions * POINTS
    cdef Py_ssize_t packed = whole_lines(j.groups * j.panels.vectors * LANES * j.depth), terms, tables
    cdef int threads
    j.whole.table = j.border.table = band.chunk * j.row.taps * j.column.taps
    j.panel_items = min(j.panels.count, max(ceil_div(positions * j.rows, MOST_RESULTS),
                                            ceil_div(4 * team(MOST_ITEMS, work), items)))
    items *= j.panel_items
    threads = team(items, work)
    j.table_size = band.flat + LANES + positions
    j.scratch_size = band.size + whole_lines(positions * ceil_div(j.panels.count, j.panel_items)
                                             * PANEL_VECTORS * LANES)
    j.finite = True
    terms = reals_of(regions * j.whole.table * sizeof(Term))
    tables = reals_of(threads * j.table_size * sizeof(Py_ssize_t))
    reserve(&j.space, packed + terms + tables + threads * j.scratch_size)
    j.packed, j.whole.terms = take(&j.space, packed), <Term*>take(&j.space, terms)
    j.border.terms = j.whole.terms + (j.whole.regions * j.whole.table if j.border.is_cut else 0)
    j.tables, j.scratch = <Py_ssize_t*>take(&j.space, tables), take(&j.space, threads * j.scratch_size)
    with nogil:
        fill_tables(&j.whole, band)
        if j.border.is_cut:
            fill_tables(&j.border, band)
        run(pack_panel, j, packs, team(packs, PACKING * j.groups * j.rows * j.depth))
        run(correlate_window, j, items, threads)
    return 0


cdef int by_pixels(Correlation* j, double work) except -1:
    """Pixels in lanes."""
    cdef Band* band = &j.band
    cdef Py_ssize_t items = j.groups * band.image_items * band.row_items * band.column_items
    cdef Py_ssize_t packs, packed
    cdef int threads = team(items, work)
    j.row_blocks = ceil_div(j.rows, TILE_ROWS)
    packs = j.groups * j.row_blocks
    j.scratch_size = band.size + whole_lines(j.rows * (band.flat + MOST_VECTORS * LANES))
    packed = whole_lines(packs * TILE_ROWS * j.depth)
    j.offsets = offset_tables(band, j.row.size * j.column.size)
    reserve(&j.space, packed + threads * j.scratch_size)
    j.packed, j.scratch = take(&j.space, packed), take(&j.space, threads * j.scratch_size)
    with nogil:
        run(pack_weights, j, packs, team(packs, PACKING * j.groups * j.rows * j.depth))
        run(correlate_band, j, items, threads)
    return 0


cdef int by_images(Correlation* j, double work) except -1:
    """Images in lanes."""
    cdef Band* band = &j.band
    cdef Py_ssize_t items = j.groups * band.image_items * band.row_items, packs, packed, tables
    cdef int threads = team(items, work)
    j.row_blocks = ceil_div(j.rows, TILE_ROWS)
    packs = j.groups * j.row_blocks
    j.scratch_size = band.size + whole_lines(j.rows * band.flat * LANES)
    j.table_size = j.row.size * j.column.size
    packed, tables = whole_lines(packs * TILE_ROWS * j.depth), reals_of(threads * j.table_size * sizeof(Py_ssize_t))
    reserve(&j.space, packed + tables + threads * j.scratch_size)
    j.packed, j.tables = take(&j.space, packed), <Py_ssize_t*>take(&j.space, tables)
    j.scratch = take(&j.space, threads * j.scratch_size)
    with nogil:
        run(pack_weights, j, packs, team(packs, PACKING * j.groups * j.rows * j.depth))
        run(correlate_images, j, items, threads)
    return 0


cdef int correlate(Correlation* j) except -1:
    """Whether it was done: only with output channels in lanes can an axis have several phases."""
    cdef double work
    if j.N == 0 or j.row.grid == 0 or j.column.grid == 0:
        return True
    j.depth = j.channels * j.row.taps * j.column.taps
    work = 2.0 * j.N * j.row.grid * j.column.grid * j.rows * j.groups
    work *= j.depth / <double>(j.row.phases * j.column.phases) + 1
    j.panels = panels_of(j.rows)
    j.offsets, j.space.block = NULL, NULL
    try:
        choose(j, work)
        if j.row.phases * j.column.phases > 1 and j.lanes != CHANNELS:
            return False
        if j.lanes == CHANNELS:
            by_channels(j, work)
        elif j.lanes == IMAGES:
            by_images(j, work)
        else:
            by_pixels(j, work)
    finally:
        free(j.offsets)
        give_back(&j.space)
    return True


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


cdef void axis_of_phases(Axis* axis, Tap* taps, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t dilation,
                         Py_ssize_t pad, Py_ssize_t source, Py_ssize_t size) noexcept nogil:
    """All `size` positions; tap r meets those of which (position + pad - r*dilation) % stride is 0."""
    cdef Py_ssize_t r
    set_axis(axis, source, size, 1, taps)
    axis.phases, axis.lead = stride, pad
    while axis.skip * dilation % stride:
        axis.skip += 1
    for r in range(kernel):
        add_tap(axis, -(r * dilation // stride), r)
        taps[r].phase = r * dilation % stride


cdef void phase_axis(Axis* axis, Tap* taps, Py_ssize_t phase, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t dilation,
                     Py_ssize_t pad, Py_ssize_t source, Py_ssize_t size) noexcept nogil:
    """The grid of positions phase, phase + stride, ... of `size`, and the taps that meet them."""
    cdef Py_ssize_t r, at
    set_axis(axis, source, (size - phase + stride - 1) // stride, 1, taps)
    for r in range(kernel):
        at = phase + pad - r * dilation
        if at % stride == 0:                              # also right where `at` is negative
            add_tap(axis, at // stride, r)


def conv2d_grad_input(grad_output, weight, grad_input, geometry, bias=None):
    """grad_input = the adjoint of conv2d in its input, plus bias; where no window was, the bias alone."""
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
        j.bias = <const real*>pointer(&held, bias, READ)
        j.src = <const real*>pointer(&held, grad_output, READ)
        j.weight = <const real*>pointer(&held, weight, READ)
        j.row_stride, j.channel_stride, j.kernel_width = v.R * v.S, j.rows * v.R * v.S, v.S
        j.group_stride = j.channels * j.channel_stride
        j.dst = <real*>pointer(&held, grad_input, WRITE)
        if 1 < v.stride_h * v.stride_w <= MOST_REGIONS and j.rows >= LANES:
            j.first_row, j.first_column, j.row_step, j.column_step = 0, 0, 1, 1
            axis_of_phases(&j.row, taps, v.R, v.stride_h, v.dilation_h, v.pad_top, v.P, v.H)
            axis_of_phases(&j.column, taps + v.R, v.S, v.stride_w, v.dilation_w, v.pad_left, v.Q, v.W)
            if correlate(&j):
                return
            j.row_step, j.column_step = v.stride_h, v.stride_w
        for a in range(min(v.stride_h, v.H)):
            for b in range(min(v.stride_w, v.W)):
                j.first_row, j.first_column = a, b
                phase_axis(&j.row, taps, a, v.R, v.stride_h, v.dilation_h, v.pad_top, v.P, v.H)
                phase_axis(&j.column, taps + v.R, b, v.S, v.stride_w, v.dilation_w, v.pad_left, v.Q, v.W)
                correlate(&j)
    finally:
        free(taps)
        release(&held)
