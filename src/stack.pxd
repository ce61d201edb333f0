"""Stacks: LANES images laid out as one whose pixels are vectors, one image in each lane.

Small maps fill few vectors of pixels, and lose what is left over at the end of every row; in a stack nothing is left
over. It costs a transposition on the way in, and one on the way out.
"""
from libc.string cimport memset

from .planes cimport pack
from .simd cimport LANES, real

cdef enum:
    STACK = 49152               # reals in stacks that stay in L2
    TURN_CYCLES = 4             # to bring a vector into a stack, or back, about


cdef struct Stack:              # some lines of some channels; sizes in pixels, but `plane`
    Py_ssize_t first, lines, width          # lines of the image
    Py_ssize_t top, left, pitch             # where they go, as far as a line has room; there are zeros around them
    Py_ssize_t plane                        # reals from channel to channel


cdef inline void stack_images(const Stack* s, const real* source, Py_ssize_t images, Py_ssize_t image_step,
                              Py_ssize_t channels, Py_ssize_t area, const real* end, Py_ssize_t* place,
                              real* to) noexcept nogil:
    """source: the first channel of the first image; nothing is read at `end`; place: scratch, for each pixel."""
    cdef Py_ssize_t c, y, x, lane, size = s.lines * s.width, kept = min(s.width, s.pitch - s.left)
    cdef const real* planes[LANES]
    for y in range(s.lines):
        for x in range(s.width):
            place[y * s.width + x] = ((s.top + y) * s.pitch + s.left + x) * LANES if x < kept else -1
    for c in range(channels):
        memset(to, 0, (s.top * s.pitch + s.left) * LANES * sizeof(real))
        for lane in range(LANES):                         # where images are left over the last one, at first
            planes[lane] = source + min(lane, images - 1) * image_step + c * area + s.first * s.width
        if size:
            pack(planes, end, size, place, to)
        for y in range(s.top, s.top + s.lines):
            x = (y * s.pitch + s.left + kept) * LANES     # up to the next line
            memset(to + x, 0, min((s.pitch - kept) * LANES, s.plane - x) * sizeof(real))
        x = ((s.top + s.lines) * s.pitch + s.left) * LANES
        if x < s.plane:
            memset(to + x, 0, (s.plane - x) * sizeof(real))
        for lane in range(images, LANES):
            for x in range(size):
                if place[x] >= 0:
                    to[place[x] + lane] = 0
        to += s.plane
