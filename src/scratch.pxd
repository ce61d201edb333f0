"""Memory for one call: asked for once, aligned to lines of the cache."""
from libc.stdlib cimport malloc

from .simd cimport real

cdef enum:
    LINE = 64                   # bytes, of the cache


cdef inline void* memory(size_t size) except NULL:
    cdef void* found = malloc(size if size else 1)
    if found == NULL:
        raise MemoryError(f"no memory for a workspace of {size} bytes")
    return found


cdef inline real* aligned(void* raw) noexcept nogil:
    return <real*>(<char*>raw + (-<size_t>raw & (LINE - 1)))


cdef inline Py_ssize_t whole_lines(Py_ssize_t reals) noexcept nogil:
    return (reals * <Py_ssize_t>sizeof(real) + LINE - 1) // LINE * (LINE // <Py_ssize_t>sizeof(real))
