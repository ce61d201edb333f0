"""The one door to threads, floating-point mode and Ctrl-C.

A kernel describes its work as a number of independent items and a function that does one of them:

    cdef int threads = team(items, work)              # how many threads it is worth; for sizing per-thread scratch
    run(body, &job, items, threads)                   # body(&job, item, thread) for each item, in any order

Items must not depend on each other, so results do not depend on the number of threads. An item should stay under a few
tens of milliseconds: between items the call notices signals and gives up with the handler's exception. One that may
take longer asks on its way whether to go on, and if not, returns as it is.
"""

ctypedef void (*Body)(void* job, Py_ssize_t item, int thread) noexcept nogil

cdef int team(Py_ssize_t items, double work) noexcept nogil       # work: FLOPs, or bytes moved, of the whole call
cdef int run(Body body, void* job, Py_ssize_t items, int threads) except -1 nogil
cdef bint stopping() noexcept nogil                                # in a body: whether `run` will raise
