/* System calls on files that fail when they are told to; loaded with LD_PRELOAD and told through ctypes.

   While armed, the calls of one thread are counted from 1. The one that was chosen (and, if asked, all after it) does
   not do what it should, in one of the ways below; closing a file always closes it. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum way { NEVER, FAILS, FAILS_FROM_NOW_ON, DONE_BUT_FAILS, HALF };

static __thread int armed;
static long count, chosen;
static enum way chosen_way;
static int chosen_error, names_changed;
static const char *failed;

void arm(long call, int way, int error)
{
    count = 0, chosen = call, chosen_way = way, chosen_error = error, names_changed = 0, failed = "";
    armed = 1;
}

long disarm(void) { armed = 0; return count; }

const char *what_failed(void) { return failed; }

/* Whether a file got a new name while armed. */
int renamed(void) { return names_changed; }

static enum way next(const char *name)
{
    if (!armed)
        return NEVER;
    count++;
    if (count == chosen || (count > chosen && chosen_way == FAILS_FROM_NOW_ON)) {
        if (count == chosen)
            failed = name;
        return chosen_way;
    }
    return NEVER;
}

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* The body of a function: `undo` takes back a result that nobody hears of. */
#define CALL(name, arguments, undo)                                   \
    {                                                                 \
        REAL(name);                                                   \
        enum way way = next(#name);                                   \
        if (way == FAILS || way == FAILS_FROM_NOW_ON) {               \
            errno = chosen_error;                                     \
            return -1;                                                \
        }                                                             \
        __typeof__(real arguments) result = real arguments;           \
        if (way == DONE_BUT_FAILS && result >= 0) {                   \
            undo;                                                     \
            errno = chosen_error;                                     \
            return -1;                                                \
        }                                                             \
        return result;                                                \
    }

static int really_close(int file)
{
    REAL(close);
    return real(file);
}

#define MODE_OF(flags)                                                \
    mode_t mode = 0;                                                  \
    if (flags & O_CREAT) {                                            \
        va_list more;                                                 \
        va_start(more, flags);                                        \
        mode = va_arg(more, mode_t);                                  \
        va_end(more);                                                 \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    CALL(open, (path, flags, mode), really_close(result))
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    CALL(open64, (path, flags, mode), really_close(result))
}

int close(int file)
{
    enum way way = next("close");
    int result = really_close(file);
    if (way == NEVER || way == HALF)
        return result;
    errno = chosen_error;
    return -1;
}

ssize_t write(int file, const void *bytes, size_t size)
{
    REAL(write);
    enum way way = next("write");
    if (way == FAILS || way == FAILS_FROM_NOW_ON) {
        errno = chosen_error;
        return -1;
    }
    ssize_t result = real(file, bytes, way == HALF && size > 1 ? size / 2 : size);
    if (way == DONE_BUT_FAILS && result >= 0) {
        errno = chosen_error;
        return -1;
    }
    return result;
}

ssize_t read(int file, void *bytes, size_t size)
{
    REAL(read);
    enum way way = next("read");
    if (way == NEVER || way == HALF)
        return real(file, bytes, way == HALF && size > 1 ? size / 2 : size);
    errno = chosen_error;
    return -1;
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    enum way way = next("rename");
    if (way == FAILS || way == FAILS_FROM_NOW_ON) {
        errno = chosen_error;
        return -1;
    }
    int result = real(from, to);
    names_changed |= armed && result == 0;
    if (way == DONE_BUT_FAILS && result == 0) {
        errno = chosen_error;
        return -1;
    }
    return result;
}

int fcntl64(int file, int command, ...)
{
    va_list more;
    va_start(more, command);
    void *argument = va_arg(more, void *);
    va_end(more);
    CALL(fcntl64, (file, command, argument), if (command == F_DUPFD_CLOEXEC) really_close(result))
}

int flock(int file, int operation) CALL(flock, (file, operation), )
int fsync(int file) CALL(fsync, (file), )
int fchmod(int file, mode_t mode) CALL(fchmod, (file, mode), )
int unlink(const char *path) CALL(unlink, (path), )
int stat64(const char *path, struct stat64 *out) CALL(stat64, (path, out), )
int lstat64(const char *path, struct stat64 *out) CALL(lstat64, (path, out), )
int fstat64(int file, struct stat64 *out) CALL(fstat64, (file, out), )
int fstatat64(int file, const char *path, struct stat64 *out, int flags) CALL(fstatat64, (file, path, out, flags), )
off64_t lseek64(int file, off64_t offset, int from) CALL(lseek64, (file, offset, from), )
