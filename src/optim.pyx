"""Optimizer steps on one parameter, in place: sgd (with momentum), adagrad, rmsprop, adam.

    items: blocks of BLOCK elements; one pass, all arrays read and written once
Formulas: docs of fastconv.optim. Scalars are computed in double and rounded once.
"""
from libc.math cimport pow

from ...parallel cimport run, team
from .arrays cimport READ, WRITE, Buffers, last, pointer, release
from .simd cimport real

cdef enum:
    BLOCK = 16384

cdef extern from * nogil:
    """
    #ifdef FASTCONV_DOUBLE
    #define root(x) sqrt(x)
    #else
    #define root(x) sqrtf(x)
    #endif
    """
    real root(real x)


cdef struct Job:
    Py_ssize_t size
    real* param
    const real* grad
    real* a                     # state arrays, or NULL
    real* b
    real* c
    real lr, eps, weight_decay, momentum, keep, beta1, keep1, beta2, keep2, shrink, v_scale
    bint nesterov, first_step, eps_inside_sqrt


cdef inline real denominator(const Job* j, real v) noexcept nogil:
    return root(v + j.eps) if j.eps_inside_sqrt else root(v) + j.eps


cdef void sgd_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Job j = (<Job*>argument)[0]                      # a copy: stores cannot change it, so the loop vectorises
    cdef Py_ssize_t i
    cdef real g
    for i in range(item * BLOCK, min((item + 1) * BLOCK, j.size)):
        g = j.grad[i] + j.weight_decay * j.param[i] if j.weight_decay else j.grad[i]
        if j.a != NULL:
            j.a[i] = g if j.first_step else j.momentum * j.a[i] + j.keep * g
            g = g + j.momentum * j.a[i] if j.nesterov else j.a[i]
        j.param[i] -= j.lr * g


cdef void adagrad_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Job j = (<Job*>argument)[0]                      # a copy: stores cannot change it, so the loop vectorises
    cdef Py_ssize_t i
    cdef real g
    for i in range(item * BLOCK, min((item + 1) * BLOCK, j.size)):
        g = j.grad[i] + j.weight_decay * j.param[i] if j.weight_decay else j.grad[i]
        j.a[i] += g * g
        j.param[i] -= j.lr * g / denominator(&j, j.a[i])


cdef void rmsprop_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Job j = (<Job*>argument)[0]                      # a copy: stores cannot change it, so the loop vectorises
    cdef Py_ssize_t i
    cdef real g, v
    for i in range(item * BLOCK, min((item + 1) * BLOCK, j.size)):
        g = j.grad[i] + j.weight_decay * j.param[i] if j.weight_decay else j.grad[i]
        j.a[i] = j.beta2 * j.a[i] + j.keep2 * g * g
        v = j.a[i]
        if j.b != NULL:                                   # centered
            j.b[i] = j.beta2 * j.b[i] + j.keep2 * g
            v = v - j.b[i] * j.b[i]
            if v < 0:
                v = 0
        g = g / denominator(&j, v)
        if j.c != NULL:
            j.c[i] = j.momentum * j.c[i] + g
            g = j.c[i]
        j.param[i] -= j.lr * g


cdef void adam_block(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Job j = (<Job*>argument)[0]                      # a copy: stores cannot change it, so the loop vectorises
    cdef Py_ssize_t i
    cdef real g, v, p
    for i in range(item * BLOCK, min((item + 1) * BLOCK, j.size)):
        p = j.param[i] * j.shrink                         # decoupled decay; 1 without
        g = j.grad[i] + j.weight_decay * p if j.weight_decay else j.grad[i]
        j.a[i] = j.beta1 * j.a[i] + j.keep1 * g
        j.b[i] = j.beta2 * j.b[i] + j.keep2 * g * g
        v = j.b[i]
        if j.c != NULL:                                   # amsgrad
            if v > j.c[i] or v != v:
                j.c[i] = v
            v = j.c[i]
        j.param[i] = p - j.lr * j.a[i] / denominator(&j, v * j.v_scale)


ctypedef void (*Block)(void* job, Py_ssize_t item, int thread) noexcept nogil


cdef int step_through(Block block, Job* job, param, grad, a, b, c) except -1:
    cdef Buffers held
    cdef Py_ssize_t items
    held.count = 0
    try:
        job.param = <real*>pointer(&held, param, WRITE)
        job.size = last(&held).len // <Py_ssize_t>sizeof(real)
        job.grad = <const real*>pointer(&held, grad, READ)
        job.a = <real*>pointer(&held, a, WRITE)
        job.b = <real*>pointer(&held, b, WRITE)
        job.c = <real*>pointer(&held, c, WRITE)
        items = (job.size + BLOCK - 1) // BLOCK
        with nogil:
            run(block, job, items, team(items, 8.0 * job.size))
    finally:
        release(&held)
    return 0


def sgd(param, grad, momentum_buffer, double lr, double momentum, double dampening, double weight_decay, bint nesterov,
        bint first_step):
    """b = momentum*b + (1-dampening)*g (b = g at the first step); param -= lr * b, or lr * (g + momentum*b)."""
    cdef Job job
    job.lr, job.momentum, job.keep, job.weight_decay = lr, momentum, 1 - dampening, weight_decay
    job.nesterov, job.first_step = nesterov, first_step
    step_through(sgd_block, &job, param, grad, momentum_buffer, None, None)


def adagrad(param, grad, sum, double lr, double weight_decay, double eps, bint eps_inside_sqrt):
    """sum += g^2; param -= lr * g / (sqrt(sum) + eps)."""
    cdef Job job
    job.lr, job.weight_decay, job.eps, job.eps_inside_sqrt = lr, weight_decay, eps, eps_inside_sqrt
    step_through(adagrad_block, &job, param, grad, sum, None, None)


def rmsprop(param, grad, square_avg, grad_avg, momentum_buffer, double lr, double alpha, double eps,
            double weight_decay, double momentum, bint eps_inside_sqrt):
    """v = alpha*v + (1-alpha)*g^2; param -= lr * g / (sqrt(v) + eps), through the momentum buffer if there is one."""
    cdef Job job
    job.lr, job.beta2, job.keep2, job.eps, job.weight_decay = lr, alpha, 1 - alpha, eps, weight_decay
    job.momentum, job.eps_inside_sqrt = momentum, eps_inside_sqrt
    step_through(rmsprop_block, &job, param, grad, square_avg, grad_avg, momentum_buffer)


def adam(param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq, double lr, double beta1, double beta2, double eps,
         double weight_decay, double step, bint decoupled, bint eps_inside_sqrt):
    """m, v = running means of g and g^2; param -= lr * m' / (sqrt(v') + eps), m' and v' corrected for the start."""
    cdef Job job
    job.lr = lr / (1 - pow(beta1, step))
    job.v_scale = 1 / (1 - pow(beta2, step))
    job.beta1, job.keep1, job.beta2, job.keep2 = beta1, 1 - beta1, beta2, 1 - beta2
    job.eps, job.eps_inside_sqrt = eps, eps_inside_sqrt
    job.weight_decay = 0 if decoupled else weight_decay
    job.shrink = 1 - lr * weight_decay if decoupled else 1
    step_through(adam_block, &job, param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq)
