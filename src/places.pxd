"""Kernels that take planes as a whole, and those of them that move elements to and from places named by indices.

    scatter    zeros, to which every element is added at its place, in order
    place      zeros, in which every element is stored at its place, in order: the last one stays
    gather     the gradient of `place`: every element from its place, but 0 for one that did not stay
An index is checked where it is used, as a pass over all of them would cost as much as the work itself.
"""
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from ...parallel cimport Body, run, team
from .simd cimport real
from .workspace cimport LINE, memory

cdef enum:
    BLOCK = 131072              # pixels in an item, about: threads that take turns in smaller steps share cache lines
    LEAST_ITEMS = 8             # so that threads end together, even so


cdef struct Planes:
    const real* source
    const int64_t* indices
    real* target
    int64_t* found
    Py_ssize_t planes, H, W, P, Q           # H x W: the image, into which indices point
    Py_ssize_t planes_per_item
    char* scratch                           # of all threads
    size_t scratch_size                     # of one, in bytes
    Py_ssize_t* edges                       # of bins: where each of P begins and ends, then each of Q
    bint outside                            # whether an index named no place


cdef inline Py_ssize_t per_item(Py_ssize_t count, Py_ssize_t pixels) noexcept nogil:
    """How many of `count` rows or planes, each of so many pixels, make an item."""
    return max(min(BLOCK // max(pixels, 1), count // LEAST_ITEMS), 1)


cdef inline int each_plane(Planes* j, Body body, size_t scratch_size) except -1:
    """Call `body` for every item; each thread has so many bytes of scratch."""
    cdef Py_ssize_t cost = j.H * j.W + 4 * j.P * j.Q, items
    cdef int threads
    j.planes_per_item = per_item(j.planes, cost)
    items = (j.planes + j.planes_per_item - 1) // j.planes_per_item
    threads = team(items, 4.0 * j.planes * cost)
    j.scratch_size = (scratch_size // LINE + 2) * LINE           # no line of the cache belongs to two threads
    j.scratch = <char*>memory(threads * j.scratch_size)
    try:
        with nogil:
            run(body, j, items, threads)
    finally:
        free(j.scratch)
    return 0


cdef inline Py_ssize_t first_plane(const Planes* j, Py_ssize_t item) noexcept nogil:
    return min(item * j.planes_per_item, j.planes)


cdef inline void small_side(Planes* j, const Py_buffer* array) noexcept:
    """Read P and Q."""
    j.planes = array.shape[0] * array.shape[1]
    j.P, j.Q = array.shape[2], array.shape[3]


cdef inline void large_side(Planes* j, const Py_buffer* array) noexcept:
    """Read H and W."""
    j.H, j.W = array.shape[2], array.shape[3]


cdef inline void spread(Planes* shared, const bint adds, Py_ssize_t item) noexcept nogil:
    cdef Planes j = shared[0]
    cdef Py_ssize_t t, plane, outputs = j.P * j.Q, inputs = j.H * j.W
    cdef const real* source
    cdef const int64_t* indices
    cdef real* into
    cdef int64_t at
    for plane in range(first_plane(&j, item), first_plane(&j, item + 1)):
        source, indices = j.source + plane * outputs, j.indices + plane * outputs
        into = j.target + plane * inputs
        memset(into, 0, inputs * sizeof(real))
        for t in range(outputs):
            at = indices[t]
            if <uint64_t>at < <uint64_t>inputs:
                into[at] = into[at] + source[t] if adds else source[t]
            elif at != -1:
                shared.outside = True
                return


cdef inline void scatter_planes(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    spread(<Planes*>argument, True, item)


cdef inline void place_planes(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    spread(<Planes*>argument, False, item)


cdef inline void gather_planes(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Planes* shared = <Planes*>argument
    cdef Planes j = shared[0]
    cdef Py_ssize_t t, plane, outputs = j.P * j.Q, inputs = j.H * j.W
    cdef Py_ssize_t* owner = <Py_ssize_t*>(j.scratch + thread * j.scratch_size)      # of each place of the image
    cdef const real* grad
    cdef const int64_t* indices
    cdef real* into
    cdef int64_t at
    for plane in range(first_plane(&j, item), first_plane(&j, item + 1)):
        grad, indices = j.source + plane * inputs, j.indices + plane * outputs
        into = j.target + plane * outputs
        for t in range(outputs):
            at = indices[t]
            if <uint64_t>at < <uint64_t>inputs:
                owner[at] = t
            elif at != -1:
                shared.outside = True
                return
        for t in range(outputs):                                 # places that nobody owns are not looked at
            at = indices[t]
            into[t] = grad[at] if at >= 0 and owner[at] == t else 0
