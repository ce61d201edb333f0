"""What activations do to one vector, and their gradients to two.

A rule maps (a, b) to a result: forward a is the input, and b is not used; backward a is the gradient of the output,
and b the output (relu, sigmoid, tanh) or the input (the others). `at` holds the parameters of the activation.

    silu and gelu_tanh are x * sigmoid(v) with v = x and v = 2 sqrt(2/pi) (x + 0.044715 x^3). With e = exp(-|v|) that is
        x / (1 + e) for x >= 0,     x * e / (1 + e) for x < 0,
    and with p = 1 / (1 + e) and w = |x| dv/dx their derivatives are
        p * (1 + w * e * p),        e * p * (1 - w * p).
    gelu is x * Phi(x) with Phi(-a) = 1 - Phi(a) = density * ratio, see elementary.pxd; its derivative is t for x < 0
    and 1 - t for x >= 0, with t = density * (ratio - |x| / sqrt(2 pi)).
Where a factor may be far below 1, the exponential is scaled and only the result is scaled back: it is rounded to a
subnormal number once. Magnitudes are limited where a result has become that of infinity, so that 0 is not multiplied
by infinity; infinity itself gives what it does in torch, which is NaN where it stands next to a vanishing factor.
Largest errors of 2000 numbers between -760 and 40, in units in the last place: elu 1.4, silu 2.4, softplus 2.1, gelu
4.4, hardswish 1.7, gelu_tanh 1 + 2 |v|, whose exponential enlarges the rounding of its argument. Derivatives cross 0:
their errors are below 1.4 eps of the larger of 1 and |x|.
"""
from .elementary cimport (
    EXP_LOWEST, EXP_SCALE, EXP_UNSCALE, TAIL_LAST, Tail, normal_tail, vec_exp_scaled, vec_expm1, vec_log1p,
)
from .simd cimport (
    mask, mask_and, mask_or, real, vec, vec_abs, vec_add, vec_div, vec_eq, vec_fma, vec_lt, vec_max, vec_mul,
    vec_select, vec_set, vec_sub,
)

cdef extern from * nogil:
    """
    #define GELU_LAST ((real)(sizeof(real) == 8 ? 24 : 16))     /* where v > -EXP_LOWEST */
    """
    const real GELU_LAST


cdef struct Parameters:
    real first, second

ctypedef vec (*Rule)(vec a, vec b, const Parameters* at) noexcept nogil


cdef inline vec vec_least(vec a, vec b) noexcept nogil:
    """The smaller one; a where either is NaN."""
    return vec_select(vec_lt(b, a), b, a)


cdef inline vec relu_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    return vec_select(vec_lt(x, vec_set(0)), vec_set(0), x)              # NaN < 0 is false: NaN stays


cdef inline vec relu_backward_rule(vec grad, vec y, const Parameters* at) noexcept nogil:
    return vec_select(mask_or(vec_lt(y, vec_set(0)), vec_eq(y, vec_set(0))), vec_set(0), grad)     # NaN lets it through


cdef inline vec sigmoid_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    """e / (1 + e) or 1 / (1 + e), e = exp(-|x|), both scaled: only the quotient may be subnormal."""
    cdef vec e = vec_exp_scaled(vec_sub(vec_set(0), vec_abs(x)))         # never overflows
    return vec_div(vec_select(vec_lt(x, vec_set(0)), e, vec_set(EXP_SCALE)), vec_add(vec_set(EXP_SCALE), e))


cdef inline vec sigmoid_backward_rule(vec grad, vec y, const Parameters* at) noexcept nogil:
    return vec_mul(vec_mul(grad, vec_sub(vec_set(1), y)), y)


cdef inline vec tanh_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    cdef vec m = vec_expm1(vec_mul(vec_set(-2), vec_abs(x)))             # tanh|x| = -m / (2 + m)
    cdef vec t = vec_div(m, vec_add(vec_set(2), m))
    return vec_select(vec_lt(x, vec_set(0)), t, vec_sub(vec_set(0), t))


