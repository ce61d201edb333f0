"""Winograd convolution F(4x4, 3x3) and its gradient in the input: a quarter of the multiplications of the direct sum.

Serves 3 x 3 kernels with stride 1, dilation 1 and one group; other shapes belong to conv2d. The gradient is the same on
flipped kernels with input and output channels exchanged. Units of tiles (winograd_tiles.pxd) are computed in one of
three ways, which give the same bits:

    by units    items: panels x chunks      U = G w G^T, in a buffer of all threads                     (L1 -> L3)
                items: some units           V = B^T d B of 6 rows of pixels, in one of the thread       (L1 -> L3)
                    for some panels:        M = V * U, point by point, each of which is read once       (L2 -> L3)
                                            Y = A^T M A, transposed back to planes, plus bias
    few tiles   items: panels               U, M and Y of all tiles, in buffers of the thread, by chunks     (L2)
    many panels, for some of them at a time, as all of U would not stay in L3; also few tiles for many threads
                items: units                V, in a buffer of all threads, of some units
                items: panels x chunks      U
                items: points               M
                items: units x panels       Y

By units, threads share nothing but U. Where channels are few, V and M of an item stay in L2, one panel at a time.

An image with a result that is not finite is reported rather than trusted: infinities and NaN spread over their tile
here, and large finite numbers may overflow in between. Sums over channels run in order, whatever the blocks: bits do
not depend on threads, nor those of a sample on its batch.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport ceil_div, clamp
from .minimal_filter cimport (
    INPUTS, KERNEL, OUTPUTS, POINTS, filter_tile, lanes_to_lines, lines_to_lanes, output_columns, output_line,
)
from .geometry cimport Conv, read_geometry
from .simd cimport LANES, real, vec, vec_add, vec_fma, vec_load, vec_load_part, vec_set, vec_store, vec_sum
from .winograd_tiles cimport (
    Images, Shape, Tiles, cut, in_vectors, line_reals, multiply_rows, see, transform_unit, widest,
)
from .workspace cimport Workspace, give_back, reserve, take, whole_lines

cdef enum:
    TILES = 48                  # few: M and V of a chunk stay in L2, about ...
    MORE_TILES = 96             # ... and so many where U would not stay in L3
    DEPTH = 64                  # channels multiplied at a time: their part of a panel stays in L1
    OWN = 1 << 18               # reals in the V and M of a thread that stay in L2, about ...
    LEAST_TILES = 64            # ... if that is so many tiles
    MOST_ITEMS = 32             # of few tiles, for each thread, at least
    FAR = 1 << 19               # reals in the V and M of a thread where they do not, about
    VALUES = 7 << 17            # reals in V and M, about, which stay in L3 with ...
    SHARED = 7 << 18            # ... or, if U is larger than they, up to this: below 8 MB
    FILTERS = 1 << 22           # reals in U that stay in L3
    GROUP = 1 << 20             # reals in U where all of it would not


cdef struct Correlation:
    Images images
    Tiles tiles
    Py_ssize_t first, count     # units in the shared V
    const real* weight
    const real* weight_end
    Py_ssize_t row_stride, depth_stride         # from output channel to output channel, input channel to input channel
    bint flipped
    Py_ssize_t depth, rows      # input and output channels
    Shape tile
    Py_ssize_t panel, panels    # output channels in one panel; panels
    Py_ssize_t first_panel, group               # panels at hand, of which there is M
    real* filters               # U: panels at hand x chunks of DEPTH channels x POINTS x channels x panel
    Py_ssize_t chunks
    real* products              # M: POINTS x panels at hand x tiles x panel
    Py_ssize_t product_step, panel_step         # reals from point to point of M, from panel to panel
    Py_ssize_t pieces           # of the panels, of a point
    Py_ssize_t units            # in an item
    const real* bias            # or NULL
    real* dst                   # (N, rows, P, Q)
    Py_ssize_t P, Q
    real* scratch
    Py_ssize_t scratch_size     # reals per thread
    char* suspect               # for each image: a result is not finite


cdef void transform_filters(Correlation* j, Py_ssize_t panel, Py_ssize_t chunk, real* lines, real* to) noexcept nogil:
    """U of some output channels and DEPTH input channels; lanes beyond the last output channel are zero."""
    cdef Py_ssize_t first = chunk * DEPTH, depth = min(j.depth - first, DEPTH), point_step = depth * j.panel
    cdef Py_ssize_t v, c, row, count, sign = -LANES if j.flipped else LANES
    cdef const real* weight
    cdef const real* corner = lines + (KERNEL * KERNEL - 1) * LANES if j.flipped else lines
    for v in range(j.tile.vectors):
        row = panel * j.panel + v * LANES
        count = max(min(j.rows - row, LANES), 0)
        weight = j.weight + row * j.row_stride + first * j.depth_stride
        if j.depth_stride == KERNEL * KERNEL:
            lines_to_lanes(weight, j.row_stride, count, depth * KERNEL * KERNEL, j.weight_end, lines)
        for c in range(depth):
            if j.depth_stride != KERNEL * KERNEL:
                lines_to_lanes(weight + c * j.depth_stride, j.row_stride, count, KERNEL * KERNEL, j.weight_end,
                               lines + c * KERNEL * KERNEL * LANES)
            filter_tile(corner + c * KERNEL * KERNEL * LANES, KERNEL * sign, sign, KERNEL,
                        to + c * j.panel + v * LANES, point_step)


cdef void filter_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t panel = item // j.chunks, chunk = item % j.chunks
    transform_filters(j, j.first_panel + panel, chunk, j.scratch + thread * j.scratch_size,
                      j.filters + (panel * j.depth + chunk * DEPTH) * POINTS * j.panel)


cdef void image_item(void* argument, Py_ssize_t unit, int thread) noexcept nogil:
    cdef Correlation* j = <Correlation*>argument
    transform_unit(&j.images, &j.tiles, j.first + unit, unit, j.scratch + thread * j.scratch_size)


cdef void store_unit(Correlation* j, Py_ssize_t unit, Py_ssize_t row, const real* m, real* pixels) noexcept nogil:
    """Y of a unit for LANES output channels from `row` on, and whether all of it is finite."""
    cdef Tiles* tiles = &j.tiles
    cdef Py_ssize_t image = unit // (tiles.parts * tiles.rows)
    cdef Py_ssize_t top = unit // tiles.parts % tiles.rows * OUTPUTS
    cdef Py_ssize_t left = unit % tiles.parts * tiles.width * OUTPUTS
    cdef Py_ssize_t height = min(j.P - top, OUTPUTS), width = min(j.Q - left, tiles.width * OUTPUTS)
    cdef Py_ssize_t count = min(j.rows - row, LANES), t, there
    cdef vec columns[OUTPUTS][INPUTS]
    cdef vec y[OUTPUTS]
    cdef vec bias = vec_set(0), zero = vec_set(0), sum_of_zeros = vec_set(0)
    cdef real* line
    cdef int i, x
    if j.bias != NULL:
        bias = vec_load(j.bias + row) if count == LANES else vec_load_part(j.bias + row, count)
    for t in range(ceil_div(width, OUTPUTS)):
        output_columns(m + t * j.panel, j.product_step, OUTPUTS, columns)
        there = width - t * OUTPUTS
        line = pixels + t * OUTPUTS * LANES
        for i in range(OUTPUTS):
            if i == height:
                break
            output_line(columns[i], OUTPUTS, y)
            for x in range(OUTPUTS):
                y[x] = vec_add(y[x], bias)
                if x < there:
                    vec_store(line + x * LANES, y[x])
            # NaN once something is not finite, also beyond the image, or where large numbers overflow: not trusted
            sum_of_zeros = vec_fma(vec_add(vec_add(y[0], y[1]), vec_add(y[2], y[3])), zero, sum_of_zeros)
            line += width * LANES
    if vec_sum(sum_of_zeros) != 0:
        j.suspect[image] = 1
    line = j.dst + ((image * j.rows + row) * j.P + top) * j.Q + left
    if width == j.Q:
        lanes_to_lines(pixels, height * width, line, j.P * j.Q, count)      # rows follow each other in both
    else:
        for t in range(height):
            lanes_to_lines(pixels + t * width * LANES, width, line + t * j.Q, j.P * j.Q, count)


cdef inline void multiply(Correlation* j, Py_ssize_t p, Py_ssize_t chunk, Py_ssize_t depth, const real* filters,
                          real* m) noexcept nogil:
    """A point of M for a panel, over a chunk of channels."""
    multiply_rows(&j.tile, j.count * j.tiles.width, depth, j.images.values + p * j.images.point_step + chunk * DEPTH,
                  j.images.lanes, 1, filters + p * depth * j.panel, j.panel, m, j.panel, chunk > 0)


cdef inline void multiply_panel(Correlation* j, Py_ssize_t p, Py_ssize_t panel, real* m) noexcept nogil:
    """A point of M for one of the panels in U."""
    cdef Py_ssize_t chunk
    for chunk in range(j.chunks):
        multiply(j, p, chunk, min(j.depth - chunk * DEPTH, DEPTH),
                 j.filters + (panel * j.depth + chunk * DEPTH) * POINTS * j.panel, m)


cdef inline void store(Correlation* j, Py_ssize_t unit, Py_ssize_t panel, const real* m, real* pixels) noexcept nogil:
    """The outputs of a unit in a panel, of whose M the unit's part begins at `m`."""
    cdef Py_ssize_t v, row
    for v in range(j.tile.vectors):
        row = panel * j.panel + v * LANES
        if row < j.rows:
            store_unit(j, j.first + unit, row, m + v * LANES, pixels)


