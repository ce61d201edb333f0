"""Rows, their moments and their affine images: what batch, group and layer normalisation are made of.

    row_moments, row_products   items: blocks of rows. A row is cut into runs of RUN elements: a run is summed in real,
                                the rest in double. The second pass over a run finds it in the nearest cache.
    normalize_rows(_backward)   items: blocks of rows; one vector at a time
    column_products             items: parts of the rows x blocks of columns; GROUP rows are summed in real, the rest in
                                double
A row is a channel of an image, or a sample. Coefficients repeat: row r has those of row r % count, as the images of a
batch share those of their channels.
"""
from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .simd cimport (
    LANES, STREAM_BYTES, prefetch, real, stream_end, stream_offset, vec, vec_add, vec_fma, vec_load, vec_load_part,
    vec_mul, vec_set, vec_store, vec_store_part, vec_stream, vec_sub, vec_sum,
)

cdef enum:
    RUN = 512                   # elements that are summed in real: 32 additions in a lane of eight
    BLOCK = 65536               # elements in an item, about
    LEAST_ITEMS = 8
    COLUMNS = 512               # columns that are summed together: their sums stay in the nearest cache
    GROUP = 64                  # rows that are summed in real
    LEAST_STREAMED = 32         # vectors in a row: shorter ones meet in the same lines of the cache too often


cdef struct Rows:
    const real* a               # rows x n: the input, or the gradient of the output
    const real* b               # the input, where a is not
    const real* weight          # n, or NULL
    const real* bias            # n
    const real* coefficients    # count rows
    real* out
    double* first               # of each row: mean, or sum
    double* second              # sum of squares around the mean, or of products
    Py_ssize_t rows, n, count, per_item
    bint streamed


