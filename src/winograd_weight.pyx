"""The gradient of a convolution in its weight by Winograd's F(3x3, 4x4), with a quarter of the multiplications.

The taps are outputs here and the gradient of the outputs is the filter: for each tile of 4 x 4 outputs (in units, see
winograd_tiles.pxd) V = B^T d B of the 6 x 6 pixels below and D = G g G^T of the gradient, and for each of 36 points

    M[c, k] += V[tile, c] * D[tile, k]              summed over tiles in order

and at the end taps = A^T M A. Two ways:

    items: units                            V and D of some units, for all threads              (L1 -> L3)
    by points      items: points            M: V and D of a point are read once from L3         (L2 -> L3)
                   items: channels x panels taps
    by blocks      items: channels x panels M, in a buffer of the thread; taps    (few units and a large weight)

Sums run over the units in order, so that no thread changes a bit. A result that is not finite is reported rather than
trusted, as in winograd.pyx.
"""
from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .band cimport ceil_div, clamp
from .minimal_filter cimport INPUTS, KERNEL, OUTPUTS, POINTS, lanes_to_lines, output_columns, output_line
from .geometry cimport Conv, read_geometry
from .simd cimport LANES, real, vec, vec_add, vec_fma, vec_set, vec_store, vec_sum
from .winograd_tiles cimport (
    Images, Shape, Tiles, cut, in_vectors, line_reals, multiply_rows, rows_computed, see, shape, square, transform_unit,
)
from .workspace cimport Workspace, give_back, reserve, take, whole_lines

cdef enum:
    VALUES = 1 << 20            # reals in the shared V and D, about, or as many as M has ...
    SHARED = 7 << 18            # ... up to this: they stay in L3, and below 8 MB
    PRODUCTS = 1 << 22          # reals in an M that stays in L3


cdef struct WeightGradient:
    Images images, grads
    Tiles tiles
    Py_ssize_t first, count     # units in the shared V and D
    Py_ssize_t channels, rows   # input and output channels
    Shape tile
    Py_ssize_t panel, panels, blocks            # output channels in one panel; panels; vectors of input channels
    real* products              # M: POINTS x panels x input channels, a few more than there are, x panel
    Py_ssize_t block_size, panel_size, point_size       # reals in M for a point: of a block and panel, a panel, all
    Shape column                # the tile for all input channels and a panel
    Py_ssize_t pieces           # of the panels, of a point
    Py_ssize_t taps_size        # reals
    real* grad_weight
    real* scratch
    Py_ssize_t scratch_size
    int suspect                 # a result is not finite


cdef inline void multiply(const WeightGradient* j, const Shape* tile, Py_ssize_t p, Py_ssize_t channel,
                          Py_ssize_t count, Py_ssize_t panel, real* m, bint accumulate) noexcept nogil:
    """A point of M for some input channels and a panel of output channels, over the units at hand."""
    cdef const real* images = j.images.values + p * j.images.point_step + channel
    cdef const real* grads = j.grads.values + p * j.grads.point_step + panel * j.panel
    multiply_rows(tile, count, j.count * j.tiles.width, images, 1, j.images.lanes, grads, j.grads.lanes, m, j.panel,
                  accumulate)


cdef void unit_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """V or D of a unit, for all threads."""
    cdef WeightGradient* j = <WeightGradient*>argument
    transform_unit(&j.images if item % 2 else &j.grads, &j.tiles, j.first + item // 2, item // 2,
                   j.scratch + thread * j.scratch_size)


