"""Winograd convolution F(4x4, 3x3) and its gradient in the input: a quarter of the multiplications of the direct sum.

Serves 3 x 3 kernels with stride 1, dilation 1 and one group; other shapes belong to conv2d. The gradient is the same on
flipped kernels with input and output channels exchanged. Units of tiles (winograd_tiles.pxd) are computed in one of
three ways, which give the same bits:

    alone     items: units          V = B^T d B of 6 rows of pixels, in a buffer of the thread             (L1 -> L2)
                                    for each panel of output channels: multiply and store
    shared    items: units          V = B^T d B, in a buffer of all threads                                (L1 -> L3)
              items: units x panels multiply and store
    few tiles as shared, but U is made by the items, as it is read but once

    multiply and store:
        for each chunk of channels, for each of 36 points:
            for each block of tiles:    M += V * U, in registers                                  (U in L1, M in L2)
        for each unit: Y = A^T M A, transposed back to planes, plus bias

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
    INPUTS, KERNEL, OUTPUTS, POINTS, filter_tile, lanes_to_lines, lines_to_lanes, output_tile,
)
from .geometry cimport Conv, read_geometry
from .simd cimport LANES, real, vec, vec_add, vec_fma, vec_load, vec_load_part, vec_set, vec_store, vec_sum
from .winograd_tiles cimport Images, Shape, Tiles, cut, in_vectors, line_reals, see, transform_unit, widest
from .workspace cimport Workspace, give_back, reserve, take, whole_lines

cdef enum:
    TILES = 48                  # tiles multiplied with a panel at a time, about: M stays in L2
    DEPTH = 64                  # channels multiplied at a time: their part of a panel stays in L1
    OWN = 1 << 18               # reals in the V and M of a thread, about: they stay in L2
    FEWEST = 16                 # tiles that these should hold: U is read again for each so many
    SHARED = 7 << 18            # reals in the V of all threads, for each of them: below 8 MB


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
    bint ready                  # U is made before the items that use it
    real* filters               # U: panels x chunks of DEPTH channels x POINTS x channels x panel
    Py_ssize_t chunks
    const real* bias            # or NULL
    real* dst                   # (N, rows, P, Q)
    Py_ssize_t P, Q
    Py_ssize_t units, unit_items, product_step  # units in an item; items; reals from point to point of M
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
    transform_filters(j, panel, chunk, j.scratch + thread * j.scratch_size,
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
    cdef Py_ssize_t count = min(j.rows - row, LANES), t, x, y
    cdef vec outputs[OUTPUTS * OUTPUTS]
    cdef vec bias = vec_set(0), zero = vec_set(0), sum_of_zeros = vec_set(0), one
    cdef real* line
    if j.bias != NULL:
        bias = vec_load(j.bias + row) if count == LANES else vec_load_part(j.bias + row, count)
    for t in range(ceil_div(width, OUTPUTS)):
        output_tile(m + t * j.panel, j.product_step, OUTPUTS, outputs)
        for y in range(height):
            for x in range(min(width - t * OUTPUTS, OUTPUTS)):
                one = vec_add(outputs[y * OUTPUTS + x], bias)
                sum_of_zeros = vec_fma(one, zero, sum_of_zeros)             # NaN once something is not finite
                vec_store(pixels + (y * width + t * OUTPUTS + x) * LANES, one)
    if vec_sum(sum_of_zeros) != 0:
        j.suspect[image] = 1
    line = j.dst + ((image * j.rows + row) * j.P + top) * j.Q + left
    if width == j.Q:
        lanes_to_lines(pixels, height * width, line, j.P * j.Q, count)      # rows follow each other in both
    else:
        for y in range(height):
            lanes_to_lines(pixels + y * width * LANES, width, line + y * j.Q, j.P * j.Q, count)


cdef void multiply_and_store(Correlation* j, Py_ssize_t panel, Py_ssize_t unit, Py_ssize_t units,
                             const real* first_values, real* m) noexcept nogil:
    """The outputs of some units, whose V begins at `first_values`, in one panel of output channels."""
    cdef Py_ssize_t blocks = ceil_div(units * j.tiles.width, j.tile.rows), chunk, depth, p, r, v, u, row
    cdef real* pixels = m + whole_lines(POINTS * j.product_step)
    cdef real* made = pixels + whole_lines(max(line_reals(&j.tiles), DEPTH * KERNEL * KERNEL * LANES))
    cdef const real* filters
    cdef const real* values
    for chunk in range(j.chunks):
        depth = min(j.depth - chunk * DEPTH, DEPTH)
        filters = j.filters + (panel * j.depth + chunk * DEPTH) * POINTS * j.panel
        if not j.ready:
            transform_filters(j, panel, chunk, pixels, made)
            filters = made
        for p in range(POINTS):
            values = first_values + p * j.images.point_step + chunk * DEPTH
            for r in range(blocks):
                j.tile.multiply(depth, values + r * j.tile.rows * j.images.lanes, j.images.lanes, 1,
                                filters + p * depth * j.panel, j.panel,
                                m + p * j.product_step + r * j.tile.rows * j.panel, j.panel, chunk > 0)
    for v in range(j.tile.vectors):
        row = panel * j.panel + v * LANES
        if row < j.rows:
            for u in range(units):
                store_unit(j, unit + u, row, m + u * j.tiles.width * j.panel + v * LANES, pixels)


cdef void shared_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t unit = item % j.unit_items * j.units
    multiply_and_store(j, item // j.unit_items, j.first + unit, min(j.count - unit, j.units),
                       j.images.values + unit * j.tiles.width * j.images.lanes, j.scratch + thread * j.scratch_size)


cdef void alone_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t first = item * j.units, units = min(j.tiles.units - first, j.units), u, panel
    cdef real* m = j.scratch + thread * j.scratch_size
    cdef Images images = j.images
    images.values = m + j.scratch_size - whole_lines(POINTS * images.point_step)
    for u in range(units):
        transform_unit(&images, &j.tiles, first + u, u, m)
    for panel in range(j.panels):
        multiply_and_store(j, panel, first, units, images.values, m)


cdef Py_ssize_t units_in_item(Py_ssize_t most, const Tiles* tiles, Py_ssize_t rows) noexcept nogil:
    """At most `most` units, so many that their tiles fill blocks of `rows` best."""
    cdef Py_ssize_t units, best = most
    for units in range(most, most // 2, -1):
        if ceil_div(units * tiles.width, rows) * best < ceil_div(best * tiles.width, rows) * units:
            best = units
    return best


cdef list correlate(Correlation* j):
    """Compute dst; return the images whose results are not all finite."""
    cdef Tiles* tiles = &j.tiles
    cdef Images* images = &j.images
    cdef Workspace space
    cdef Py_ssize_t tiles_in_all = tiles.units * tiles.width, portion = tiles.units, own, n
    cdef Py_ssize_t values = 0, filters = 0, each
    cdef double work = 2.0 * tiles_in_all * POINTS * j.depth * j.rows
    cdef int threads = team(tiles.units * ceil_div(j.rows, LANES), work)
    cdef bint few = tiles_in_all <= TILES and j.rows >= 4 * threads * LANES, alone = False
    images.lanes, images.size = in_vectors(j.depth), INPUTS
    j.tile = widest(j.rows, tiles_in_all if few else TILES)
    j.panel = j.tile.vectors * LANES
    j.panels, j.chunks = ceil_div(j.rows, j.panel), ceil_div(j.depth, DEPTH)
    if few:
        j.units = tiles.units
    else:
        own = OWN // (POINTS * (images.lanes + j.panel))
        alone = own >= FEWEST
        portion = clamp(SHARED * threads // (POINTS * tiles.width * images.lanes), 1, tiles.units)
        portion = ceil_div(tiles.units, ceil_div(tiles.units, portion))
        n = clamp((own if alone else TILES) // tiles.width, 1, portion)
        while n > 1 and ceil_div(portion, n) * (1 if alone else j.panels) < 3 * threads:
            n = ceil_div(n, 2)
        j.units = units_in_item(n, tiles, j.tile.rows)
        filters = whole_lines(POINTS * j.panels * j.panel * j.depth)
    n = (j.units if alone else portion) * tiles.width + j.tile.rows
    images.point_step = whole_lines(n * images.lanes + LANES)
    j.product_step = whole_lines((j.units * tiles.width + j.tile.rows) * j.panel + LANES)
    each = whole_lines(POINTS * j.product_step) + whole_lines(max(line_reals(tiles), DEPTH * KERNEL * KERNEL * LANES))
    if few:
        each += whole_lines(POINTS * DEPTH * j.panel)
    if alone:
        each += whole_lines(POINTS * images.point_step)
    else:
        values = whole_lines(POINTS * images.point_step)
    j.scratch_size, j.ready = each, not few
    space.block = NULL
    j.suspect = NULL
    try:
        reserve(&space, values + filters + threads * each)
        j.suspect = <char*>malloc(tiles.N + 1)
        if j.suspect == NULL:
            raise MemoryError(f"no memory for {tiles.N} marks")
        memset(j.suspect, 0, tiles.N)
        images.values, j.filters, j.scratch = take(&space, values), take(&space, filters), take(&space, threads * each)
        with nogil:
            if j.ready:
                n = j.panels * j.chunks
                run(filter_item, j, n, min(threads, team(n, 8.0 * POINTS * j.depth * j.rows)))
            if alone:
                run(alone_item, j, ceil_div(tiles.units, j.units), threads)
            else:
                for n in range(ceil_div(tiles.units, portion)):
                    j.first = n * portion
                    j.count = min(portion, tiles.units - j.first)
                    j.unit_items = ceil_div(j.count, j.units)
                    run(image_item, j, j.count, threads)
                    run(shared_item, j, j.unit_items * j.panels, threads)
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
