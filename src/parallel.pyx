"""Threads, floating-point mode, interruption and free memory, in one place. See parallel.pxd for how kernels use it.

    run:  remember the floating-point mode of each thread and set the default one (round to nearest, subnormals kept)
          each thread takes the items of its own share, one by one, and then those that are left of the others': what
          one call wrote is mostly read by the same thread in the next, from its own cache
          the calling thread looks for signals every POLL_SECONDS, of one run or of many short ones; once one raised,
          the items left are skipped
          the mode, with its exception flags, is put back as it was

On import, glibc learns to keep what is freed, up to twice LARGEST_FREED bytes at the end of its heap, for the next
call. Else it may return and fetch anew the pages of results and workspaces in every call, which can cost more than it.
"""
from cython.parallel cimport parallel, threadid

cdef extern from "Python.h":
    int PyErr_CheckSignals() noexcept       # declared here: the handler's exception is to stay set until `run` returns

cdef extern from * nogil:
    """
    #include <stdint.h>
    #include <stdlib.h>
    #include <time.h>
    #if defined(__x86_64__)
    #define FLOAT_MODE_DEFAULT 0x1F80u                  /* every exception masked, round to nearest */
    #define FLOAT_MODE_FLUSH 0x8040u                    /* flush-to-zero, denormals-are-zero */
    static inline uint64_t float_mode_get(void) { return __builtin_ia32_stmxcsr(); }
    static inline void float_mode_set(uint64_t mode) { __builtin_ia32_ldmxcsr((unsigned)mode); }
    #elif defined(__aarch64__)
    #define FLOAT_MODE_DEFAULT 0u
    #define FLOAT_MODE_FLUSH (1u << 24)
    static inline uint64_t float_mode_get(void) { uint64_t m; __asm__ volatile("mrs %0, fpcr" : "=r"(m)); return m; }
    static inline void float_mode_set(uint64_t mode) { __asm__ volatile("msr fpcr, %0" : : "r"(mode)); }
    #else
    #define FLOAT_MODE_DEFAULT 0u
    #define FLOAT_MODE_FLUSH 0u
    static inline uint64_t float_mode_get(void) { return 0; }
    static inline void float_mode_set(uint64_t mode) { (void)mode; }
    #endif
    #ifdef _WIN32
    static inline double seconds_now(void) { return (double)clock() / CLOCKS_PER_SEC; }     /* there: since the start */
    #else
    static inline double seconds_now(void) {
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
    }
    #endif
    static inline Py_ssize_t take_one(Py_ssize_t *next) { return __atomic_fetch_add(next, 1, __ATOMIC_RELAXED); }
    static __thread void *watch_of_thread;              /* the Watch of the run that this thread works for ... */
    static __thread int thread_looks;                   /* ... and whether it is the one that looks for signals */
    static __thread double next_look;                   /* when this thread looks again */
    static inline void *watching(void) { return watch_of_thread; }
    static inline int looking(void) { return thread_looks; }
    static inline void watch(void *watch, int looks) { watch_of_thread = watch; thread_looks = looks; }
    static inline int is_time(double now, double pause) {
        if (now < next_look)
            return 0;
        next_look = now + pause;
        return 1;
    }
    /* glibc takes from the heap, rather than from the system, what is no larger than the largest block of up to 32 MB
       that was mapped and freed so far, and keeps twice as much; unless the user's MALLOC_..._ settings say otherwise.
       Nothing is written to the block, so no page of it comes to be. */
    enum { LARGEST_FREED = 33000000 };
    static inline void keep_freed_memory(void) { void *volatile block = malloc(LARGEST_FREED); free(block); }
    #ifdef _OPENMP
    enum { BUILT_WITH_OPENMP = 1 };
    #else
    enum { BUILT_WITH_OPENMP = 0 };
    #endif
    """
    ctypedef unsigned long long uint64_t
    const uint64_t FLOAT_MODE_DEFAULT
    const uint64_t FLOAT_MODE_FLUSH
    const bint BUILT_WITH_OPENMP
    uint64_t float_mode_get() noexcept
    void float_mode_set(uint64_t mode) noexcept
    double seconds_now() noexcept
    Py_ssize_t take_one(Py_ssize_t* next) noexcept
    void* watching() noexcept
    bint looking() noexcept
    void watch(void* watch, bint looks) noexcept
    bint is_time(double now, double pause) noexcept
    void keep_freed_memory() noexcept