cdef inline vec tanh_backward_rule(vec grad, vec y, const Parameters* at) noexcept nogil:
    return vec_mul(grad, vec_fma(vec_sub(vec_set(0), y), y, vec_set(1)))


cdef inline vec leaky_relu_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    return vec_select(vec_lt(vec_set(0), x), x, vec_mul(x, vec_set(at.first)))


cdef inline vec leaky_relu_backward_rule(vec grad, vec x, const Parameters* at) noexcept nogil:
    return vec_select(vec_lt(vec_set(0), x), grad, vec_mul(grad, vec_set(at.first)))


cdef inline vec elu_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    cdef mask positive = vec_lt(vec_set(0), x)
    cdef vec m = vec_expm1(vec_select(positive, vec_set(0), x))
    return vec_select(positive, x, vec_mul(vec_set(at.first), m))


cdef inline vec elu_backward_rule(vec grad, vec x, const Parameters* at) noexcept nogil:
    cdef mask positive = vec_lt(vec_set(0), x)
    cdef vec e = vec_exp_scaled(vec_select(positive, vec_set(0), x))
    cdef vec slope = vec_mul(vec_mul(e, vec_set(EXP_UNSCALE)), vec_set(at.first))
    return vec_mul(grad, vec_select(positive, vec_set(1), slope))


cdef inline vec swish(vec x, vec a, vec v) noexcept nogil:
    """x * sigmoid(+-v), with the sign of x; a is |x|, limited, and v >= 0."""
    cdef mask negative = vec_lt(x, vec_set(0))
    cdef vec e = vec_exp_scaled(vec_sub(vec_set(0), v))
    cdef vec below = vec_sub(vec_sub(x, x), vec_mul(a, e))               # NaN for -inf
    cdef vec y = vec_div(vec_select(negative, below, x), vec_fma(e, vec_set(EXP_UNSCALE), vec_set(1)))
    return vec_mul(y, vec_select(negative, vec_set(EXP_UNSCALE), vec_set(1)))


cdef inline vec swish_backward(vec grad, vec x, vec v, vec w) noexcept nogil:
    cdef mask negative = vec_lt(x, vec_set(0))
    cdef vec e = vec_exp_scaled(vec_sub(vec_set(0), v))
    cdef vec small = vec_mul(e, vec_set(EXP_UNSCALE))
    cdef vec p = vec_div(vec_set(1), vec_add(vec_set(1), small))
    cdef vec share = vec_mul(p, vec_select(negative, vec_set(-1), small))
    cdef vec slope = vec_mul(vec_mul(p, vec_select(negative, e, vec_set(1))), vec_fma(w, share, vec_set(1)))
    slope = vec_mul(slope, vec_select(negative, vec_set(EXP_UNSCALE), vec_set(1)))
    return vec_mul(grad, vec_add(slope, vec_sub(x, x)))                  # NaN for infinities


cdef inline vec silu_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    cdef vec a = vec_least(vec_abs(x), vec_set(-EXP_LOWEST))
    return swish(x, a, a)


cdef inline vec silu_backward_rule(vec grad, vec x, const Parameters* at) noexcept nogil:
    cdef vec a = vec_least(vec_abs(x), vec_set(-EXP_LOWEST))
    return swish_backward(grad, x, a, a)


cdef inline vec gelu_tanh_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    cdef vec a = vec_least(vec_abs(x), vec_set(GELU_LAST))
    cdef vec cubic = vec_fma(vec_mul(a, a), vec_set(0.07135481627260025), vec_set(1.5957691216057308))
    return swish(x, a, vec_mul(a, cubic))


cdef inline vec gelu_tanh_backward_rule(vec grad, vec x, const Parameters* at) noexcept nogil:
    cdef vec a = vec_least(vec_abs(x), vec_set(GELU_LAST))
    cdef vec square = vec_mul(a, a)
    cdef vec cubic = vec_fma(square, vec_set(0.07135481627260025), vec_set(1.5957691216057308))
    cdef vec slope = vec_fma(square, vec_set(0.21406444881780075), vec_set(1.5957691216057308))
    return swish_backward(grad, x, vec_mul(a, cubic), vec_mul(a, slope))


