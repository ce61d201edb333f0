"""One step of an optimizer on many parameters, in place: sgd (with momentum), adagrad, rmsprop, adam.

    items: spans of up to BLOCK elements of one parameter
        vectors: parameter, gradient and state come into registers, are changed by a rule, and go back
All parameters of a call make one parallel region, and nothing is changed before every array is at hand. The last
elements of a span go through the same loop in a vector of their own.
Formulas: docs of fastconv.optim. Scalars are computed in double and rounded once.
"""
from cpython.buffer cimport PyBuffer_Release, PyObject_GetBuffer
from libc.math cimport pow
from libc.stdlib cimport free
from libc.string cimport memset

from ...parallel cimport run, team
from .arrays cimport READ, WRITE
from .simd cimport (
    LANES, mask_or, real, vec, vec_add, vec_div, vec_fma, vec_is_nan, vec_load, vec_load_part, vec_lt, vec_mul,
    vec_select, vec_set, vec_sqrt, vec_store, vec_store_part, vec_sub,
)
from .workspace cimport memory

cdef enum:
    BLOCK = 4096
    ROLES = 5                   # parameter, gradient, three state arrays
    PLAIN = 8                   # work for each element, as `team` counts it
    ROOT = 24                   # the same with a square root and a division: 0.6 ns


cdef struct Span:
    Py_ssize_t size
    real* param
    const real* grad
    real* a                     # state arrays, or NULL
    real* b
    real* c


cdef struct Lanes:
    vec p                       # parameter
    vec g                       # gradient
    vec a
    vec b
    vec c


ctypedef void (*Loop)(const void* job, const Span* span) noexcept nogil     # job: a Job


cdef struct Job:
    const Span* spans
    Loop loop
    real lr, eps, weight_decay, momentum, keep, beta1, keep1, beta2, keep2, shrink, v_scale
    bint nesterov, first_step, eps_inside_sqrt
    bint with_a, with_b, with_c

ctypedef void (*Rule)(const Job* j, Lanes* x) noexcept nogil


cdef inline void apply(Rule rule, const Job* job, const Span* span) noexcept nogil:
    """Whole vectors of a span; inlined with its rule."""
    cdef Job j = job[0]                                   # copies: stores cannot change them
    cdef Span s = span[0]
    cdef Lanes x
    cdef vec zero = vec_set(0)
    cdef Py_ssize_t i = 0
    while i < s.size:
        x.p, x.g, x.a, x.b, x.c = vec_load(s.param + i), vec_load(s.grad + i), zero, zero, zero
        if j.with_a:
            x.a = vec_load(s.a + i)
        if j.with_b:
            x.b = vec_load(s.b + i)
        if j.with_c:
            x.c = vec_load(s.c + i)
        rule(&j, &x)
        vec_store(s.param + i, x.p)
        if j.with_a:
            vec_store(s.a + i, x.a)
        if j.with_b:
            vec_store(s.b + i, x.b)
        if j.with_c:
            vec_store(s.c + i, x.c)
        i += LANES


cdef inline vec decayed(const Job* j, const Lanes* x) noexcept nogil:
    """The gradient of the loss with weight decay."""
    return vec_fma(vec_set(j.weight_decay), x.p, x.g) if j.weight_decay else x.g


cdef inline vec average(real beta, vec old, real keep, vec new) noexcept nogil:
    """beta * old + keep * new, where the first product is not rounded."""
    cdef vec first = vec_mul(vec_set(beta), old)
    return vec_add(first, vec_mul(vec_set(keep), new))


cdef inline vec descended(vec p, real lr, vec g) noexcept nogil:
    return vec_fma(vec_set(-lr), g, p)


cdef inline vec denominator(const Job* j, vec v) noexcept nogil:
    """sqrt(v') + eps or sqrt(v' + eps), v' = v * v_scale."""
    if j.eps_inside_sqrt:
        return vec_sqrt(vec_fma(v, vec_set(j.v_scale), vec_set(j.eps)))
    return vec_add(vec_sqrt(vec_mul(v, vec_set(j.v_scale))), vec_set(j.eps))


