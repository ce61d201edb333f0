"""Winograd convolution F(4x4, 3x3) and its gradients: a quarter of the multiplications of the direct sum.

Serves 3 x 3 kernels with stride 1, dilation 1 and one group; other shapes belong to conv2d. Images are cut into tiles
of 4 x 4 outputs; a unit is a row of tiles (a part of it in wide images). Units are numbered over images, so that small
maps fill the products.

Forward and grad_input, the same on flipped kernels with input and output channels exchanged, for some units at a time:

    items: units           lay 6 rows of pixels out with channels in lanes; V = B^T d B                  (L1 -> L3)
    items: units x panels of output channels
        for each chunk of channels, for each of 36 points:
            for each block of tiles:     M += V * U, in registers                               (U in L1, M in L2)
        for each unit: Y = A^T M A, transposed back to planes, plus bias
U = G w G^T is made before, or by the items themselves if there are so few tiles that it is read but once.

grad_weight multiplies the same V with the transform of grad_output, summing over tiles in order, and ends with the
inverse transform of F(3x3, 4x4).

An image with a result that is not finite is reported rather than trusted: infinities and NaN spread over their tile
here, and large finite numbers may overflow in between. Sums over channels and over tiles run in order, whatever the
blocks: bits do not depend on threads, nor those of a sample on its batch.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .simd cimport LANES, TILE_ROWS, real, vec, vec_add, vec_fma, vec_load, vec_set, vec_store, vec_sum
from .winograd cimport (
    INPUTS, KERNEL, OUTPUTS, POINTS, filter_tile, image_tile, lanes_to_lines, lines_to_lanes, output_tile,
)
from .workspace cimport Workspace, give_back, padded, reserve, take

cdef enum:
    WIDTH = 56                  # tiles in a unit, at most
    TILES = 48                  # tiles multiplied with a panel at a time, about: M stays in L2
    DEPTH = 64                  # channels multiplied at a time: their part of a panel stays in L1
    VALUES = 1 << 20            # reals in V, about, or as many as U has: portions stay in L3 ...
    MOST_VALUES = 7 << 18       # ... and below 8 MB for each thread
    MOST_ROWS = 12              # tiles, or channels, in a register tile


cdef inline int square_rows() noexcept nogil:
    """Channels in lanes on one side of a tile, so many on the other: a divisor of LANES."""
    return min(8 if TILE_ROWS == 8 else 4, LANES)


ctypedef void (*Product)(
    Py_ssize_t depth,
    const real* a, Py_ssize_t a_row, Py_ssize_t a_k,
    const real* b, Py_ssize_t b_k,              # vectors side by side
    real* c, Py_ssize_t c_row,
    bint accumulate,
) noexcept nogil


cdef inline void product(
    const int rows, const int vectors,          # constants at every call
    Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b, Py_ssize_t b_k,
    real* c, Py_ssize_t c_row, bint accumulate,
) noexcept nogil:
    """C[i, j] (+)= sum over k of A[i, k] * B[k, j], where j runs over vectors."""
    cdef vec acc[MOST_ROWS][4]
    cdef vec held[4]
    cdef vec one
    cdef Py_ssize_t _k
    cdef int i, j
    for i in range(rows):
        for j in range(vectors):
            acc[i][j] = vec_load(c + i * c_row + j * LANES) if accumulate else vec_set(0)
    for _k in range(depth):
        for j in range(vectors):
            held[j] = vec_load(b + j * LANES)
        for i in range(rows):
            one = vec_set(a[i * a_row])
            for j in range(vectors):
                acc[i][j] = vec_fma(one, held[j], acc[i][j])
        a += a_k
        b += b_k
    for i in range(rows):
        for j in range(vectors):
            vec_store(c + i * c_row + j * LANES, acc[i][j])


cdef inline void product_8x1(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(square_rows(), 1, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_8x2(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(square_rows(), 2, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_12x1(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                              Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(12, 1, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_12x2(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                              Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(12 if TILE_ROWS == 8 else 6, 2, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_8x3(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(square_rows(), 3, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline void product_6x4(Py_ssize_t depth, const real* a, Py_ssize_t a_row, Py_ssize_t a_k, const real* b,
                             Py_ssize_t b_k, real* c, Py_ssize_t c_row, bint accumulate) noexcept nogil:
    product(6, 4, depth, a, a_row, a_k, b, b_k, c, c_row, accumulate)


cdef inline Py_ssize_t ceil_div(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return (a + b - 1) // b


cdef struct Shape:              # of a register tile
    int rows, vectors
    Product multiply


cdef Shape shape(int vectors) noexcept nogil:
    cdef Shape found
    found.vectors = vectors
    if vectors == 4:
        found.rows, found.multiply = 6, product_6x4
    elif vectors == 3:
        found.rows, found.multiply = 8, product_8x3
    elif vectors == 2:
        found.rows, found.multiply = (12 if TILE_ROWS == 8 else 6), product_12x2
    else:
        found.rows, found.multiply = 12, product_12x1
    return found


cdef Shape widest(Py_ssize_t lanes, Py_ssize_t tiles) noexcept nogil:
    """The tile for a product of so many output channels and tiles: computes least in vain, or is the widest of those."""
    cdef Shape found = shape(1), tried
    cdef Py_ssize_t vectors = (lanes + LANES - 1) // LANES, least = -1, cost
    cdef int v
    for v in range(4 if TILE_ROWS == 8 else 2, 0, -1):
        tried = shape(v)
        cost = ceil_div(vectors, v) * v * ceil_div(tiles, tried.rows) * tried.rows
        if v == 1:
            cost += cost // 2                   # two loads for a multiplication instead of one
        if least < 0 or cost < least:
            least, found = cost, tried
    return found


cdef Shape square(Py_ssize_t lanes) noexcept nogil:
    """The tile with square_rows() rows for so many output channels."""
    cdef Shape found = widest(lanes, MOST_ROWS * LANES)
    if found.vectors == 4:
        found.vectors = 2
    found.rows = square_rows()
    found.multiply = product_8x1 if found.vectors == 1 else product_8x2 if found.vectors == 2 else product_8x3
    return found


cdef struct Images:             # planes that tiles read
    const real* first
    const real* end
    Py_ssize_t channels, H, W
    Py_ssize_t top, left        # of the first tile, outside the image if negative
    Py_ssize_t size             # of a tile: INPUTS pixels of an image, OUTPUTS of a gradient
    Py_ssize_t lanes            # channels rounded up to vectors
    real* values                # the transform: POINTS x tiles x lanes
    Py_ssize_t point_step


cdef struct Tiles:
    Py_ssize_t N, rows, parts, width            # images; units in a column, in a row; tiles in a unit
    Py_ssize_t units                            # N * rows * parts
    Py_ssize_t first, count                     # units in V now


cdef Tiles cut(Py_ssize_t N, Py_ssize_t P, Py_ssize_t Q) noexcept nogil:
    cdef Tiles t
    cdef Py_ssize_t columns = ceil_div(Q, OUTPUTS)
    t.N, t.rows = N, ceil_div(P, OUTPUTS)
    t.parts = ceil_div(columns, WIDTH)
    t.width = ceil_div(columns, t.parts)
    t.units = N * t.rows * t.parts
    t.first = t.count = 0
    return t


cdef void lay_out(const Images* images, const Tiles* tiles, Py_ssize_t unit, Py_ssize_t channel,
                  real* to) noexcept nogil:
    """The pixels of a unit for LANES channels: `size` rows, zero outside the image."""
    cdef Py_ssize_t columns = OUTPUTS * (tiles.width - 1) + images.size, count = min(images.channels - channel, LANES)
    cdef Py_ssize_t top = images.top + unit // tiles.parts % tiles.rows * OUTPUTS
    cdef Py_ssize_t left = images.left + unit % tiles.parts * tiles.width * OUTPUTS
    cdef Py_ssize_t x0 = max(0, -left), x1 = min(columns, images.W - left), y, area = images.H * images.W
    cdef const real* plane = images.first + (unit // (tiles.parts * tiles.rows) * images.channels + channel) * area
    for y in range(images.size):
        if top + y < 0 or top + y >= images.H or x1 <= x0:
            memset(to, 0, columns * LANES * sizeof(real))
        else:
            memset(to, 0, x0 * LANES * sizeof(real))
            lines_to_lanes(plane + (top + y) * images.W + left + x0, area, count, x1 - x0, images.end, to + x0 * LANES)
            memset(to + x1 * LANES, 0, (columns - x1) * LANES * sizeof(real))
        to += columns * LANES


cdef inline void transform_unit(const Images* images, const Tiles* tiles, Py_ssize_t unit, real* pixels) noexcept nogil:
    """unit: counted from tiles.first."""
    cdef Py_ssize_t block, j, columns = OUTPUTS * (tiles.width - 1) + images.size
    cdef real* to
    for block in range(images.lanes // LANES):
        lay_out(images, tiles, tiles.first + unit, block * LANES, pixels)
        to = images.values + unit * tiles.width * images.lanes + block * LANES
        for j in range(tiles.width):
            if images.size == INPUTS:
                image_tile(pixels + j * OUTPUTS * LANES, columns * LANES, to, images.point_step)
            else:
                filter_tile(pixels + j * OUTPUTS * LANES, columns * LANES, LANES, OUTPUTS, to, images.point_step)
            to += images.lanes


cdef Py_ssize_t portion(Tiles* tiles, Py_ssize_t lanes, Py_ssize_t products, int threads) noexcept nogil:
    """How many units are taken at a time: so many that the transforms of `lanes` channels stay in the cache.

    But not fewer than make those as large as the products of a point that are read again for each portion.
    """
    cdef Py_ssize_t values = min(max(VALUES, POINTS * products), <Py_ssize_t>MOST_VALUES * threads)
    cdef Py_ssize_t most = max(values // (POINTS * tiles.width * lanes), 1)
    return ceil_div(tiles.units, ceil_div(tiles.units, most))


cdef Py_ssize_t line_reals(const Tiles* tiles) noexcept nogil:
    """What the pixels of a unit take."""
    return INPUTS * (OUTPUTS * (tiles.width - 1) + INPUTS) * LANES


cdef Py_ssize_t in_vectors(Py_ssize_t channels) noexcept nogil:
    return ceil_div(channels, LANES) * LANES


cdef struct Correlation:
    Images images
    Tiles tiles
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
    transform_unit(&j.images, &j.tiles, unit, j.scratch + thread * j.scratch_size)


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


cdef void product_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """All outputs of some units in one panel of output channels."""
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t panel = item // j.unit_items, unit = item % j.unit_items * j.units
    cdef Py_ssize_t units = min(j.tiles.count - unit, j.units), tiles = units * j.tiles.width
    cdef Py_ssize_t blocks = ceil_div(tiles, j.tile.rows), chunk, depth, p, r, v, u, row
    cdef real* m = j.scratch + thread * j.scratch_size
    cdef real* pixels = m + padded(POINTS * j.product_step)
    cdef real* made = pixels + padded(max(line_reals(&j.tiles), DEPTH * KERNEL * KERNEL * LANES))
    cdef const real* filters
    cdef const real* values
    for chunk in range(j.chunks):
        depth = min(j.depth - chunk * DEPTH, DEPTH)
        filters = j.filters + (panel * j.depth + chunk * DEPTH) * POINTS * j.panel
        if not j.ready:
            transform_filters(j, panel, chunk, pixels, made)
            filters = made
        for p in range(POINTS):
            values = j.images.values + p * j.images.point_step + unit * j.tiles.width * j.images.lanes + chunk * DEPTH
            for r in range(blocks):
                j.tile.multiply(depth, values + r * j.tile.rows * j.images.lanes, j.images.lanes, 1,
                                filters + p * depth * j.panel, j.panel,
                                m + p * j.product_step + r * j.tile.rows * j.panel, j.panel, chunk > 0)
    for v in range(j.tile.vectors):
        row = panel * j.panel + v * LANES
        if row < j.rows:
            for u in range(units):
                store_unit(j, j.tiles.first + unit + u, row, m + u * j.tiles.width * j.panel + v * LANES, pixels)


cdef list correlate(Correlation* j):
    """Compute dst; return the images whose results are not all finite."""
    cdef Tiles* tiles = &j.tiles
    cdef Images* images = &j.images
    cdef Workspace space
    cdef Py_ssize_t portion_units, values, filters, each, n
    cdef double work = 2.0 * tiles.units * tiles.width * POINTS * j.depth * j.rows
    cdef int threads = team(tiles.units * ceil_div(j.rows, LANES), work)
    images.lanes, images.size = in_vectors(j.depth), INPUTS
    portion_units = portion(tiles, images.lanes, j.depth * j.rows, threads)
    j.ready = portion_units < tiles.units or tiles.units * tiles.width > TILES or j.rows < 4 * threads * LANES
    j.units = max(TILES // tiles.width, 1) if j.ready else portion_units
    j.tile = widest(j.rows, j.units * tiles.width)
    j.panel = j.tile.vectors * LANES
    j.panels = ceil_div(j.rows, j.panel)
    j.chunks = ceil_div(j.depth, DEPTH)
    while j.units > 1 and j.ready and ceil_div(portion_units, j.units) * j.panels < 3 * threads:
        j.units = ceil_div(j.units, 2)
    images.point_step = padded((portion_units * tiles.width + j.tile.rows) * images.lanes)
    j.product_step = padded((j.units * tiles.width + j.tile.rows) * j.panel + LANES)
    values = padded(POINTS * images.point_step)
    filters = padded(POINTS * j.panels * j.panel * j.depth) if j.ready else 0
    each = padded(POINTS * j.product_step) + padded(max(line_reals(tiles), DEPTH * KERNEL * KERNEL * LANES))
    if not j.ready:
        each += padded(POINTS * DEPTH * j.panel)
    j.scratch_size = each
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
                run(filter_item, j, j.panels * j.chunks, team(j.panels * j.chunks, 8.0 * POINTS * j.depth * j.rows))
            while tiles.first < tiles.units:
                tiles.count = min(portion_units, tiles.units - tiles.first)
                j.unit_items = ceil_div(tiles.count, j.units)
                run(image_item, j, tiles.count, threads)
                run(product_item, j, j.unit_items * j.panels, threads)
                tiles.first += tiles.count
        return [n for n in range(tiles.N) if j.suspect[n]]
    finally:
        give_back(&space)
        free(j.suspect)


cdef struct Conv:
    Py_ssize_t N, C, H, W, K, R, S, P, Q, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups


cdef Conv read_geometry(g) except *:
    cdef Conv v
    (v.N, v.C, v.H, v.W, v.K, v.R, v.S, v.P, v.Q, v.stride_h, v.stride_w, v.pad_top, v.pad_left,
     v.dilation_h, v.dilation_w, v.groups) = g
    return v


cdef void see(Images* images, const real* first, Py_ssize_t N, Py_ssize_t channels, Py_ssize_t H, Py_ssize_t W,
              Py_ssize_t top, Py_ssize_t left) noexcept nogil:
    images.first, images.end = first, first + N * channels * H * W
    images.channels, images.H, images.W = channels, H, W
    images.top, images.left = top, left


def winograd_conv2d(input, weight, bias, output, geometry):
    """output = input correlated with weight, plus bias; returns the images with results that are not finite."""
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


def winograd_conv2d_grad_input(grad_output, weight, grad_input, geometry):
    """grad_input = the adjoint of conv2d in its input; returns the images with results that are not finite."""
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
        j.bias = NULL
        j.dst = <real*>pointer(&held, grad_input, WRITE)
        j.P, j.Q = v.H, v.W
        return correlate(&j)
    finally:
        release(&held)


cdef struct WeightGradient:
    Images images, grads
    Tiles tiles
    Py_ssize_t channels, rows   # input and output channels
    Shape tile
    Py_ssize_t panel, panels, blocks            # output channels in one panel; panels; vectors of input channels
    real* products              # M of every item, where tiles are taken in several portions; or NULL
    Py_ssize_t product_size     # of an item
    bint last                   # portion
    real* grad_weight
    real* scratch
    Py_ssize_t scratch_size
    int suspect                 # a result is not finite


cdef void image_and_grad_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef WeightGradient* j = <WeightGradient*>argument
    transform_unit(&j.images if item % 2 else &j.grads, &j.tiles, item // 2, j.scratch + thread * j.scratch_size)


cdef void store_weights(WeightGradient* j, Py_ssize_t channel, Py_ssize_t row, const real* m,
                        real* taps) noexcept nogil:
    """The taps of LANES input channels and LANES output channels."""
    cdef Py_ssize_t channels = min(j.channels - channel, LANES), rows = min(j.rows - row, LANES), c, t
    cdef vec outputs[KERNEL * KERNEL]
    cdef vec zero = vec_set(0), sum_of_zeros = vec_set(0)
    for c in range(channels):
        output_tile(m + c * j.panel, LANES * j.panel, KERNEL, outputs)
        for t in range(KERNEL * KERNEL):
            sum_of_zeros = vec_fma(outputs[t], zero, sum_of_zeros)
            vec_store(taps + (c * KERNEL * KERNEL + t) * LANES, outputs[t])
    if vec_sum(sum_of_zeros) != 0:
        j.suspect = 1
    lanes_to_lines(taps, channels * KERNEL * KERNEL, j.grad_weight + (row * j.channels + channel) * KERNEL * KERNEL,
                   j.channels * KERNEL * KERNEL, rows)


cdef void weight_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """The sums over the tiles at hand for LANES input channels and a panel of output channels."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Py_ssize_t panel = item // j.blocks, block = item % j.blocks, tiles = j.tiles.count * j.tiles.width
    cdef Py_ssize_t p, r, v, row
    cdef real* taps = j.scratch + thread * j.scratch_size
    cdef real* m = taps + padded(KERNEL * KERNEL * LANES * LANES)
    if j.products != NULL:
        m = j.products + item * j.product_size
    for p in range(POINTS):
        for r in range(LANES // j.tile.rows):
            j.tile.multiply(tiles, j.images.values + p * j.images.point_step + block * LANES + r * j.tile.rows, 1,
                            j.images.lanes, j.grads.values + p * j.grads.point_step + panel * j.panel, j.grads.lanes,
                            m + (p * LANES + r * j.tile.rows) * j.panel, j.panel, j.tiles.first > 0)
    for v in range(j.tile.vectors if j.last else 0):
        row = panel * j.panel + v * LANES
        if row < j.rows:
            store_weights(j, block * LANES, row, m + v * LANES, taps)


cdef int sum_weights(WeightGradient* j) except -1:
    cdef Tiles* tiles = &j.tiles
    cdef Workspace space
    cdef Py_ssize_t units, images, grads, products, each, items
    cdef int threads
    j.images.size, j.grads.size = INPUTS, OUTPUTS
    j.images.lanes, j.grads.lanes = in_vectors(j.channels), in_vectors(j.rows)
    j.tile = square(j.rows)
    j.panel, j.blocks = j.tile.vectors * LANES, j.images.lanes // LANES
    j.panels = ceil_div(j.rows, j.panel)
    items = j.blocks * j.panels
    threads = team(max(tiles.units, items), 2.0 * tiles.units * tiles.width * POINTS * j.channels * j.rows)
    units = portion(tiles, j.images.lanes + j.grads.lanes, j.channels * j.rows, threads)
    j.images.point_step = padded(units * tiles.width * j.images.lanes + LANES)
    j.grads.point_step = padded(units * tiles.width * j.grads.lanes + j.panel)     # the last panel may be wider
    j.product_size = padded(POINTS * LANES * j.panel)
    images, grads = padded(POINTS * j.images.point_step), padded(POINTS * j.grads.point_step)
    products = items * j.product_size if units < tiles.units else 0
    each = max(padded(line_reals(tiles)), padded(KERNEL * KERNEL * LANES * LANES) + j.product_size)
    j.scratch_size = each
    space.block = NULL
    j.suspect = 0
    try:
        reserve(&space, images + grads + products + threads * each)
        j.images.values, j.grads.values = take(&space, images), take(&space, grads)
        j.products, j.scratch = take(&space, products), take(&space, threads * each)
        if units == tiles.units:
            j.products = NULL
        with nogil:
            while tiles.first < tiles.units:
                tiles.count = min(units, tiles.units - tiles.first)
                j.last = tiles.first + tiles.count == tiles.units
                run(image_and_grad_item, j, 2 * tiles.count, threads)
                run(weight_item, j, items, threads)
                tiles.first += tiles.count
    finally:
        give_back(&space)
    return 0


def winograd_conv2d_grad_weight(grad_output, input, grad_weight, geometry):
    """grad_weight = the adjoint of conv2d in its weight; returns whether a result is not finite."""
    cdef Conv v = read_geometry(geometry)
    cdef WeightGradient j
    cdef Buffers held
    held.count = 0
    try:
        see(&j.grads, <const real*>pointer(&held, grad_output, READ), v.N, v.K, v.P, v.Q, 0, 0)
        see(&j.images, <const real*>pointer(&held, input, READ), v.N, v.C, v.H, v.W, -v.pad_top, -v.pad_left)
        j.tiles = cut(v.N, v.P, v.Q)
        j.channels, j.rows = v.C, v.K
        j.grad_weight = <real*>pointer(&held, grad_weight, WRITE)
        sum_weights(&j)
        return j.suspect != 0
    finally:
        release(&held)
