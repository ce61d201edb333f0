"""From NumPy arrays to pointers: the buffer protocol, held for the length of one call.

    cdef Buffers held
    held.count = 0
    try:
        x = <real*>pointer(&held, input, READ)        # keeps the array's memory in place
        ...
    finally:
        release(&held)
"""
from cpython.buffer cimport PyBUF_ND, PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer

cdef enum:
    READ = PyBUF_ND
    WRITE = PyBUF_ND | PyBUF_WRITABLE
    MOST = 8                    # arrays in one call


cdef struct Buffers:
    int count
    Py_buffer views[MOST]


cdef inline void* pointer(Buffers* held, object array, int access) except? NULL:
    """First byte of a C-contiguous array; NULL for None."""
    if array is None:
        return NULL
    PyObject_GetBuffer(array, &held.views[held.count], access)
    held.count += 1
    return held.views[held.count - 1].buf


cdef inline const Py_buffer* last(const Buffers* held) noexcept nogil:
    """The array that pointer() was called for last: its ndim, shape and len (in bytes)."""
    return &held.views[held.count - 1]


cdef inline void release(Buffers* held) noexcept:
    cdef int i
    for i in range(held.count):
        PyBuffer_Release(&held.views[i])
    held.count = 0
