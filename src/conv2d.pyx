"""2-D convolution and its gradients as implicit GEMM on the register tile; no im2col matrix in memory.

Forward and grad_input are one loop nest, a correlation: every pixel of a destination grid sums taps of a source image,
    dst[n, k, i, j] = bias[k] + sum over channel c, row tap r, column tap s of
                      weight[k, c, r, s] * src[n, c, i*step_h + row[r], j*step_w + column[s]]      (0 outside src)
Forward has one grid. grad_input of stride sh x sw has sh*sw of them, one for each position of a pixel between strides:
only the taps that meet the pixel take part, so nothing is multiplied by inserted zeros.

    items: groups x blocks of BLOCK_PANELS panels of TILE_COLUMNS pixels, flat over images, rows and columns
    for each chunk of DEPTH taps:      pack the pixels of the block                          (stays in L1/L2)
        for each TILE_ROWS channels:   weights were packed once per call                     (stream from L2/L3)
            for each panel:            tile                                                  (registers)
    store the block, adding the bias

grad_weight[k, (c, r, s)] sums over pixels: items are panels of TILE_COLUMNS (c, r, s); each walks all pixels in order,
so that its sum depends on no thread.
"""
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, pointer, release
from .simd cimport TILE_COLUMNS, TILE_ROWS, real
from .tile cimport tile

cdef enum:
    BLOCK_PANELS = 4
    DEPTH = 256                 # a panel of DEPTH rows stays in L1


cdef struct Conv:
    Py_ssize_t N, C, H, W, K, R, S, P, Q, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups


cdef Conv read_geometry(g) except *:
    cdef Conv v
    (v.N, v.C, v.H, v.W, v.K, v.R, v.S, v.P, v.Q, v.stride_h, v.stride_w, v.pad_top, v.pad_left,
     v.dilation_h, v.dilation_w, v.groups) = g
    return v


cdef struct Tap:
    Py_ssize_t offset           # source row or column of grid row or column 0
    Py_ssize_t index            # its row or column in the kernel
    Py_ssize_t first, stop      # grid positions whose source lies inside the image


cdef struct Correlation:
    Py_ssize_t N, groups
    const real* src             # (N, groups*channels, H, W)
    Py_ssize_t channels, H, W
    real* dst                   # (N, groups*rows, dst_H, dst_W)
    Py_ssize_t rows, dst_H, dst_W
    Py_ssize_t P, Q             # the grid, and where it lies in dst
    Py_ssize_t first_row, first_column, row_step, column_step
    Py_ssize_t step_h, step_w   # in src
    Py_ssize_t row_taps, column_taps
    Tap* row
    Tap* column
    const real* bias
    real* packed                # weights: groups x row blocks x depth x TILE_ROWS
    Py_ssize_t depth, row_blocks, pixel_blocks
    real* scratch
    Py_ssize_t scratch_size     # reals per thread


