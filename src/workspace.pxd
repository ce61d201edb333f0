"""Memory for one call, aligned so that no vector of it crosses a cache line."""
from libc.stdint cimport uintptr_t
from libc.stdlib cimport free, malloc

from .simd cimport real

cdef enum:
    CACHE_LINE = 64


cdef struct Workspace:
    void* block
    real* first                 # the next reals that `take` gives away


cdef inline int reserve(Workspace* w, Py_ssize_t reals) except -1:
    """Hold memory for so many reals, `padded` sizes added up; raises MemoryError."""
    w.block = malloc(reals * sizeof(real) + CACHE_LINE)
    if w.block == NULL:
        raise MemoryError(f"no memory for a workspace of {reals * <Py_ssize_t>sizeof(real)} bytes")
    w.first = <real*>((<uintptr_t>w.block + CACHE_LINE - 1) // CACHE_LINE * CACHE_LINE)
    return 0


cdef inline Py_ssize_t padded(Py_ssize_t reals) noexcept nogil:
    """So many reals and some more, in whole cache lines."""
    cdef Py_ssize_t line = CACHE_LINE // sizeof(real)
    return (reals + line - 1) // line * line


cdef inline real* take(Workspace* w, Py_ssize_t reals) noexcept nogil:
    cdef real* found = w.first
    w.first += padded(reals)
    return found


cdef inline void give_back(Workspace* w) noexcept nogil:
    free(w.block)