cdef void point_item(void* argument, Py_ssize_t number, int thread) noexcept nogil:
    """A point of M, for some panels."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Py_ssize_t p = number % POINTS, piece = number // POINTS, panel
    for panel in range(j.panels * piece // j.pieces, j.panels * (piece + 1) // j.pieces):
        multiply(j, &j.column, p, 0, j.blocks * LANES, panel, j.products + p * j.point_size + panel * j.panel_size,
                 j.first > 0)


cdef void store_weights(WeightGradient* j, Py_ssize_t channel, Py_ssize_t row, const real* m, Py_ssize_t step,
                        real* taps) noexcept nogil:
    """The taps of LANES input channels and LANES output channels."""
    cdef Py_ssize_t channels = min(j.channels - channel, LANES), rows = min(j.rows - row, LANES), c, t
    cdef vec columns[OUTPUTS][INPUTS]
    cdef vec taken[OUTPUTS]
    cdef vec zero = vec_set(0), sum_of_zeros = vec_set(0)
    cdef int i
    for c in range(channels):
        output_columns(m + c * j.panel, step, KERNEL, columns)
        for i in range(KERNEL):
            output_line(columns[i], KERNEL, taken)
            for t in range(KERNEL):
                vec_store(taps + (c * KERNEL * KERNEL + i * KERNEL + t) * LANES, taken[t])
            sum_of_zeros = vec_fma(vec_add(vec_add(taken[0], taken[1]), taken[2]), zero, sum_of_zeros)
    if vec_sum(sum_of_zeros) != 0:
        j.suspect = 1
    lanes_to_lines(taps, channels * KERNEL * KERNEL, j.grad_weight + (row * j.channels + channel) * KERNEL * KERNEL,
                   j.channels * KERNEL * KERNEL, rows)


cdef void store_taps(WeightGradient* j, Py_ssize_t item, const real* m, Py_ssize_t step, real* taps) noexcept nogil:
    cdef Py_ssize_t v, row
    for v in range(j.tile.vectors):
        row = item // j.blocks * j.panel + v * LANES
        if row < j.rows:
            store_weights(j, item % j.blocks * LANES, row, m + v * LANES, step, taps)


cdef void block_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """M of one block and panel over all units, and from there to taps."""
    cdef WeightGradient* j = <WeightGradient*>argument
    cdef Py_ssize_t p
    cdef real* taps = j.scratch + thread * j.scratch_size
    cdef real* m = taps + j.taps_size
    for p in range(POINTS):
        multiply(j, &j.tile, p, item % j.blocks * LANES, LANES, item // j.blocks, m + p * j.block_size, False)
    store_taps(j, item, m, j.block_size, taps)


cdef void taps_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """From M of a block and panel to taps."""
    cdef WeightGradient* j = <WeightGradient*>argument
    store_taps(j, item, j.products + item // j.blocks * j.panel_size + item % j.blocks * j.block_size, j.point_size,
               j.scratch + thread * j.scratch_size)


cdef int sum_weights(WeightGradient* j) except -1:
    cdef Tiles* tiles = &j.tiles
    cdef Workspace space
    cdef Py_ssize_t units, images, grads, products, each, items, n
    cdef int threads
    cdef bint by_points
    j.images.size, j.grads.size = INPUTS, OUTPUTS
    j.images.lanes, j.grads.lanes = in_vectors(j.channels), in_vectors(j.rows)
    j.tile = square(j.rows)
    j.panel, j.blocks = j.tile.vectors * LANES, j.images.lanes // LANES
    j.panels = ceil_div(j.rows, j.panel)
    items = j.blocks * j.panels
    j.block_size = LANES * j.panel
    j.column = shape(j.tile.vectors)
    j.panel_size = rows_computed(&j.column, j.images.lanes) * j.panel
    j.point_size = whole_lines(j.panels * j.panel_size + LANES)     # no power of two: points share no place in L1
    products = POINTS * j.point_size
    j.taps_size = whole_lines(KERNEL * KERNEL * LANES * LANES)
    threads = team(max(tiles.units, items), 2.0 * tiles.units * tiles.width * POINTS * j.channels * j.rows)
    units = clamp(clamp(products, VALUES, SHARED) // (POINTS * tiles.width * (j.images.lanes + j.grads.lanes)),
                  1, tiles.units)
    units = ceil_div(tiles.units, ceil_div(tiles.units, units))
    by_points = units < tiles.units or products <= PRODUCTS
    j.pieces = min(ceil_div(threads, POINTS // 4), j.panels)
    j.images.point_step = whole_lines(units * tiles.width * j.images.lanes + j.column.rows)
    j.grads.point_step = whole_lines(units * tiles.width * j.grads.lanes + j.panel)     # the last panel may be wider
    images, grads = whole_lines(POINTS * j.images.point_step), whole_lines(POINTS * j.grads.point_step)
    if not by_points:
        products = 0
    each = max(whole_lines(line_reals(tiles)), j.taps_size + POINTS * j.block_size)
    j.scratch_size = each
    space.block = NULL
    j.suspect = 0
    try:
        reserve(&space, images + grads + products + threads * each)
        j.images.values, j.grads.values = take(&space, images), take(&space, grads)
        j.products, j.scratch = take(&space, products), take(&space, threads * each)
        with nogil:
            for n in range(ceil_div(tiles.units, units)):
                j.first = n * units
                j.count = min(units, tiles.units - j.first)
                run(unit_item, j, 2 * j.count, threads)
                if by_points:
                    run(point_item, j, POINTS * j.pieces, threads)
            if by_points:
                run(taps_item, j, items, min(threads, team(items, 4.0 * products)))
            else:
                run(block_item, j, items, threads)
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