cdef inline void sgd_rule(const Job* j, Lanes* x) noexcept nogil:
    cdef vec g = decayed(j, x)
    if j.with_a:
        x.a = g if j.first_step else average(j.momentum, x.a, j.keep, g)
        g = vec_fma(vec_set(j.momentum), x.a, g) if j.nesterov else x.a
    x.p = descended(x.p, j.lr, g)


cdef inline void adagrad_rule(const Job* j, Lanes* x) noexcept nogil:
    cdef vec g = decayed(j, x)
    x.a = vec_fma(g, g, x.a)
    x.p = vec_sub(x.p, vec_div(vec_mul(vec_set(j.lr), g), denominator(j, x.a)))


cdef inline void rmsprop_rule(const Job* j, Lanes* x) noexcept nogil:
    cdef vec g = decayed(j, x)
    cdef vec zero = vec_set(0)
    cdef vec first = vec_mul(vec_set(j.beta2), x.a)
    cdef vec v = vec_add(first, vec_mul(vec_mul(vec_set(j.keep2), g), g))
    x.a = v
    if j.with_b:                                          # centered
        x.b = average(j.beta2, x.b, j.keep2, g)
        v = vec_sub(v, vec_mul(x.b, x.b))
        v = vec_select(vec_lt(v, zero), zero, v)
    g = vec_div(g, denominator(j, v))
    if j.with_c:
        x.c = vec_fma(vec_set(j.momentum), x.c, g)
        g = x.c
    x.p = descended(x.p, j.lr, g)


cdef inline void adam_rule(const Job* j, Lanes* x) noexcept nogil:
    cdef vec g, v, first
    x.p = vec_mul(x.p, vec_set(j.shrink))                 # decoupled decay; 1 without
    g = decayed(j, x)
    x.a = average(j.beta1, x.a, j.keep1, g)
    first = vec_mul(vec_set(j.beta2), x.b)
    v = vec_add(first, vec_mul(vec_mul(vec_set(j.keep2), g), g))
    x.b = v
    if j.with_c:                                          # amsgrad
        x.c = vec_select(mask_or(vec_lt(x.c, v), vec_is_nan(v)), v, x.c)
        v = x.c
    x.p = vec_sub(x.p, vec_div(vec_mul(vec_set(j.lr), x.a), denominator(j, v)))


cdef void sgd_loop(const void* job, const Span* span) noexcept nogil:
    apply(sgd_rule, <const Job*>job, span)


cdef void adagrad_loop(const void* job, const Span* span) noexcept nogil:
    apply(adagrad_rule, <const Job*>job, span)


cdef void rmsprop_loop(const void* job, const Span* span) noexcept nogil:
    apply(rmsprop_rule, <const Job*>job, span)


cdef void adam_loop(const void* job, const Span* span) noexcept nogil:
    apply(adam_rule, <const Job*>job, span)