cdef inline vec gelu_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    cdef mask negative = vec_lt(x, vec_set(0))
    cdef vec a = vec_least(vec_abs(x), vec_set(TAIL_LAST))
    cdef Tail tail = normal_tail(a)
    cdef vec upper = vec_mul(vec_mul(tail.density, vec_set(EXP_UNSCALE)), tail.ratio)
    cdef vec below = vec_mul(vec_mul(tail.density, vec_mul(a, tail.ratio)), vec_set(-EXP_UNSCALE))
    return vec_select(negative, vec_add(below, vec_sub(x, x)), vec_mul(x, vec_sub(vec_set(1), upper)))


cdef inline vec gelu_backward_rule(vec grad, vec x, const Parameters* at) noexcept nogil:
    cdef vec a = vec_least(vec_abs(x), vec_set(TAIL_LAST))
    cdef Tail tail = normal_tail(a)
    cdef vec t = vec_mul(tail.density, vec_fma(a, vec_set(-0.3989422804014327), tail.ratio))
    t = vec_mul(t, vec_set(EXP_UNSCALE))
    t = vec_select(vec_lt(x, vec_set(0)), t, vec_sub(vec_set(1), t))
    return vec_mul(grad, vec_add(t, vec_sub(x, x)))                      # NaN for infinities


cdef inline vec softplus_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    """first: beta, second: threshold."""
    cdef vec z = vec_mul(x, vec_set(at.first))
    cdef vec e = vec_mul(vec_exp_scaled(vec_sub(vec_set(0), vec_abs(z))), vec_set(EXP_UNSCALE))
    cdef vec y = vec_div(vec_add(vec_max(z, vec_set(0)), vec_log1p(e)), vec_set(at.first))
    return vec_select(vec_lt(vec_set(at.second), z), x, y)


cdef inline vec softplus_backward_rule(vec grad, vec x, const Parameters* at) noexcept nogil:
    cdef vec z = vec_mul(x, vec_set(at.first))
    return vec_select(vec_lt(vec_set(at.second), z), grad, vec_mul(grad, sigmoid_rule(z, z, at)))


cdef inline vec limit(vec x, vec low, vec high) noexcept nogil:
    return vec_select(vec_lt(x, low), low, vec_least(x, high))


cdef inline vec between(vec x, vec low, vec high, vec inside) noexcept nogil:
    """`inside` where low < x < high, else 0."""
    return vec_select(mask_and(vec_lt(low, x), vec_lt(x, high)), inside, vec_set(0))


cdef inline vec hardtanh_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    return limit(x, vec_set(at.first), vec_set(at.second))


cdef inline vec hardtanh_backward_rule(vec grad, vec x, const Parameters* at) noexcept nogil:
    return between(x, vec_set(at.first), vec_set(at.second), grad)


cdef inline vec hardsigmoid_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    return vec_div(limit(vec_add(x, vec_set(3)), vec_set(0), vec_set(6)), vec_set(6))


cdef inline vec hardsigmoid_backward_rule(vec grad, vec x, const Parameters* at) noexcept nogil:
    return between(x, vec_set(-3), vec_set(3), vec_div(grad, vec_set(6)))


cdef inline vec hardswish_rule(vec x, vec unused, const Parameters* at) noexcept nogil:
    return vec_mul(x, hardsigmoid_rule(x, x, at))


cdef inline vec hardswish_backward_rule(vec grad, vec x, const Parameters* at) noexcept nogil:
    cdef vec a = vec_abs(x)
    cdef mask outside = mask_or(vec_lt(vec_set(3), a), vec_eq(vec_set(3), a))
    cdef vec flat = vec_select(vec_lt(x, vec_set(0)), vec_set(0), grad)
    return vec_select(outside, flat, vec_mul(grad, vec_fma(x, vec_set(1.0 / 3), vec_set(0.5))))
