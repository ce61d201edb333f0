"""Kernels that take planes as a whole, and those of them that move elements to and from places named by indices.

    scatter    zeros, to which every element is added at its place, in order
    place      zeros, in which every element is stored at its place, in order: the last one stays
    gather     the gradient of `place`: every element from its place, but 0 for one that did not stay
Pooling by windows of 2x2 side by side gives each element one of four places, by windows of 3x3 around every second
pixel one of nine. Planes of which that is true are written row by row, LANES elements at a time, instead of zeros
first; whether it is true is seen on the way.
An index is checked where it is used, as a pass over all of them would cost as much as the work itself.
"""
from libc.stdint cimport int64_t, uint64_t
from libc.stdlib cimport free
from libc.string cimport memset

from ...parallel cimport Body, run, team
from .simd cimport (
    LANES, lane_int, mask, mask_add, mask_and, mask_any, mask_eq, mask_load, mask_load_wide, mask_lt, mask_or, mask_set,
    mask_store, prefetch, prefetch_write, real, vec, vec_add, vec_load, vec_select, vec_set, vec_store,
    vec_store_zipped,
)
from .workspace cimport LINE, LINE_REALS, memory

cdef enum:
    BLOCK = 131072              # pixels in an item, about: threads that take turns in smaller steps share cache lines
    LEAST_ITEMS = 8             # so that threads end together, even so
    LARGEST_PLACE = 0x3FFFFFFF  # that the lanes of a mask can hold, and some more
    LINE_INDICES = LINE // sizeof(int64_t)
    AHEAD = 256                 # elements of small planes before which lines are asked for, where all is in memory


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
    bint adds                               # to what is at a place, instead of replacing it
    bint far                                # images that no cache holds
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