cdef void update(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    """One span: its whole vectors in place, the rest in a vector of its own."""
    cdef const Job* job = <const Job*>argument
    cdef Span whole = job.spans[item]
    cdef Py_ssize_t rest = whole.size % LANES, start = whole.size - rest, k
    cdef real lanes[ROLES][LANES]
    cdef real* ends[ROLES]
    cdef Span last
    whole.size = start
    job.loop(job, &whole)
    if rest:
        ends[0], ends[1], ends[2], ends[3], ends[4] = whole.param, <real*>whole.grad, whole.a, whole.b, whole.c
        for k in range(ROLES):
            if ends[k] != NULL:
                vec_store(lanes[k], vec_load_part(ends[k] + start, rest))
        last.size = LANES
        last.param, last.grad, last.a, last.b, last.c = lanes[0], lanes[1], lanes[2], lanes[3], lanes[4]
        job.loop(job, &last)
        for k in range(ROLES):
            if ends[k] != NULL and k != 1:
                vec_store_part(ends[k] + start, vec_load(lanes[k]), rest)


cdef inline real* at(const Py_buffer* view, Py_ssize_t start) noexcept nogil:
    return NULL if view.buf == NULL else <real*>view.buf + start


cdef inline Py_ssize_t spans_of(const Py_buffer* view) noexcept nogil:
    return (view.len // <Py_ssize_t>sizeof(real) + BLOCK - 1) // BLOCK


cdef int step_through(Loop loop, double work, Job* job, tuple arrays) except -1:
    """Run `loop` on all spans; `arrays` has a list for each role, or None for a state that does not exist."""
    cdef Py_ssize_t count = len(arrays[0]), items = 0, reals = 0, i, k, start, size
    cdef Py_buffer* views = <Py_buffer*>memory(count * ROLES * sizeof(Py_buffer))
    cdef Py_buffer* v
    cdef Span* spans = NULL
    memset(views, 0, count * ROLES * sizeof(Py_buffer))   # what was never acquired may be released
    try:
        for k in range(ROLES):
            array = arrays[k]
            if array is not None:
                for i in range(count):
                    PyObject_GetBuffer(array[i], &views[i * ROLES + k], READ if k == 1 else WRITE)
        for i in range(count):
            items += spans_of(&views[i * ROLES])
        spans = <Span*>memory(items * sizeof(Span))
        items = 0
        for i in range(count):
            v = &views[i * ROLES]
            size = v.len // <Py_ssize_t>sizeof(real)
            reals += size
            for start in range(0, size, BLOCK):
                spans[items].size = min(<Py_ssize_t>BLOCK, size - start)
                spans[items].param, spans[items].grad = at(v, start), at(v + 1, start)
                spans[items].a, spans[items].b, spans[items].c = at(v + 2, start), at(v + 3, start), at(v + 4, start)
                items += 1
        job.spans, job.loop = spans, loop
        job.with_a, job.with_b, job.with_c = arrays[2] is not None, arrays[3] is not None, arrays[4] is not None
        with nogil:
            run(update, job, items, team(items, work * reals))
    finally:
        for i in range(count * ROLES):
            PyBuffer_Release(&views[i])
        free(views)
        free(spans)
    return 0


def sgd(params, grads, momentum_buffers, double lr, double momentum, double dampening, double weight_decay,
        bint nesterov, bint first_step):
    """b = momentum*b + (1-dampening)*g (b = g at the first step); param -= lr * b, or lr * (g + momentum*b)."""
    cdef Job job
    job.lr, job.momentum, job.keep, job.weight_decay = lr, momentum, 1 - dampening, weight_decay
    job.nesterov, job.first_step = nesterov, first_step
    step_through(sgd_loop, PLAIN, &job, (params, grads, momentum_buffers, None, None))


def adagrad(params, grads, sums, double lr, double weight_decay, double eps, bint eps_inside_sqrt):
    """sum += g^2; param -= lr * g / (sqrt(sum) + eps)."""
    cdef Job job
    job.lr, job.weight_decay, job.eps, job.eps_inside_sqrt = lr, weight_decay, eps, eps_inside_sqrt
    job.v_scale = 1
    step_through(adagrad_loop, ROOT, &job, (params, grads, sums, None, None))


def rmsprop(params, grads, square_avgs, grad_avgs, momentum_buffers, double lr, double alpha, double eps,
            double weight_decay, double momentum, bint eps_inside_sqrt):
    """v = alpha*v + (1-alpha)*g^2; param -= lr * g / (sqrt(v) + eps), through the momentum buffer if there is one."""
    cdef Job job
    job.lr, job.beta2, job.keep2, job.eps, job.weight_decay = lr, alpha, 1 - alpha, eps, weight_decay
    job.momentum, job.eps_inside_sqrt, job.v_scale = momentum, eps_inside_sqrt, 1
    step_through(rmsprop_loop, ROOT, &job, (params, grads, square_avgs, grad_avgs, momentum_buffers))


def adam(params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs, double lr, double beta1, double beta2, double eps,
         double weight_decay, double step, bint decoupled, bint eps_inside_sqrt):
    """m, v = running means of g and g^2; param -= lr * m' / (sqrt(v') + eps), m' and v' corrected for the start."""
    cdef Job job
    job.lr = lr / (1 - pow(beta1, step))
    job.v_scale = 1 / (1 - pow(beta2, step))
    job.beta1, job.keep1, job.beta2, job.keep2 = beta1, 1 - beta1, beta2, 1 - beta2
    job.eps, job.eps_inside_sqrt = eps, eps_inside_sqrt
    job.weight_decay = 0 if decoupled else weight_decay
    job.shrink = 1 - lr * weight_decay if decoupled else 1
    step_through(adam_loop, ROOT, &job, (params, grads, exp_avgs, exp_avg_sqs, max_exp_avg_sqs))
