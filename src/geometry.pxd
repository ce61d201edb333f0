"""What the kernels of a convolution share: its sizes, its axes and the tables of a band."""
from libc.string cimport memset

from .band cimport Axis, Band, Tap, tap_offsets
from .simd cimport POINTS
from .workspace cimport memory


cdef struct Conv:
    Py_ssize_t N, C, H, W, K, R, S, P, Q, stride_h, stride_w, pad_top, pad_left, dilation_h, dilation_w, groups


cdef inline Conv read_geometry(g) except *:
    cdef Conv v
    (v.N, v.C, v.H, v.W, v.K, v.R, v.S, v.P, v.Q, v.stride_h, v.stride_w, v.pad_top, v.pad_left,
     v.dilation_h, v.dilation_w, v.groups) = g
    return v


cdef inline Py_ssize_t* offset_tables(const Band* band, Py_ssize_t area) except NULL:
    """For bands, then for images; each with some zeros at the end, as a tile may be wider than what is left."""
    cdef Py_ssize_t taps = band.chunk * band.row.taps * band.column.taps, size = 2 * (taps + POINTS)
    cdef Py_ssize_t* offsets = <Py_ssize_t*>memory(size * sizeof(Py_ssize_t))
    memset(offsets, 0, size * sizeof(Py_ssize_t))
    tap_offsets(band, band.plane, offsets)
    tap_offsets(band, area, offsets + taps + POINTS)
    return offsets


cdef inline void set_axis(Axis* axis, Py_ssize_t size, Py_ssize_t grid, Py_ssize_t step, Tap* tap) noexcept nogil:
    axis.size, axis.grid, axis.step, axis.taps, axis.tap = size, grid, step, 0, tap
    axis.phases, axis.lead, axis.skip = 1, 0, 1


cdef inline void add_tap(Axis* axis, Py_ssize_t offset, Py_ssize_t index) noexcept nogil:
    axis.tap[axis.taps].offset = offset
    axis.tap[axis.taps].index = index
    axis.tap[axis.taps].phase = 0
    axis.taps += 1


cdef inline void forward_axes(Axis* row, Axis* column, const Conv* v, Tap* taps) noexcept nogil:
    """The grid of the outputs over the input; taps holds R + S entries."""
    cdef Py_ssize_t r, s
    set_axis(row, v.H, v.P, v.stride_h, taps)
    set_axis(column, v.W, v.Q, v.stride_w, taps + v.R)
    for r in range(v.R):
        add_tap(row, r * v.dilation_h - v.pad_top, r)
    for s in range(v.S):
        add_tap(column, s * v.dilation_w - v.pad_left, s)


cdef inline Tap* new_taps(const Conv* v) except NULL:
    return <Tap*>memory((v.R + v.S) * sizeof(Tap))