cdef void point_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """A point of M, for some of the panels at hand."""
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t p = item % POINTS, piece = item // POINTS, panel
    for panel in range(j.group * piece // j.pieces, j.group * (piece + 1) // j.pieces):
        multiply_panel(j, p, panel, j.products + p * j.product_step + panel * j.panel_step)


cdef void output_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """From M of a unit and panel to outputs."""
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t unit = item % j.count, panel = item // j.count
    store(j, unit, j.first_panel + panel, j.products + panel * j.panel_step + unit * j.tiles.width * j.panel,
          j.scratch + thread * j.scratch_size)


cdef void panel_item(void* argument, Py_ssize_t panel, int thread) noexcept nogil:
    """All tiles in one panel of output channels, with U and M of the thread's own."""
    cdef Correlation* j = <Correlation*>argument
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* m = pixels + pixel_reals(j)
    cdef real* filters = m + whole_lines(POINTS * j.product_step)
    cdef Py_ssize_t chunk, p, unit
    for chunk in range(j.chunks):
        transform_filters(j, panel, chunk, pixels, filters)
        for p in range(POINTS):
            multiply(j, p, chunk, min(j.depth - chunk * DEPTH, DEPTH), filters, m + p * j.product_step)
    for unit in range(j.count):
        store(j, unit, panel, m + unit * j.tiles.width * j.panel, pixels)


cdef void unit_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """Some units in all panels, with V and M of the thread's own."""
    cdef Correlation j = (<const Correlation*>argument)[0]
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* m = pixels + pixel_reals(&j)
    cdef Py_ssize_t part, first, panel, p, unit
    j.first = item * j.units
    j.count = min(j.units, j.tiles.units - j.first)
    j.images.values = m + whole_lines(POINTS * j.product_step)
    for unit in range(j.count):
        transform_unit(&j.images, &j.tiles, j.first + unit, unit, pixels)
    for part in range(ceil_div(j.panels, j.group)):
        first = part * j.group
        for p in range(POINTS):
            for panel in range(first, min(first + j.group, j.panels)):
                multiply_panel(&j, p, panel, m + p * j.product_step + (panel - first) * j.panel_step)
        for panel in range(first, min(first + j.group, j.panels)):
            for unit in range(j.count):
                store(&j, unit, panel, m + (panel - first) * j.panel_step + unit * j.tiles.width * j.panel, pixels)


cdef inline Py_ssize_t pixel_reals(const Correlation* j) noexcept nogil:
    """What pixels of a unit take, or the weights of a chunk."""
    return whole_lines(max(line_reals(&j.tiles), DEPTH * KERNEL * KERNEL * LANES))


cdef void multiply_groups(Correlation* j, bint first, int threads) noexcept nogil:
    """The outputs of the units at hand; U stays from the first of them on, if all of it is at hand."""
    cdef Py_ssize_t most = j.group
    j.first_panel = 0
    while j.first_panel < j.panels:
        j.group = min(most, j.panels - j.first_panel)
        if first or most < j.panels:
            make_filters(j, j.group, threads)
        run(point_item, j, POINTS * j.pieces, threads)
        run(output_item, j, j.count * j.group, threads)
        j.first_panel += most
    j.group = most


cdef inline void make_filters(Correlation* j, Py_ssize_t panels, int threads) noexcept nogil:
    """U of so many panels."""
    cdef Py_ssize_t items = panels * j.chunks
    run(filter_item, j, items, min(threads, team(items, 8.0 * POINTS * j.depth * panels * j.panel)))


cdef list correlate(Correlation* j):
    """Compute dst; return the images whose results are not all finite."""
    cdef Tiles* tiles = &j.tiles
    cdef Images* images = &j.images
    cdef Workspace space
    cdef Py_ssize_t tiles_in_all = tiles.units * tiles.width, panel_filters, whole, portion, n
    cdef Py_ssize_t values = 0, filters = 0, products = 0
    cdef double work = 2.0 * tiles_in_all * POINTS * j.depth * j.rows
    cdef int threads = team(tiles.units * ceil_div(j.rows, LANES), work)
    cdef bint few = (tiles_in_all <= (TILES if POINTS * j.depth * j.rows <= FILTERS else MORE_TILES)
                     and j.rows >= 4 * threads * LANES), own, near
    images.lanes, images.size = in_vectors(j.depth), INPUTS
    j.tile = widest(j.rows, tiles_in_all if few else TILES)
    j.panel = j.tile.vectors * LANES
    j.panels, j.chunks = ceil_div(j.rows, j.panel), ceil_div(j.depth, DEPTH)
    panel_filters = POINTS * j.panel * j.depth
    whole = j.panels * panel_filters
    j.first_panel, j.group = 0, j.panels if whole <= FILTERS else clamp(GROUP // panel_filters, 1, j.panels)
    own = not few and j.group == j.panels and tiles_in_all >= threads * TILES
    n = OWN // (POINTS * (images.lanes + j.panel))
    near = own and n >= LEAST_TILES and tiles_in_all >= MOST_ITEMS * threads * TILES
    portion = tiles.units
    if near:
        j.group = 1
        portion = clamp(n // tiles.width, 1, tiles.units)
    elif own:
        n = max(FAR // (POINTS * (images.lanes + j.group * j.panel)), LEAST_TILES) // tiles.width
        portion = ceil_div(tiles.units, threads)
        portion = ceil_div(portion, ceil_div(portion, clamp(n, 1, portion)))
    elif not few:
        n = clamp(whole, VALUES, SHARED) // (POINTS * tiles.width * (images.lanes + j.group * j.panel))
        portion = ceil_div(tiles.units, ceil_div(tiles.units, clamp(n, 1, tiles.units)))
    j.units = portion
    n = portion * tiles.width + j.tile.rows
    images.point_step = whole_lines(n * images.lanes + LANES)
    j.panel_step = n * j.panel
    j.product_step = whole_lines((1 if few else j.group) * j.panel_step + LANES)
    j.pieces = min(ceil_div(threads, POINTS // 4), j.group)
    j.scratch_size = pixel_reals(j)
    if not few:
        filters = whole_lines((j.panels if own else j.group) * panel_filters)
    if few or own:
        j.scratch_size += whole_lines(POINTS * j.product_step)
    else:
        products = whole_lines(POINTS * j.product_step)
    if few:
        j.scratch_size += whole_lines(POINTS * DEPTH * j.panel)
    if own:
        j.scratch_size += whole_lines(POINTS * images.point_step)
    else:
        values = whole_lines(POINTS * images.point_step)
    space.block = NULL
    j.suspect = NULL
    try:
        reserve(&space, values + filters + products + threads * j.scratch_size)
        j.suspect = <char*>malloc(tiles.N + 1)
        if j.suspect == NULL:
            raise MemoryError(f"no memory for {tiles.N} marks")
        memset(j.suspect, 0, tiles.N)
        images.values, j.filters, j.products = take(&space, values), take(&space, filters), take(&space, products)
        j.scratch = take(&space, threads * j.scratch_size)
        with nogil:
            if own:
                make_filters(j, j.panels, threads)
                run(unit_item, j, ceil_div(tiles.units, j.units), threads)
            else:
                for n in range(ceil_div(tiles.units, portion)):
                    j.first = n * portion
                    j.count = min(portion, tiles.units - j.first)
                    run(image_item, j, j.count, threads)
                    if few:
                        run(panel_item, j, j.panels, threads)
                    else:
                        multiply_groups(j, n == 0, threads)
        return [n for n in range(tiles.N) if j.suspect[n]]
    finally:
        give_back(&space)
        free(j.suspect)


def winograd_conv2d(input, weight, bias, output, geometry):
    """output = input correlated with weight, plus bias; returns the images that are not all finite."""
    cdef Conv v = read_geometry(geometry)
    cdef Correlation j
    cdef Buffers held
    held.count = 0
    try:
        see(&j.images, <const real*>pointer(&held, input, READ), v.N, v.C, v.H, v.W, -v.pad_top, -v.pad_left)
        j.tiles = cut(v.N, v.P, v.Q)
        j.weight = <const real*>pointer(&held, weight, READ)
        j.weight_end = j.weight + v.K * v.C * KERNEL * KERNEL
        j.depth, j.rows = v.C, v.K
        j.row_stride, j.depth_stride, j.flipped = v.C * KERNEL * KERNEL, KERNEL * KERNEL, False
        j.bias = <const real*>pointer(&held, bias, READ)
        j.dst = <real*>pointer(&held, output, WRITE)
        j.P, j.Q = v.P, v.Q
        return correlate(&j)
    finally:
        release(&held)


def winograd_conv2d_grad_input(grad_output, weight, grad_input, geometry, bias=None):
    """grad_input = the adjoint of conv2d in its input, plus bias; returns the images that are not all finite."""
    cdef Conv v = read_geometry(geometry)
    cdef Correlation j
    cdef Buffers held
    held.count = 0
    try:
        see(&j.images, <const real*>pointer(&held, grad_output, READ), v.N, v.K, v.P, v.Q,
            v.pad_top - KERNEL + 1, v.pad_left - KERNEL + 1)
        j.tiles = cut(v.N, v.H, v.W)
        j.weight = <const real*>pointer(&held, weight, READ)
        j.weight_end = j.weight + v.K * v.C * KERNEL * KERNEL
        j.depth, j.rows = v.K, v.C
        j.row_stride, j.depth_stride, j.flipped = KERNEL * KERNEL, v.C * KERNEL * KERNEL, True
        j.bias = <const real*>pointer(&held, bias, READ)
        j.dst = <real*>pointer(&held, grad_input, WRITE)
        j.P, j.Q = v.H, v.W
        return correlate(&j)
    finally:
        release(&held)
