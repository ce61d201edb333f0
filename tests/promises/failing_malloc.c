/* Preloaded: memory for compiled kernels and for the data of NumPy's arrays runs out when a test says so.

   Only calls that come from one of those modules are counted; the one with the number given to `fail_at` is refused. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

extern void *__libc_malloc(size_t), *__libc_calloc(size_t, size_t), *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static long wanted, seen;
static int armed;
static const char *modules[] = {"/fastconv/_kernels/", "/numpy/_core/"};

void fail_at(long number) { seen = 0, wanted = number, armed = 1; }
long disarm(void) { armed = 0; return seen; }

static int refused(void *caller) {
    Dl_info info;
    int i, ours = 0;
    if (!__atomic_load_n(&armed, __ATOMIC_RELAXED) || !dladdr(caller, &info) || !info.dli_fname)
        return 0;
    for (i = 0; i < 2; i++)
        ours |= strstr(info.dli_fname, modules[i]) != NULL;
    if (!ours || __atomic_add_fetch(&seen, 1, __ATOMIC_RELAXED) != wanted)
        return 0;
    errno = ENOMEM;
    return 1;
}

#define REFUSED refused(__builtin_return_address(0))

void *malloc(size_t size) { return REFUSED ? NULL : __libc_malloc(size); }
void *calloc(size_t count, size_t size) { return REFUSED ? NULL : __libc_calloc(count, size); }
void *realloc(void *old, size_t size) { return REFUSED ? NULL : __libc_realloc(old, size); }
void *memalign(size_t line, size_t size) { return REFUSED ? NULL : __libc_memalign(line, size); }
void *aligned_alloc(size_t line, size_t size) { return REFUSED ? NULL : __libc_memalign(line, size); }
int posix_memalign(void **found, size_t line, size_t size) {
    void *block = REFUSED ? NULL : __libc_memalign(line, size);
    if (block == NULL)
        return ENOMEM;
    *found = block;
    return 0;
}
