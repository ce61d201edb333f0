/* Asks memcheck, from inside, which byte of some memory is the first that nothing has written; -1 if none is. */
#include <stddef.h>
#include <valgrind/memcheck.h>

ptrdiff_t first_undefined(const char *memory, size_t size) {
    size_t found = VALGRIND_CHECK_MEM_IS_DEFINED(memory, size);
    return found ? (ptrdiff_t)(found - (size_t)memory) : -1;
}
