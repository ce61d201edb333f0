"""Memory for one call: asked for once, aligned so that no vector of it crosses a cache line."""
from libc.stdlib cimport free, malloc

from .simd cimport real

cdef enum:
    LINE = 64                   # bytes, of the cache
    LINE_REALS = LINE // sizeof(real)


cdef inline void* memory(size_t size) except NULL:
    cdef void* found = malloc(size if size else 1)
    if found == NULL:
        raise MemoryError(f"no memory for a workspace of {size} bytes")
    return found


cdef inline real* aligned(void* raw) noexcept nogil:
    return <real*>(<char*>raw + (-<size_t>raw & (LINE - 1)))


cdef inline Py_ssize_t whole_lines(Py_ssize_t reals) noexcept nogil:
    return (reals * <Py_ssize_t>sizeof(real) + LINE - 1) // LINE * <Py_ssize_t>LINE_REALS


cdef inline Py_ssize_t reals_of(size_t bytes) noexcept nogil:
    """Whole lines that hold so many bytes, in reals."""
    return whole_lines(<Py_ssize_t>((bytes + sizeof(real) - 1) // sizeof(real)))


cdef struct Workspace:
    void* block                 # NULL before `reserve`
    real* first                 # the next reals that `take` gives away


cdef inline int reserve(Workspace* w, Py_ssize_t reals) except -1:
    """Hold memory for so many reals: the sizes that will be taken, each in whole lines."""
    w.block = memory(reals * sizeof(real) + LINE)
    w.first = aligned(w.block)
    return 0


cdef inline real* take(Workspace* w, Py_ssize_t reals) noexcept nogil:
    cdef real* found = w.first
    w.first += whole_lines(reals)
    return found


cdef inline void give_back(Workspace* w) noexcept nogil:
    free(w.block)