cdef inline Py_ssize_t ceil_div(Py_ssize_t a, Py_ssize_t b) noexcept nogil:
    return -((-a) // b) if a < 0 else (a + b - 1) // b


cdef inline Py_ssize_t clamp(Py_ssize_t x, Py_ssize_t low, Py_ssize_t high) noexcept nogil:
    return low if x < low else (high if x > high else x)


cdef void set_tap(Tap* tap, Py_ssize_t offset, Py_ssize_t index, Py_ssize_t step, Py_ssize_t size,
                  Py_ssize_t grid) noexcept nogil:
    tap.offset = offset
    tap.index = index
    tap.first = clamp(ceil_div(-offset, step), 0, grid)
    tap.stop = clamp(ceil_div(size - offset, step), tap.first, grid)


cdef void pack_weights(Correlation* j, const real* weight, Py_ssize_t row_stride, Py_ssize_t channel_stride,
                       Py_ssize_t group_stride, Py_ssize_t kernel_width) noexcept nogil:
    """packed[g][block][(c, r, s)][i] = weight of row block*TILE_ROWS + i; rows beyond the last are zero."""
    cdef Py_ssize_t g, block, c, r, s, i, k
    cdef real* to = j.packed
    cdef const real* base
    for g in range(j.groups):
        for block in range(j.row_blocks):
            for c in range(j.channels):
                for r in range(j.row_taps):
                    for s in range(j.column_taps):
                        base = (weight + g * group_stride + c * channel_stride
                                + j.row[r].index * kernel_width + j.column[s].index)
                        for i in range(TILE_ROWS):
                            k = block * TILE_ROWS + i
                            to[i] = base[k * row_stride] if k < j.rows else 0
                        to += TILE_ROWS


cdef inline void pack_run(const real* line, Tap* tap, Py_ssize_t step, Py_ssize_t q, Py_ssize_t count,
                          real* to, Py_ssize_t to_step) noexcept nogil:
    """Grid columns q ... q+count of one source line; zero where the tap leaves the image."""
    cdef Py_ssize_t left = clamp(tap.first - q, 0, count)
    cdef Py_ssize_t right = clamp(tap.stop - q, left, count)
    cdef Py_ssize_t t
    for t in range(left):
        to[t * to_step] = 0
    if right > left:
        line += q * step + tap.offset
        if step == 1:
            for t in range(left, right):
                to[t * to_step] = line[t]
        else:
            for t in range(left, right):
                to[t * to_step] = line[t * step]
    for t in range(right, count):
        to[t * to_step] = 0


cdef void pack_pixels(Correlation* j, Py_ssize_t g, Py_ssize_t pixel, Py_ssize_t count, Py_ssize_t d0, Py_ssize_t d1,
                      real* to, Py_ssize_t tap_step, Py_ssize_t pixel_step) noexcept nogil:
    """to[(d-d0)*tap_step + t*pixel_step] = the source value of tap d at grid pixel (flat over n, p, q) pixel + t."""
    cdef Py_ssize_t area = j.P * j.Q, taps = j.row_taps * j.column_taps
    cdef Py_ssize_t done = 0, n, p, q, length, c, r, s, t
    cdef Py_ssize_t _d
    cdef const real* image
    cdef real* out
    while done < count:                                   # one run of pixels in one grid row at a time
        n = (pixel + done) // area
        p = (pixel + done) % area // j.Q
        q = (pixel + done) % j.Q
        length = min(j.Q - q, count - done)
        image = j.src + (n * j.groups + g) * j.channels * j.H * j.W
        c = d0 // taps
        r = d0 % taps // j.column_taps
        s = d0 % j.column_taps
        out = to + done * pixel_step
        for _d in range(d0, d1):
            if j.row[r].first <= p < j.row[r].stop:
                pack_run(image + (c * j.H + p * j.step_h + j.row[r].offset) * j.W, &j.column[s], j.step_w, q, length,
                         out, pixel_step)
            else:
                for t in range(length):
                    out[t * pixel_step] = 0
            out += tap_step
            s += 1
            if s == j.column_taps:
                s = 0
                r += 1
                if r == j.row_taps:
                    r = 0
                    c += 1
        done += length


cdef void store_block(Correlation* j, Py_ssize_t g, Py_ssize_t pixel, Py_ssize_t count, Py_ssize_t panels,
                      const real* c) noexcept nogil:
    cdef Py_ssize_t area = j.P * j.Q, done = 0, n, p, q, length, k, t
    cdef const real* tile_row
    cdef real* line
    cdef real add
    while done < count:
        n = (pixel + done) // area
        p = (pixel + done) % area // j.Q
        q = (pixel + done) % j.Q
        length = min(min(j.Q - q, count - done), TILE_COLUMNS - done % TILE_COLUMNS)
        for k in range(j.rows):
            tile_row = c + ((k // TILE_ROWS * panels + done // TILE_COLUMNS) * TILE_ROWS + k % TILE_ROWS) * TILE_COLUMNS
            tile_row += done % TILE_COLUMNS
            line = j.dst + (((n * j.groups + g) * j.rows + k) * j.dst_H + j.first_row + p * j.row_step) * j.dst_W
            line += j.first_column + q * j.column_step
            if j.bias != NULL:
                add = j.bias[g * j.rows + k]
                for t in range(length):
                    line[t * j.column_step] = tile_row[t] + add
            else:
                for t in range(length):
                    line[t * j.column_step] = tile_row[t]
        done += length


cdef void correlate_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Correlation* j = <Correlation*>argument
    cdef Py_ssize_t g = item // j.pixel_blocks
    cdef Py_ssize_t pixel = item % j.pixel_blocks * (BLOCK_PANELS * TILE_COLUMNS)
    cdef Py_ssize_t count = min(j.N * j.P * j.Q - pixel, BLOCK_PANELS * TILE_COLUMNS)
    cdef Py_ssize_t panels = (count + TILE_COLUMNS - 1) // TILE_COLUMNS
    cdef real* pixels = j.scratch + thread * j.scratch_size
    cdef real* c = pixels + BLOCK_PANELS * TILE_COLUMNS * DEPTH
    cdef Py_ssize_t chunk, d0, depth, block, panel, width
    if j.depth == 0:                                      # a position that no tap meets
        memset(c, 0, j.row_blocks * panels * TILE_ROWS * TILE_COLUMNS * sizeof(real))
    for chunk in range((j.depth + DEPTH - 1) // DEPTH):
        d0 = chunk * DEPTH
        depth = min(j.depth - d0, DEPTH)
        for panel in range(panels):
            width = min(count - panel * TILE_COLUMNS, TILE_COLUMNS)
            if width < TILE_COLUMNS:
                memset(pixels + panel * depth * TILE_COLUMNS, 0, depth * TILE_COLUMNS * sizeof(real))
            pack_pixels(j, g, pixel + panel * TILE_COLUMNS, width, d0, d0 + depth,
                        pixels + panel * depth * TILE_COLUMNS, TILE_COLUMNS, 1)
        for block in range(j.row_blocks):
            for panel in range(panels):
                tile(depth, j.packed + ((g * j.row_blocks + block) * j.depth + d0) * TILE_ROWS, 1, TILE_ROWS,
                     pixels + panel * depth * TILE_COLUMNS,
                     c + (block * panels + panel) * TILE_ROWS * TILE_COLUMNS, d0 > 0)
    store_block(j, g, pixel, count, panels, c)


cdef void* reals(Py_ssize_t count) except NULL:
    cdef void* memory = malloc(max(count, 1) * <Py_ssize_t>sizeof(real))
    if memory == NULL:
        raise MemoryError(f"no memory for a workspace of {count * <Py_ssize_t>sizeof(real)} bytes")
    return memory


cdef int correlate(Correlation* j, const real* weight, Py_ssize_t row_stride, Py_ssize_t channel_stride,
                   Py_ssize_t group_stride, Py_ssize_t kernel_width) except -1:
    cdef Py_ssize_t pixels = j.N * j.P * j.Q
    cdef Py_ssize_t items
    cdef int threads
    j.depth = j.channels * j.row_taps * j.column_taps
    j.row_blocks = (j.rows + TILE_ROWS - 1) // TILE_ROWS
    j.pixel_blocks = (pixels + BLOCK_PANELS * TILE_COLUMNS - 1) // (BLOCK_PANELS * TILE_COLUMNS)
    items = j.groups * j.pixel_blocks
    if items == 0:
        return 0
    threads = team(items, 2.0 * pixels * j.rows * j.groups * (j.depth + 1))
    j.scratch_size = BLOCK_PANELS * TILE_COLUMNS * (DEPTH + j.row_blocks * TILE_ROWS)
    j.packed = NULL
    j.scratch = NULL
    try:
        j.packed = <real*>reals(j.groups * j.row_blocks * TILE_ROWS * j.depth)
        j.scratch = <real*>reals(threads * j.scratch_size)
        with nogil:
            pack_weights(j, weight, row_stride, channel_stride, group_stride, kernel_width)
            run(correlate_block, j, items, threads)
    finally:
        free(j.packed)
        free(j.scratch)
    return 0


cdef void forward_correlation(Correlation* j, const Conv* v, Tap* taps) noexcept nogil:
    """The grid of the outputs over the input; taps holds R + S entries."""
    cdef Py_ssize_t r, s
    j.N, j.groups = v.N, v.groups
    j.channels, j.H, j.W = v.C // v.groups, v.H, v.W
    j.rows, j.dst_H, j.dst_W = v.K // v.groups, v.P, v.Q
    j.P, j.Q = v.P, v.Q
    j.first_row, j.first_column, j.row_step, j.column_step = 0, 0, 1, 1
    j.step_h, j.step_w = v.stride_h, v.stride_w
    j.row_taps, j.column_taps = v.R, v.S
    j.row, j.column = taps, taps + v.R
    for r in range(v.R):
        set_tap(&j.row[r], r * v.dilation_h - v.pad_top, r, v.stride_h, v.H, v.P)
    for s in range(v.S):
        set_tap(&j.column[s], s * v.dilation_w - v.pad_left, s, v.stride_w, v.W, v.Q)


cdef Tap* new_taps(const Conv* v) except NULL:
    cdef Tap* taps = <Tap*>malloc((v.R + v.S) * sizeof(Tap))
    if taps == NULL:
        raise MemoryError(f"no memory for {v.R + v.S} taps")
    return taps


def conv2d(input, weight, bias, output, geometry):
    """output = input correlated with weight, plus bias."""
    cdef Conv v = read_geometry(geometry)
    cdef Correlation j
    cdef Buffers held
    cdef Tap* taps = new_taps(&v)
    cdef const real* w
    held.count = 0
    try:
        forward_correlation(&j, &v, taps)
        j.src = <const real*>pointer(&held, input, READ)
        w = <const real*>pointer(&held, weight, READ)
        j.bias = <const real*>pointer(&held, bias, READ)
        j.dst = <real*>pointer(&held, output, WRITE)
        correlate(&j, w, j.channels * v.R * v.S, v.R * v.S, j.rows * j.channels * v.R * v.S, v.S)
    finally:
        free(taps)
        release(&held)


cdef Py_ssize_t phase_taps(Tap* taps, Py_ssize_t phase, Py_ssize_t kernel, Py_ssize_t stride, Py_ssize_t dilation,
                           Py_ssize_t pad, Py_ssize_t source, Py_ssize_t grid) noexcept nogil:
    """The taps that meet input positions phase, phase + stride, ..."""
    cdef Py_ssize_t r, at, count = 0
    for r in range(kernel):
        at = phase + pad - r * dilation
        if at % stride == 0:                              # also right where `at` is negative
            set_tap(&taps[count], at // stride, r, 1, source, grid)
            count += 1
    return count


def conv2d_grad_input(grad_output, weight, grad_input, geometry):
    """grad_input = the adjoint of conv2d in its input; pixels that no window touched get 0."""
    cdef Conv v = read_geometry(geometry)
    cdef Correlation j
    cdef Buffers held
    cdef Tap* taps = new_taps(&v)
    cdef const real* w
    cdef Py_ssize_t a, b
    held.count = 0
    try:
        j.N, j.groups = v.N, v.groups
        j.channels, j.H, j.W = v.K // v.groups, v.P, v.Q
        j.rows, j.dst_H, j.dst_W = v.C // v.groups, v.H, v.W
        j.row_step, j.column_step = v.stride_h, v.stride_w
        j.step_h, j.step_w = 1, 1
        j.row, j.column = taps, taps + v.R
        j.bias = NULL
        j.src = <const real*>pointer(&held, grad_output, READ)
        w = <const real*>pointer(&held, weight, READ)
        j.dst = <real*>pointer(&held, grad_input, WRITE)
        for a in range(min(v.stride_h, v.H)):
            for b in range(min(v.stride_w, v.W)):
                j.first_row, j.first_column = a, b
                j.P = (v.H - a + v.stride_h - 1) // v.stride_h
                j.Q = (v.W - b + v.stride_w - 1) // v.stride_w
                j.row_taps = phase_taps(j.row, a, v.R, v.stride_h, v.dilation_h, v.pad_top, v.P, j.P)
                j.column_taps = phase_taps(j.column, b, v.S, v.stride_w, v.dilation_w, v.pad_left, v.Q, j.Q)
                correlate(&j, w, v.R * v.S, j.rows * v.R * v.S, j.channels * j.rows * v.R * v.S, v.S)
    finally:
        free(taps)
        release(&held)


cdef struct WeightGradient:
    Correlation image           # the taps, read as in the forward pass
    const real* grad_output
    real* grad_weight
    Py_ssize_t panels           # of TILE_COLUMNS taps, per group


cdef void weight_panel(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef WeightGradient* job = <WeightGradient*>argument
    cdef Correlation* j = &job.image
    cdef Py_ssize_t g = item // job.panels
    cdef Py_ssize_t d0 = item % job.panels * TILE_COLUMNS
    cdef Py_ssize_t width = min(j.depth - d0, TILE_COLUMNS)
    cdef Py_ssize_t area = j.P * j.Q
    cdef real* pixels = j.scratch + thread * j.scratch_size            # DEPTH pixels x TILE_COLUMNS taps
    cdef real* edge = pixels + DEPTH * TILE_COLUMNS                    # TILE_ROWS x DEPTH, for the last rows
    cdef real* c = edge + TILE_ROWS * DEPTH                            # all rows x TILE_COLUMNS
    cdef const real* a
    cdef Py_ssize_t n, chunk, p0, depth, block, i, rows, k, t
    cdef bint first = True
    memset(pixels, 0, DEPTH * TILE_COLUMNS * sizeof(real))
    memset(edge, 0, TILE_ROWS * DEPTH * sizeof(real))
    memset(c, 0, j.row_blocks * TILE_ROWS * TILE_COLUMNS * sizeof(real))
    for n in range(j.N):
        for chunk in range((area + DEPTH - 1) // DEPTH):
            p0 = chunk * DEPTH
            depth = min(area - p0, DEPTH)
            pack_pixels(j, g, n * area + p0, depth, d0, d0 + width, pixels, 1, TILE_COLUMNS)
            for block in range(j.row_blocks):
                rows = min(j.rows - block * TILE_ROWS, TILE_ROWS)
                a = job.grad_output + ((n * j.groups + g) * j.rows + block * TILE_ROWS) * area + p0
                if rows == TILE_ROWS:
                    tile(depth, a, area, 1, pixels, c + block * TILE_ROWS * TILE_COLUMNS, not first)
                else:
                    for i in range(rows):
                        memcpy(edge + i * DEPTH, a + i * area, depth * sizeof(real))
                    tile(depth, edge, DEPTH, 1, pixels, c + block * TILE_ROWS * TILE_COLUMNS, not first)
            first = False
    for k in range(j.rows):
        for t in range(width):
            job.grad_weight[(g * j.rows + k) * j.depth + d0 + t] = c[k * TILE_COLUMNS + t]


def conv2d_grad_weight(grad_output, input, grad_weight, geometry):
    """grad_weight[k, c, r, s] = sum over images and outputs of grad_output times the input it met."""
    cdef Conv v = read_geometry(geometry)
    cdef WeightGradient job
    cdef Correlation* j = &job.image
    cdef Buffers held
    cdef Tap* taps = new_taps(&v)
    cdef Py_ssize_t items
    cdef int threads
    held.count = 0
    j.scratch = NULL
    try:
        forward_correlation(j, &v, taps)
        job.grad_output = <const real*>pointer(&held, grad_output, READ)
        j.src = <const real*>pointer(&held, input, READ)
        job.grad_weight = <real*>pointer(&held, grad_weight, WRITE)
        j.depth = j.channels * v.R * v.S
        j.row_blocks = (j.rows + TILE_ROWS - 1) // TILE_ROWS
        job.panels = (j.depth + TILE_COLUMNS - 1) // TILE_COLUMNS
        items = j.groups * job.panels
        threads = team(items, 2.0 * v.N * v.P * v.Q * v.K * j.depth)
        j.scratch_size = DEPTH * (TILE_COLUMNS + TILE_ROWS) + j.row_blocks * TILE_ROWS * TILE_COLUMNS
        j.scratch = <real*>reals(threads * j.scratch_size)
        with nogil:
            run(weight_panel, &job, items, threads)
    finally:
        free(j.scratch)
        free(taps)
        release(&held)


cdef struct BiasGradient:
    const real* grad_output
    real* grad_bias
    Py_ssize_t N, K, area


cdef void bias_channel(void* argument, Py_ssize_t k, int thread) noexcept nogil:
    """One channel: image after image, four sums side by side in a fixed order."""
    cdef BiasGradient* j = <BiasGradient*>argument
    cdef real total = 0, s0, s1, s2, s3
    cdef const real* line
    cdef Py_ssize_t n, t
    for n in range(j.N):
        line = j.grad_output + (n * j.K + k) * j.area
        s0 = s1 = s2 = s3 = 0
        for t in range(0, j.area - 3, 4):
            s0 += line[t]
            s1 += line[t + 1]
            s2 += line[t + 2]
            s3 += line[t + 3]
        for t in range(j.area - j.area % 4, j.area):
            s0 += line[t]
        total += (s0 + s1) + (s2 + s3)
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