cdef void read_size(Rows* j, const Buffers* held) noexcept nogil:
    """Rows and columns from the array that was read last."""
    j.rows, j.n = last(held).shape[0], last(held).shape[1]
    j.per_item = max(min(BLOCK // max(j.n, 1), j.rows // LEAST_ITEMS), 1)
    j.count = 1


ctypedef void (*Row)(const Rows* j, Py_ssize_t row, Py_ssize_t own) noexcept nogil


cdef inline void each_row(Row row, void* argument, Py_ssize_t item) noexcept nogil:
    cdef const Rows* j = <const Rows*>argument
    cdef Py_ssize_t r = item * j.per_item, own = r % j.count
    for r in range(r, min((item + 1) * j.per_item, j.rows)):
        row(j, r, own)
        own += 1
        if own == j.count:
            own = 0


ctypedef void (*Item)(void* job, Py_ssize_t item, int thread) noexcept nogil


cdef int run_rows(Item item, Rows* j, double work) except -1 nogil:
    """work: bytes of float32 moved for an element."""
    cdef Py_ssize_t items = (j.rows + j.per_item - 1) // j.per_item
    return run(item, j, items, team(items, work * j.rows * (j.n + 16)))


# ---- sums of rows

cdef void moments_of_run(const real* x, Py_ssize_t n, double* mean, double* square) noexcept nogil:
    """Around a rounded mean first; what that is off is in the sum of the differences."""
    cdef Py_ssize_t i = 0
    cdef vec a = vec_set(0), b = vec_set(0), c = vec_set(0), d = vec_set(0), u, v, at
    cdef double total = 0, rest = 0
    cdef real shift
    while i + 2 * LANES <= n:
        a, b = vec_add(a, vec_load(x + i)), vec_add(b, vec_load(x + i + LANES))
        i += 2 * LANES
    while i < n:
        total += x[i]
        i += 1
    shift = <real>((total + vec_sum(vec_add(a, b))) / n)
    at = vec_set(shift)
    a, b, i, total = vec_set(0), vec_set(0), 0, 0
    while i + 2 * LANES <= n:
        prefetch(x + i + RUN)
        u, v = vec_sub(vec_load(x + i), at), vec_sub(vec_load(x + i + LANES), at)
        a, b = vec_add(a, u), vec_add(b, v)
        c, d = vec_fma(u, u, c), vec_fma(v, v, d)
        i += 2 * LANES
    while i < n:
        total += x[i] - shift
        rest += (<double>x[i] - shift) * (<double>x[i] - shift)
        i += 1
    total += vec_sum(vec_add(a, b))
    rest += vec_sum(vec_add(c, d))
    mean[0] = shift + total / n
    square[0] = rest - total * total / n


cdef void moments_of_row(const Rows* j, Py_ssize_t row, Py_ssize_t own) noexcept nogil:
    cdef const real* x = j.a + row * j.n
    cdef Py_ssize_t i = min(j.n, RUN), length
    cdef double mean, square, apart
    moments_of_run(x, i, &j.first[row], &j.second[row])
    while i < j.n:                                      # Chan, Golub and LeVeque, 1983: moments of two parts
        length = min(j.n - i, RUN)
        moments_of_run(x + i, length, &mean, &square)
        apart = mean - j.first[row]
        j.first[row] += apart * length / (i + length)
        j.second[row] += square + apart * apart * i * length / (i + length)
        i += length


cdef void moments_item(void* job, Py_ssize_t item, int thread) noexcept nogil:
    each_row(moments_of_row, job, item)


def row_moments(input, means, squares):
    """means = the mean of each row, squares = its sum of squares around that."""
    cdef Rows job
    cdef Buffers held
    held.count = 0
    try:
        job.a = <const real*>pointer(&held, input, READ)
        read_size(&job, &held)
        job.first = <double*>pointer(&held, means, WRITE)
        job.second = <double*>pointer(&held, squares, WRITE)
        with nogil:
            run_rows(moments_item, &job, 6)
    finally:
        release(&held)


cdef inline vec weighted(const Rows* j, const real* grad, Py_ssize_t i) noexcept nogil:
    return vec_load(grad + i) if j.weight == NULL else vec_mul(vec_load(grad + i), vec_load(j.weight + i))


cdef void products_of_row(const Rows* j, Py_ssize_t row, Py_ssize_t own) noexcept nogil:
    cdef const real* grad = j.a + row * j.n
    cdef const real* x = j.b + row * j.n
    cdef real shift = j.coefficients[own], g
    cdef vec at = vec_set(shift), a, b, c, d, u, v
    cdef Py_ssize_t i = 0, stop
    cdef double total = 0, product = 0
    while i < j.n:
        stop = min(i + RUN, j.n)
        a = b = c = d = vec_set(0)
        while i + 2 * LANES <= stop:
            u, v = weighted(j, grad, i), weighted(j, grad, i + LANES)
            a, b = vec_add(a, u), vec_add(b, v)
            c = vec_fma(u, vec_sub(vec_load(x + i), at), c)
            d = vec_fma(v, vec_sub(vec_load(x + i + LANES), at), d)
            i += 2 * LANES
        total += vec_sum(vec_add(a, b))
        product += vec_sum(vec_add(c, d))
        while i < stop:
            g = grad[i] if j.weight == NULL else grad[i] * j.weight[i]
            total += g
            product += <double>g * (x[i] - shift)
            i += 1
    j.first[row], j.second[row] = total, product


cdef void products_item(void* job, Py_ssize_t item, int thread) noexcept nogil:
    each_row(products_of_row, job, item)


def row_products(grad_output, input, shifts, weight, sums, products):
    """sums = of each row of grad_output * weight, products = of that * (input - the row's shift)."""
    cdef Rows job
    cdef Buffers held
    held.count = 0
    try:
        job.a = <const real*>pointer(&held, grad_output, READ)
        read_size(&job, &held)
        job.b = <const real*>pointer(&held, input, READ)
        job.coefficients = <const real*>pointer(&held, shifts, READ)
        job.count = last(&held).shape[0]
        job.weight = <const real*>pointer(&held, weight, READ)
        job.first = <double*>pointer(&held, sums, WRITE)
        job.second = <double*>pointer(&held, products, WRITE)
        with nogil:
            run_rows(products_item, &job, 8)
    finally:
        release(&held)


# ---- affine images of rows

cdef struct Coefficients:
    vec shift, scale, offset, factor

ctypedef vec (*Rule)(const Coefficients* k, vec a, vec b, vec weight, vec bias) noexcept nogil


cdef inline void image_part(Rule rule, const Coefficients* k, const real* a, const real* b, const real* weight,
                            const real* bias, real* out, Py_ssize_t count) noexcept nogil:
    """count < LANES elements."""
    if count > 0:
        vec_store_part(out, rule(k, vec_load_part(a, count), vec_load_part(b, count), vec_load_part(weight, count),
                                 vec_load_part(bias, count)), count)


cdef inline void image_of_row(Rule rule, const Rows* j, const Coefficients* k, Py_ssize_t row) noexcept nogil:
    """out = rule(a, b) over one row; inlined with its rule, which drops what it does not read."""
    cdef const real* a = j.a + row * j.n
    cdef const real* b = j.b + row * j.n
    cdef const real* weight = j.weight if j.weight != NULL else a
    cdef const real* bias = j.bias if j.bias != NULL else a
    cdef real* out = j.out + row * j.n
    cdef Py_ssize_t i = 0
    if j.streamed:
        i = stream_offset(out)
        image_part(rule, k, a, b, weight, bias, out, i)
        while i + LANES <= j.n:
            vec_stream(out + i, rule(k, vec_load(a + i), vec_load(b + i), vec_load(weight + i), vec_load(bias + i)))
            i += LANES
    while i + LANES <= j.n:
        vec_store(out + i, rule(k, vec_load(a + i), vec_load(b + i), vec_load(weight + i), vec_load(bias + i)))
        i += LANES
    if i < j.n and j.n < LANES:
        image_part(rule, k, a, b, weight, bias, out, j.n)
    elif i < j.n:                                       # the last elements, some of them once more
        i = j.n - LANES
        vec_store(out + i, rule(k, vec_load(a + i), vec_load(b + i), vec_load(weight + i), vec_load(bias + i)))


cdef inline vec plain_rule(const Coefficients* k, vec x, vec unused, vec weight, vec bias) noexcept nogil:
    return vec_fma(vec_sub(x, k.shift), k.scale, k.offset)


cdef inline vec weighted_rule(const Coefficients* k, vec x, vec unused, vec weight, vec bias) noexcept nogil:
    return vec_fma(plain_rule(k, x, x, weight, bias), weight, bias)


cdef inline vec plain_backward_rule(const Coefficients* k, vec grad, vec x, vec weight, vec bias) noexcept nogil:
    return vec_fma(grad, k.factor, plain_rule(k, x, x, weight, bias))


cdef inline vec weighted_backward_rule(const Coefficients* k, vec grad, vec x, vec weight, vec bias) noexcept nogil:
    return plain_backward_rule(k, vec_mul(grad, weight), x, weight, bias)


cdef void normalize_row(const Rows* j, Py_ssize_t row, Py_ssize_t own) noexcept nogil:
    cdef const real* c = j.coefficients + 3 * own
    cdef Coefficients k
    k.shift, k.scale, k.offset = vec_set(c[0]), vec_set(c[1]), vec_set(c[2])
    if j.weight == NULL:
        image_of_row(plain_rule, j, &k, row)
    else:
        image_of_row(weighted_rule, j, &k, row)


cdef void normalize_row_backward(const Rows* j, Py_ssize_t row, Py_ssize_t own) noexcept nogil:
    cdef const real* c = j.coefficients + 4 * own
    cdef Coefficients k
    k.shift, k.scale, k.offset, k.factor = vec_set(c[0]), vec_set(c[1]), vec_set(c[2]), vec_set(c[3])
    if j.weight == NULL:
        image_of_row(plain_backward_rule, j, &k, row)
    else:
        image_of_row(weighted_backward_rule, j, &k, row)


cdef void normalize_item(void* job, Py_ssize_t item, int thread) noexcept nogil:
    each_row(normalize_row, job, item)
    stream_end()


cdef void normalize_backward_item(void* job, Py_ssize_t item, int thread) noexcept nogil:
    each_row(normalize_row_backward, job, item)
    stream_end()


cdef int images(Item item, double work, a, b, coefficients, weight, bias, out) except -1:
    cdef Rows job
    cdef Buffers held
    held.count = 0
    try:
        job.a = <const real*>pointer(&held, a, READ)
        read_size(&job, &held)
        job.b = <const real*>pointer(&held, b, READ)
        job.coefficients = <const real*>pointer(&held, coefficients, READ)
        job.count = last(&held).shape[0]
        job.weight = <const real*>pointer(&held, weight, READ)
        job.bias = <const real*>pointer(&held, bias, READ)
        job.out = <real*>pointer(&held, out, WRITE)
        job.streamed = last(&held).len >= STREAM_BYTES and job.n >= LEAST_STREAMED * LANES
        with nogil:
            run_rows(item, &job, work)
    finally:
        release(&held)
    return 0


def normalize_rows(input, coefficients, weight, bias, output):
    """output = scale * (input - shift) + offset, a row (shift, scale, offset) of coefficients; then * weight + bias."""
    images(normalize_item, 8, input, input, coefficients, weight, bias, output)


def normalize_rows_backward(grad_output, input, coefficients, weight, grad_input):
    """grad_input = factor * grad_output * weight + scale * (input - shift) + offset; coefficients end in factor."""
    images(normalize_backward_item, 12, grad_output, input, coefficients, weight, None, grad_input)


# ---- sums of columns

cdef struct Columns:
    Rows rows
    Py_ssize_t blocks           # of columns
    Py_ssize_t per_part         # rows


cdef inline void add_wide(double* into, real* sums, Py_ssize_t n) noexcept nogil:
    """Move sums to where they lose no digits."""
    cdef Py_ssize_t i
    for i in range(n):
        into[i] += sums[i]
        sums[i] = 0


cdef void columns_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Columns* job = <const Columns*>argument
    cdef const Rows* j = &job.rows
    cdef Py_ssize_t part = item // job.blocks, start = item % job.blocks * COLUMNS
    cdef Py_ssize_t width = min(j.n - start, COLUMNS), last_row = min((part + 1) * job.per_part, j.rows), row, i
    cdef double* total = j.first + part * j.n + start
    cdef double* product = j.second + part * j.n + start
    cdef real a[COLUMNS]
    cdef real b[COLUMNS]
    cdef vec shift, scale, g
    cdef const real* grad
    cdef const real* x
    cdef const real* k
    for i in range(width):
        total[i] = product[i] = a[i] = b[i] = 0
    for row in range(part * job.per_part, last_row):
        grad, x, k = j.a + row * j.n + start, j.b + row * j.n + start, j.coefficients + 2 * row
        shift, scale = vec_set(k[0]), vec_set(k[1])
        i = 0
        while i + LANES <= width:
            g = vec_load(grad + i)
            vec_store(a + i, vec_add(vec_load(a + i), g))
            vec_store(b + i, vec_fma(g, vec_mul(vec_sub(vec_load(x + i), shift), scale), vec_load(b + i)))
            i += LANES
        while i < width:
            a[i] += grad[i]
            b[i] += grad[i] * ((x[i] - k[0]) * k[1])
            i += 1
        if row % GROUP == GROUP - 1 or row == last_row - 1:
            add_wide(total, a, width)
            add_wide(product, b, width)


def column_products(grad_output, input, coefficients, sums, products):
    """Rows are dealt to len(sums) parts, in order; coefficients are (shift, scale) of each row.

    sums = of each column of grad_output, products = of that * scale * (input - shift), in each part.
    """
    cdef Columns job
    cdef Buffers held
    cdef Py_ssize_t parts
    held.count = 0
    try:
        job.rows.a = <const real*>pointer(&held, grad_output, READ)
        read_size(&job.rows, &held)
        job.rows.b = <const real*>pointer(&held, input, READ)
        job.rows.coefficients = <const real*>pointer(&held, coefficients, READ)
        job.rows.first = <double*>pointer(&held, sums, WRITE)
        job.rows.second = <double*>pointer(&held, products, WRITE)
        parts = last(&held).shape[0]
        job.per_part = (job.rows.rows + parts - 1) // parts
        job.blocks = (job.rows.n + COLUMNS - 1) // COLUMNS
        with nogil:
            run(columns_item, &job, parts * job.blocks, team(parts * job.blocks, 8.0 * job.rows.rows * job.rows.n))
    finally:
        release(&held)
