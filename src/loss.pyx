"""Softmax (softmax.pxd), and losses together with their gradients.

Softmax cross-entropy:
    the targets are checked and counted first, before anything is written
    items: blocks of BLOCK rows (one row: the C logits of one sample or pixel)
    for each row:     largest logit, then sum of exp, then loss and gradient
    the losses are summed last, row after row
Binary cross-entropy with logits, and losses of a difference:
    items: blocks of BLOCK or DIFFERENCES elements
Sums are taken in double, class after class.
"""
from libc.math cimport exp, fabs, log, log1p
from libc.stdint cimport int64_t

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .simd cimport real
from .softmax cimport RUN, Softmax, runs_of, softmax_backward_run, softmax_run

cdef enum:
    BLOCK = 64
    DIFFERENCES = 8192
    SOFTMAX_ITEM = 8192         # elements, at least, of an item of softmax


cdef struct CrossEntropy:
    Py_ssize_t outer, C, inner
    const real* logits
    const int64_t* ids          # class ids, or NULL
    const real* targets         # probabilities, or NULL
    const real* weight          # per class, or NULL
    real* losses
    real* grad                  # or NULL
    int64_t ignore_index
    double smoothing, factor
    bint mean
    double counted              # rows that count, or the sum of their weights: what a mean divides by
    double scale                # of gradients
    double loss                 # of all rows
    Py_ssize_t wrong            # the first row whose class does not exist, or -1


