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
    Py_ssize_t rows, n, count
    Py_ssize_t per_item         # rows in an item, or in a part
    Py_ssize_t blocks           # of columns, where columns are summed
    bint streamed


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


cdef int run_on(Item item, double work, a, b, coefficients, weight, bias, out, first, second) except -1:
    """Run a function of items over the arrays, of which most may be None; work: bytes of float32 for an element."""
    cdef Rows j
    cdef Buffers held
    cdef Py_ssize_t items
    held.count = 0
    try:
        j.a = <const real*>pointer(&held, a, READ)
        j.rows, j.n = last(&held).shape[0], last(&held).shape[1]
        j.b = <const real*>pointer(&held, b, READ)
        j.weight = <const real*>pointer(&held, weight, READ)
        j.bias = <const real*>pointer(&held, bias, READ)
        j.out = <real*>pointer(&held, out, WRITE)
        j.coefficients = <const real*>pointer(&held, coefficients, READ)
        j.count = last(&held).shape[0]
        j.first = <double*>pointer(&held, first, WRITE)
        j.second = <double*>pointer(&held, second, WRITE)
        if item == columns_item:
            items = last(&held).shape[0]
            j.per_item = (j.rows + items - 1) // items
            j.blocks = (j.n + COLUMNS - 1) // COLUMNS
        else:
            j.per_item = max(min(BLOCK // max(j.n, 1), j.rows // LEAST_ITEMS), 1)
            items = (j.rows + j.per_item - 1) // j.per_item
            j.blocks = 1
        j.streamed = (out is not None and j.n >= LEAST_STREAMED * LANES
                      and j.rows * j.n >= STREAM_BYTES // <Py_ssize_t>sizeof(real))
        with nogil:
            run(item, &j, items * j.blocks, team(items * j.blocks, work * j.rows * (j.n + 16)))
    finally:
        release(&held)
    return 0


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
    run_on(moments_item, 6, input, input, input, None, None, None, means, squares)


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
    run_on(products_item, 8, grad_output, input, shifts, weight, None, None, sums, products)


# ---- affine images of rows

cdef struct Coefficients:
    vec shift, scale, offset, factor

ctypedef vec (*Rule)(const Coefficients* k, vec a, vec b, vec weight, vec bias) noexcept nogil


cdef void image_of_short_row(Rule rule, const Coefficients* k, Py_ssize_t n, const real* a, const real* b,
                             const real* weight, const real* bias, real* out) noexcept nogil:
    """n < LANES elements."""
    vec_store_part(out, rule(k, vec_load_part(a, n), vec_load_part(b, n), vec_load_part(weight, n),
                             vec_load_part(bias, n)), n)


cdef inline void image_of_row(Rule rule, const Rows* j, const Coefficients* k, Py_ssize_t row) noexcept nogil:
    """out = rule(a, b) over one row; inlined with its rule, which drops what it does not read.

    The vectors at both ends may overlap others: some elements are computed twice, with the same result.
    """
    cdef const real* a = j.a + row * j.n
    cdef const real* b = j.b + row * j.n
    cdef const real* weight = j.weight if j.weight != NULL else a
    cdef const real* bias = j.bias if j.bias != NULL else a
    cdef real* out = j.out + row * j.n
    cdef Py_ssize_t i = 0
    if j.n < LANES:
        image_of_short_row(rule, k, j.n, a, b, weight, bias, out)
        return
    if j.streamed:
        vec_store(out, rule(k, vec_load(a), vec_load(b), vec_load(weight), vec_load(bias)))
        i = stream_offset(out)
        while i + LANES <= j.n:
            vec_stream(out + i, rule(k, vec_load(a + i), vec_load(b + i), vec_load(weight + i), vec_load(bias + i)))
            i += LANES
    while i < j.n:
        i = min(i, j.n - LANES)
        vec_store(out + i, rule(k, vec_load(a + i), vec_load(b + i), vec_load(weight + i), vec_load(bias + i)))
        i += LANES


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


def normalize_rows(input, coefficients, weight, bias, output):
    """output = scale * (input - shift) + offset, a row (shift, scale, offset) of coefficients; then * weight + bias."""
    run_on(normalize_item, 8, input, input, coefficients, weight, bias, output, None, None)


def normalize_rows_backward(grad_output, input, coefficients, weight, grad_input):
    """grad_input = factor * grad_output * weight + scale * (input - shift) + offset; coefficients end in factor."""
    run_on(normalize_backward_item, 12, grad_output, input, coefficients, weight, None, grad_input, None, None)


# ---- sums of columns

cdef inline void add_wide(double* into, real* sums, Py_ssize_t n) noexcept nogil:
    """Move sums to where they lose no digits."""
    cdef Py_ssize_t i
    for i in range(n):
        into[i] += sums[i]
        sums[i] = 0


cdef void columns_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Rows* j = <const Rows*>argument
    cdef Py_ssize_t part = item // j.blocks, start = item % j.blocks * COLUMNS
    cdef Py_ssize_t width = min(j.n - start, COLUMNS), last_row = min((part + 1) * j.per_item, j.rows), row, i
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
    for row in range(part * j.per_item, last_row):
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
    run_on(columns_item, 8, grad_output, input, coefficients, None, None, None, sums, products)