cdef enum:
    MOST_SHARES = 64            # of the items; more threads than that share them

# Work that one thread should have before another one is woken: about 10 microseconds of it.
cdef double GRAIN = 4e5
cdef double POLL_SECONDS = 0.05

cdef int threads_wanted = 1
cdef bint flush = False

OPENMP = bool(BUILT_WITH_OPENMP)

keep_freed_memory()


def set_threads(int count):
    """Let every later call use up to `count` threads."""
    global threads_wanted
    threads_wanted = count


def get_threads():
    """The number of threads that a large call uses."""
    return threads_wanted


def set_flush(bint on):
    """Treat subnormal numbers as zero inside kernels (off by default)."""
    global flush
    flush = on


def get_flush():
    """Whether kernels treat subnormal numbers as zero."""
    return flush


cdef struct Watch:
    bint stopped


cdef bint signal_raised() noexcept nogil:
    with gil:
        return PyErr_CheckSignals() != 0


cdef bint look(Watch* now) noexcept nogil:
    """Called between items by the thread that made the call; true once a signal handler raised."""
    if not now.stopped and is_time(seconds_now(), POLL_SECONDS):
        now.stopped = signal_raised()
    return now.stopped


cdef bint stopping() noexcept nogil:
    cdef Watch* now = <Watch*>watching()
    return look(now) if looking() else now.stopped


cdef int team(Py_ssize_t items, double work) noexcept nogil:
    cdef double worth = work / GRAIN
    cdef Py_ssize_t count = threads_wanted if BUILT_WITH_OPENMP else 1
    if worth < count:
        count = <Py_ssize_t>worth
    if items < count:
        count = items
    return <int>count if count > 1 else 1


cdef void serial(Body body, void* job, Py_ssize_t items, Watch* now) noexcept nogil:
    cdef Py_ssize_t item
    watch(now, True)
    for item in range(items):
        if look(now):
            break
        body(job, item, 0)


cdef struct Share:
    Py_ssize_t next, stop       # items
    Py_ssize_t unused[6]        # no other share in this cache line


cdef void work_through(Share* shares, int count, int thread, Body body, void* job, Watch* now) noexcept nogil:
    cdef Share* share
    cdef Py_ssize_t item
    cdef int turn
    for turn in range(count):
        share = &shares[(thread + turn) % count]
        while not now.stopped:
            item = take_one(&share.next)
            if item >= share.stop:
                break
            if thread == 0 and look(now):
                break
            body(job, item, thread)


cdef void shared(Body body, void* job, Py_ssize_t items, int threads, Watch* now, uint64_t mode) noexcept nogil:
    cdef Share shares[MOST_SHARES]
    cdef int count = min(threads, MOST_SHARES), i
    cdef uint64_t before = 0
    for i in range(count):
        shares[i].next, shares[i].stop = items // count * i + min(i, items % count), items
        if i:
            shares[i - 1].stop = shares[i].next
    with parallel(num_threads=threads):
        before = float_mode_get()
        float_mode_set(mode)
        watch(now, threadid() == 0)
        work_through(shares, count, threadid(), body, job, now)
        float_mode_set(before)


cdef int run(Body body, void* job, Py_ssize_t items, int threads) except -1 nogil:
    cdef Watch now
    cdef uint64_t before = float_mode_get()
    cdef uint64_t mode = FLOAT_MODE_DEFAULT | (FLOAT_MODE_FLUSH if flush else 0)
    cdef void* outer = watching()                   # of a call in which a signal handler makes this one
    cdef bint looks = looking()
    now.stopped = False
    float_mode_set(mode)
    if threads == 1:
        serial(body, job, items, &now)
    else:
        shared(body, job, items, threads, &now, mode)
    float_mode_set(before)
    watch(outer, looks)
    return -1 if now.stopped else 0
