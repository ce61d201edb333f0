"""What this CPU can run. Built without any instruction-set flag, so that it runs everywhere."""

cdef extern from * nogil:
    """
    #if defined(__x86_64__)
    /* GCC and Clang check the CPU's features and that the system saves the registers. */
    static int runs_x86_64_v2(void) {
        __builtin_cpu_init();
        return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("ssse3");
    }
    static int runs_x86_64_v3(void) {
        return runs_x86_64_v2() && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")
            && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    }
    static int runs_x86_64_v4(void) {
        return runs_x86_64_v3() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq")
            && __builtin_cpu_supports("avx512vl");
    }
    #else
    static int runs_x86_64_v2(void) { return 0; }
    static int runs_x86_64_v3(void) { return 0; }
    static int runs_x86_64_v4(void) { return 0; }
    #endif
    #if defined(__aarch64__)
    static int runs_aarch64(void) { return 1; }
    #else
    static int runs_aarch64(void) { return 0; }
    #endif
    """
    bint runs_x86_64_v2()
    bint runs_x86_64_v3()
    bint runs_x86_64_v4()
    bint runs_aarch64()


def runnable():
    """Names of the instruction sets that this CPU runs, best first; `generic` is always the last."""
    names = []
    if runs_x86_64_v4():
        names.append("x86_64_v4")
    if runs_x86_64_v3():
        names.append("x86_64_v3")
    if runs_x86_64_v2():
        names.append("x86_64_v2")
    if runs_aarch64():
        names.append("aarch64")
    names.append("generic")
    return names