cdef inline void ask_for_row(const Planes* j, const real* source, const int64_t* indices, real* into) noexcept nogil:
    """The lines of a row of elements and of their windows some rows later; the addresses need not exist."""
    cdef Py_ssize_t i
    for i in range(j.Q // LINE_REALS + 1):
        prefetch(source + AHEAD + i * LINE_REALS)
    for i in range(j.Q // LINE_INDICES + 1):
        prefetch(<const real*>(indices + AHEAD + i * LINE_INDICES))
    for i in range(2 * j.W // LINE_REALS + 1):
        prefetch_write(into + 2 * AHEAD + i * LINE_REALS)


cdef inline bint spread_windows(const Planes* j, const real* source, const int64_t* indices,
                                real* into) noexcept nogil:
    """A plane whose elements each have a place in their own window of 2x2; False if that is not so. Q >= LANES."""
    cdef Py_ssize_t p, q, at, W = j.W, last = j.Q - LANES
    cdef lane_int lanes[LANES]
    cdef mask columns, place, index, first, second, third, fourth, own, lost = mask_set(0)
    cdef vec x, zero = vec_set(0), start = vec_set(0 if j.adds else <real>-0.0)     # adding -0 changes nothing
    for q in range(LANES):
        lanes[q] = <lane_int>(2 * q)
    columns = mask_load(lanes)
    for p in range(j.P):
        if j.far:
            ask_for_row(j, source, indices, into)
        q = 0
        while q < j.Q:
            at = min(q, last)
            x = vec_add(vec_load(source + at), start)
            index = mask_load_wide(indices + at)
            place = mask_add(columns, mask_set(<lane_int>(2 * (p * W + at))))
            first = mask_eq(index, place)
            second = mask_eq(index, mask_add(place, mask_set(1)))
            third = mask_eq(index, mask_add(place, mask_set(<lane_int>W)))
            fourth = mask_eq(index, mask_add(place, mask_set(<lane_int>(W + 1))))
            own = mask_or(mask_or(first, second), mask_or(third, fourth))
            lost = mask_or(lost, mask_eq(own, mask_set(0)))
            vec_store_zipped(into + 2 * at, vec_select(first, x, zero), vec_select(second, x, zero))
            vec_store_zipped(into + W + 2 * at, vec_select(third, x, zero), vec_select(fourth, x, zero))
            q += LANES
        if W % 2:
            into[W - 1] = into[2 * W - 1] = 0
        source += j.Q
        indices += j.Q
        into += 2 * W
    if j.H % 2:
        memset(into, 0, W * sizeof(real))
    return not mask_any(lost)


cdef inline void read_row(const real* source, const int64_t* indices, Py_ssize_t count, real* values,
                          lane_int* places) noexcept nogil:
    """A row of elements and where they go, and LANES that go nowhere. -0 becomes 0, as if it was added to zero."""
    cdef Py_ssize_t q = 0, at
    while q < count:
        at = min(q, count - LANES)
        vec_store(values + at, vec_add(vec_load(source + at), vec_set(0)))
        mask_store(places + at, mask_load_wide(indices + at))
        q += LANES
    vec_store(values + count, vec_set(0))
    mask_store(places + count, mask_set(-1))


cdef inline vec taken(const real* value, const lane_int* index, mask place, mask* found) noexcept nogil:
    """The elements that go to these places, one for each lane, else 0; found: one less for each that does."""
    cdef mask here = mask_eq(mask_load(index), place)
    found[0] = mask_add(found[0], here)
    return vec_select(here, vec_load(value), vec_set(0))


cdef inline bint add_overlapping(const Planes* j, const real* source, const int64_t* indices, real* into,
                                 char* scratch) noexcept nogil:
    """A plane whose elements each have a place in their own window of 3x3: of rows 2p - 1 to 2p + 1, and columns
    likewise. False if that is not so. Q >= LANES; H and W are twice P and Q. (A row of two vectors pays: a load across
    two stores just made waits.)
    """
    cdef Py_ssize_t p, q, at, i, W = j.W, length = j.Q + LANES, total = 0
    cdef real* above = <real*>scratch                           # row p of elements, and the next one
    cdef real* below = above + length
    cdef lane_int* above_at = <lane_int*>(below + length)
    cdef lane_int* below_at = above_at + length
    cdef lane_int lanes[LANES]
    cdef mask columns, numbers, place, found, all_found = mask_set(0)
    cdef vec even, odd
    for i in range(LANES):
        lanes[i] = <lane_int>i
    numbers = mask_load(lanes)
    columns = mask_add(numbers, numbers)
    read_row(source, indices, j.Q, below, below_at)
    for p in range(j.P):
        above, below, above_at, below_at = below, above, below_at, above_at
        if j.far:
            ask_for_row(j, source + p * j.Q, indices + p * j.Q, into)
        if p + 1 < j.P:
            read_row(source + (p + 1) * j.Q, indices + (p + 1) * j.Q, j.Q, below, below_at)
        else:
            for i in range(length):
                below[i], below_at[i] = 0, -1
        q = 0
        while q < j.Q:
            at = min(q, j.Q - LANES)
            found = mask_set(0)
            place = mask_add(columns, mask_set(<lane_int>(2 * (p * W + at))))
            even = taken(above + at, above_at + at, place, &found)
            place = mask_add(place, mask_set(1))
            odd = taken(above + at, above_at + at, place, &found)
            odd = vec_add(odd, taken(above + at + 1, above_at + at + 1, place, &found))
            vec_store_zipped(into + 2 * at, even, odd)
            place = mask_add(place, mask_set(<lane_int>(W - 1)))
            even = taken(above + at, above_at + at, place, &found)
            even = vec_add(even, taken(below + at, below_at + at, place, &found))
            place = mask_add(place, mask_set(1))
            odd = taken(above + at, above_at + at, place, &found)
            odd = vec_add(odd, taken(above + at + 1, above_at + at + 1, place, &found))
            odd = vec_add(odd, taken(below + at, below_at + at, place, &found))
            odd = vec_add(odd, taken(below + at + 1, below_at + at + 1, place, &found))
            vec_store_zipped(into + W + 2 * at, even, odd)
            if at < q:                                          # others were counted before
                found = mask_and(found, mask_lt(mask_set(<lane_int>(q - at - 1)), numbers))
            all_found = mask_add(all_found, found)
            q += LANES
        into += 2 * W
    mask_store(lanes, all_found)
    for i in range(LANES):
        total -= lanes[i]
    return total == j.P * j.Q


cdef inline void spread_planes(void* argument, Py_ssize_t item, int thread) noexcept nogil:
    cdef Planes* shared = <Planes*>argument
    cdef Planes j = shared[0]
    cdef Py_ssize_t t, plane, outputs = j.P * j.Q, inputs = j.H * j.W
    cdef const real* source
    cdef const int64_t* indices
    cdef real* into
    cdef int64_t at
    cdef bint windows = j.H // 2 == j.P and j.W // 2 == j.Q and j.Q >= LANES > 1 and inputs < LARGEST_PLACE
    cdef bint overlapping = j.adds and windows and j.H % 2 == j.W % 2 == 0 and j.Q >= 2 * LANES
    for plane in range(first_plane(&j, item), first_plane(&j, item + 1)):
        source, indices = j.source + plane * outputs, j.indices + plane * outputs
        into = j.target + plane * inputs
        if windows:
            windows = spread_windows(&j, source, indices, into)      # the next plane is of the same kind, mostly
            if windows:
                continue
        if overlapping and add_overlapping(&j, source, indices, into, j.scratch + thread * j.scratch_size):
            continue
        memset(into, 0, inputs * sizeof(real))
        for t in range(outputs):
            at = indices[t]
            if <uint64_t>at < <uint64_t>inputs:
                into[at] = into[at] + source[t] if j.adds else source[t]
            elif at != -1:
                shared.outside = True
                return


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