cdef void look_at_targets(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """Check the class ids; find out what counts."""
    cdef CrossEntropy* j = <CrossEntropy*>argument
    cdef Py_ssize_t row, rows = j.outer * j.inner, samples = 0
    cdef int64_t label
    j.counted, j.wrong = 0, -1
    for row in range(rows if j.ids != NULL else 0):
        label = j.ids[row]
        if label != j.ignore_index:
            if not 0 <= label < j.C:
                j.wrong = row
                return
            samples += 1
            if j.weight != NULL:
                j.counted += j.weight[label]
    if j.ids == NULL:
        samples = rows
    if j.ids == NULL or j.weight == NULL:
        j.counted = samples
    j.scale = j.factor * (1 / j.counted if j.mean else 1) if samples else 0


cdef void add_losses(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef CrossEntropy* j = <CrossEntropy*>argument
    cdef Py_ssize_t row
    j.loss = 0
    for row in range(j.outer * j.inner):
        j.loss += j.losses[row]
    if j.mean:
        j.loss /= j.counted


cdef inline double class_share(const CrossEntropy* j, Py_ssize_t c, double target) noexcept nogil:
    """q_c: the target of class c, smoothed and weighted. A class that no id asks for has no weight either."""
    cdef double q = (1 - j.smoothing) * target + j.smoothing / j.C
    if j.weight == NULL or (q == 0 and j.ids != NULL):
        return q
    return q * j.weight[c]


cdef void softmax_row(const CrossEntropy* j, Py_ssize_t row) noexcept nogil:
    cdef Py_ssize_t o = row // j.inner, i = row % j.inner, c, at
    cdef Py_ssize_t base = o * j.C * j.inner + i
    cdef int64_t label = j.ids[row] if j.ids != NULL else -1
    cdef double top, total = 0, lse, loss = 0, q_sum = 0, q, target
    cdef double z
    if j.ids != NULL and label == j.ignore_index:
        j.losses[row] = 0
        if j.grad != NULL:
            for c in range(j.C):
                j.grad[base + c * j.inner] = 0
        return
    top = j.logits[base] if j.C else 0
    for c in range(1, j.C):
        z = j.logits[base + c * j.inner]
        if z > top or z != z:
            top = z
    for c in range(j.C):
        total += exp(j.logits[base + c * j.inner] - top)
    lse = top + log(total)
    for c in range(j.C):
        at = base + c * j.inner
        target = (1 if c == label else 0) if j.ids != NULL else j.targets[at]
        q = class_share(j, c, target)
        q_sum += q
        if q != 0 or j.ids == NULL:                      # a logit of -inf is no loss for a class that is not asked for
            loss += q * (lse - j.logits[at])
    j.losses[row] = <real>loss
    if j.grad != NULL:
        for c in range(j.C):
            at = base + c * j.inner
            target = (1 if c == label else 0) if j.ids != NULL else j.targets[at]
            j.grad[at] = <real>(j.scale * (exp(j.logits[at] - top) / total * q_sum - class_share(j, c, target)))


cdef void softmax_rows(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const CrossEntropy* j = <const CrossEntropy*>argument
    cdef Py_ssize_t row
    for row in range(item * BLOCK, min((item + 1) * BLOCK, j.outer * j.inner)):
        softmax_row(j, row)


def softmax_cross_entropy(logits, target, weight, losses, grad_logits, int64_t ignore_index, double label_smoothing,
                          double factor, bint mean):
    """losses = sum_c q_c * (lse - z_c); grad_logits = factor * (softmax * sum q - q). See docs/design.md for q.

    Returns the sum of the losses and -1; with `mean`, gradients and the sum are divided by how many rows count. If a
    class id does not exist, nothing is written, and the second is its row.
    """
    cdef CrossEntropy job
    cdef Buffers held
    cdef Py_ssize_t rows, items
    held.count = 0
    try:
        job.logits = <const real*>pointer(&held, logits, READ)
        job.outer, job.C, job.inner = last(&held).shape[0], last(&held).shape[1], last(&held).shape[2]
        job.ids, job.targets, job.loss = NULL, NULL, 0
        if target.ndim == 2:
            job.ids = <const int64_t*>pointer(&held, target, READ)
        else:
            job.targets = <const real*>pointer(&held, target, READ)
        job.weight = <const real*>pointer(&held, weight, READ)
        job.losses = <real*>pointer(&held, losses, WRITE)
        job.grad = <real*>pointer(&held, grad_logits, WRITE)
        job.ignore_index, job.smoothing, job.factor, job.mean = ignore_index, label_smoothing, factor, mean
        rows = job.outer * job.inner
        items = (rows + BLOCK - 1) // BLOCK
        with nogil:
            run(look_at_targets, &job, 1, 1)
            if job.wrong < 0:
                run(softmax_rows, &job, items, team(items, 40.0 * rows * job.C))
                run(add_losses, &job, 1, 1)
    finally:
        release(&held)
    return job.loss, job.wrong


cdef struct Binary:
    Py_ssize_t size
    const real* logits
    const real* target
    const real* weight
    const real* pos_weight
    real* losses
    real* grad
    double scale


cdef void binary_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const Binary* j = <const Binary*>argument
    cdef Py_ssize_t i
    cdef double z, no, yes, e, large, small
    for i in range(item * BLOCK, min((item + 1) * BLOCK, j.size)):
        z, no, yes = j.logits[i], 1 - j.target[i], j.target[i]
        if j.pos_weight != NULL:
            yes *= j.pos_weight[i]
        if j.weight != NULL:
            no, yes = no * j.weight[i], yes * j.weight[i]
        if z < 0:                                           # from here on |z|: one answer is the mirror of the other
            no, yes = yes, no
        e = exp(-fabs(z))
        j.losses[i] = <real>(no * (fabs(z) + log1p(e)) + yes * log1p(e))
        if j.grad != NULL:
            large, small = 1 / (1 + e), e / (1 + e)         # the sigmoids of |z| and of -|z|
            j.grad[i] = <real>((j.scale if z >= 0 else -j.scale) * (no * large - yes * small))


def binary_cross_entropy_with_logits(logits, target, weight, pos_weight, losses, grad_logits, double scale):
    """losses = weight * ((1-t) * softplus(z) + pos_weight*t * softplus(-z)), and scale * its gradient."""
    cdef Binary job
    cdef Buffers held
    cdef Py_ssize_t items
    held.count = 0
    try:
        job.logits = <const real*>pointer(&held, logits, READ)
        job.size = last(&held).len // <Py_ssize_t>sizeof(real)
        job.target = <const real*>pointer(&held, target, READ)
        job.weight = <const real*>pointer(&held, weight, READ)
        job.pos_weight = <const real*>pointer(&held, pos_weight, READ)
        job.losses = <real*>pointer(&held, losses, WRITE)
        job.grad = <real*>pointer(&held, grad_logits, WRITE)
        job.scale = scale
        items = (job.size + BLOCK - 1) // BLOCK
        with nogil:
            run(binary_block, &job, items, team(items, 60.0 * job.size))
    finally:
        release(&held)


cdef struct Difference:
    Py_ssize_t size
    const real* input
    const real* target
    real* losses                # or NULL
    real* grad                  # or NULL
    double limit, quadratic, linear, offset, scale


cdef void difference_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Difference j = (<const Difference*>argument)[0]
    cdef Py_ssize_t i, start = item * DIFFERENCES, stop = min((item + 1) * DIFFERENCES, j.size)
    cdef double d, far
    if j.losses != NULL:
        for i in range(start, stop):
            d = fabs(<double>j.input[i] - j.target[i])
            far = (d - j.offset) * j.linear
            j.losses[i] = <real>(d * d * j.quadratic if d <= j.limit else far)
    if j.grad != NULL:
        for i in range(start, stop):
            d = <double>j.input[i] - j.target[i]
            far = (j.linear if d > 0 else -j.linear) + (d - d if d != d else 0)          # NaN stays
            j.grad[i] = <real>(j.scale * (2 * j.quadratic * d if fabs(d) <= j.limit else far))


def difference_loss(input, target, losses, grad_input, double limit, double quadratic, double linear, double offset,
                    double scale):
    """d = input - target: losses = quadratic d^2 if |d| <= limit else linear (|d| - offset); scale * its gradient."""
    cdef Difference job
    cdef Buffers held
    cdef Py_ssize_t items
    held.count = 0
    try:
        job.input = <const real*>pointer(&held, input, READ)
        job.size = last(&held).len // <Py_ssize_t>sizeof(real)
        job.target = <const real*>pointer(&held, target, READ)
        job.losses = <real*>pointer(&held, losses, WRITE)
        job.grad = <real*>pointer(&held, grad_input, WRITE)
        job.limit, job.quadratic, job.linear, job.offset, job.scale = limit, quadratic, linear, offset, scale
        items = (job.size + DIFFERENCES - 1) // DIFFERENCES
        with nogil:
            run(difference_block, &job, items, team(items, 16.0 * job.size))
    finally:
        release(&held)


cdef struct SoftmaxItems:
    Softmax softmax
    Py_ssize_t runs, in_item
    bint backward


cdef void softmax_item(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef const SoftmaxItems* j = <const SoftmaxItems*>argument
    cdef Py_ssize_t number
    for number in range(item * j.in_item, min((item + 1) * j.in_item, j.runs)):
        if j.backward:
            softmax_backward_run(&j.softmax, number)
        else:
            softmax_run(&j.softmax, number)


cdef int all_runs(a, y, out, bint logarithm, bint backward) except -1:
    cdef SoftmaxItems job
    cdef Softmax* s = &job.softmax
    cdef Buffers held
    cdef Py_ssize_t items
    held.count = 0
    try:
        s.a = <const real*>pointer(&held, a, READ)
        s.outer, s.C, s.inner = last(&held).shape[0], last(&held).shape[1], last(&held).shape[2]
        s.y = <const real*>pointer(&held, y, READ)
        s.out = <real*>pointer(&held, out, WRITE)
        s.logarithm, job.backward = logarithm, backward
        job.runs = runs_of(s) if s.C else 0
        job.in_item = SOFTMAX_ITEM // max(s.C * min(s.inner, RUN), 1) + 1
        items = (job.runs + job.in_item - 1) // job.in_item
        with nogil:
            run(softmax_item, &job, items, team(items, 24.0 * s.outer * s.C * s.inner))
    finally:
        release(&held)
    return 0


def softmax(input, output, bint logarithm):
    """output = exp(input) / sum of exp over axis 1 of (outer, C, inner), or its logarithm."""
    all_runs(input, None, output, logarithm, False)


def softmax_backward(grad_output, output, grad_input, bint logarithm):
    """grad_input = y * (grad - sum of grad * y), or grad - exp(y) * sum of grad, over axis 1."""
    all_runs(grad_output, output, grad_input, logarithm, True)
