"""Build of the compiled kernels: every module of src/ once per instruction set and element type.

A kernel's full name is fastconv._kernels.<isa>.<dtype>.<module>; `cpu` and `parallel` are built once, without any
instruction-set flag, as fastconv._kernels.cpu and .parallel. The sources are first laid out as those packages under
build/cython, because `from .simd cimport ...` is resolved by package.

Environment (all optional):
  FASTCONV_NO_EXTENSIONS=1   a pure-Python build
  FASTCONV_NO_OPENMP=1       serial kernels
  FASTCONV_BUILD_ISAS=...    only these instruction sets, separated by commas
  FASTCONV_SANITIZE=1        kernels that AddressSanitizer and UndefinedBehaviorSanitizer watch, for a Python that is
                             started with LD_PRELOAD=$(gcc -print-file-name=libasan.so)

GCC and Clang compile it, as vectors are theirs; on Windows that is clang-cl, which must be in the path.
"""
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# A wheel's files are packed with zipfile's default, which is this one: 11 KB less than with level 6.
zlib.Z_DEFAULT_COMPRESSION = zlib.Z_BEST_COMPRESSION

HERE = Path(__file__).parent
STAGE = Path("build", "cython")
BUILT_ONCE = ("cpu", "parallel")

# name: (bytes in a vector, compiler flags)
ISAS = {
    "x86_64_v2": (16, ["-march=x86-64-v2"]),
    "x86_64_v3": (32, ["-march=x86-64-v3"]),
    "x86_64_v4": (64, ["-march=x86-64-v4", "-mprefer-vector-width=512"]),
    "aarch64": (16, []),
    "generic": (0, []),
}
ISAS_OF_MACHINE = {
    "x86_64": ("x86_64_v2", "x86_64_v3", "x86_64_v4"),
    "amd64": ("x86_64_v2", "x86_64_v3", "x86_64_v4"),
    "aarch64": ("aarch64",),
    "arm64": ("aarch64",),
}
ELEMENTS = {"float32": [], "float64": [("FASTCONV_DOUBLE", "1")]}
FLOAT32_ONLY = ("winograd", "winograd_weight")          # the error bound of float64 is that of the direct sum

# -ffast-math and its relatives are out: they would change the floating-point mode of the whole process.
# Tables for unwinding serve C++ exceptions and debuggers, a procedure linkage table calls that are bound late: each is
# some percent of the wheel, as is an identity of the build.
# Where the loop of a tile begins in a line of the cache decides about one or two percent.
COMPILE = ["-O3", "-g0", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast", "-fvisibility=hidden",
           "-fno-asynchronous-unwind-tables", "-falign-loops=32"]
GCC_ONLY = ["-fno-version-loops-for-strides"]           # loops once more for steps of 1: vectors are written out here
LINK = ["-s"]
if sys.platform == "linux":
    COMPILE.append("-fno-plt")
    # Who calls exp() says so, instead of hoping that Python was linked with libm; and all say that they are for glibc.
    LINK += ["-Wl,--build-id=none", "-Wl,--as-needed", "-lm", "-Wl,--no-as-needed"]
    LINK.append("-nostartfiles")                        # nothing is to be called when a module is loaded: 400 bytes
WINDOWS = sys.platform == "win32"
if WINDOWS:
    COMPILE = [flag for flag in COMPILE if flag != "-fvisibility=hidden"]       # names of a .pyd are hidden anyway
    LINK = []
SANITIZE = ["-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
SHORT_RUNS = ("depthwise", "depthwise_weight")          # of vectors: not worth the calls that GCC makes of them,
NO_CALLS = ["-fno-tree-loop-distribute-patterns"]       # of memset and memcpy
# The loops of tiles run at the processor's limit if no branch of theirs meets a multiple of 32 bytes,
TILES = ("conv2d", "conv2d_weight", "linear", "winograd", "winograd_weight")
WHOLE_BRANCHES = ["-Wa,-mbranches-within-32B-boundaries"]
# those with a single branch a bit better if they begin at a line of the cache, but not those of convolution, which are
# entered in their middle: a last branch alone in a line of the cache costs 2 or 3 percent.
OWN_FLAGS = {
    "conv2d": ["-falign-jumps=1"], "conv2d_weight": ["-falign-jumps=1"],
    "linear": ["-falign-loops=64"], "winograd": ["-falign-loops=64"], "winograd_weight": ["-falign-loops=64"],
    "optim": ["-O2"],                                   # as fast or faster, and smaller
}
# "inline" is an order, as tiles are only tiles if their constant sizes reach the loops.
INLINE = ("CYTHON_INLINE", "inline __attribute__((always_inline, unused))")
LIMITED_API = [("Py_LIMITED_API", "0x030B0000")]
DIRECTIVES = {
    "language_level": 3, "boundscheck": False, "wraparound": False, "cdivision": True, "initializedcheck": False,
    # Plain built-in functions with a signature: half of a module is otherwise Cython's own kind of function.
    "binding": False, "embedsignature": True, "embedsignature.format": "clinic",
}


def to_driver(flags: list[str]) -> list[str]:
    """Flags as the compiler's driver takes them: clang-cl hands Clang's own on."""
    return [f"/clang:{flag}" for flag in flags] if WINDOWS else flags


def switched_on(name: str) -> bool:
    return os.environ.get(name, "") not in ("", "0")


def instruction_sets() -> list[str]:
    chosen = os.environ.get("FASTCONV_BUILD_ISAS")
    if chosen:
        return [name.strip() for name in chosen.split(",")]
    return list(ISAS_OF_MACHINE.get(platform.machine().lower(), ("generic",)))


def lay_out(source: Path, folder: Path) -> Path:
    """Copy a source into the staged package, unless the same text is there already (keeps the build incremental)."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / source.name
    if not target.exists() or target.read_bytes() != source.read_bytes():
        shutil.copyfile(source, target)
    return target


def extensions() -> list[Extension]:
    from Cython.Build import cythonize

    sources = sorted(Path("src").glob("*.pyx"))
    declarations = [*sorted(Path("src").glob("*.pxd")), Path("src", "simd.h")]
    root = STAGE / "fastconv" / "_kernels"
    found = []

    def stage(package: Path, names: list[Path], macros: list[tuple[str, str]], flags: list[str]) -> None:
        package.mkdir(parents=True, exist_ok=True)
        for folder in (package, *package.relative_to(STAGE).parents):
            folder = folder if folder == package else STAGE / folder
            if folder != STAGE:
                (folder / "__init__.py").touch()
        for old in package.glob("*.pxd"):                   # of a source that was renamed: Cython would still find it
            if not Path("src", old.name).exists():
                old.unlink()
        for header in declarations:
            if (header.stem in BUILT_ONCE) == (package == root):
                lay_out(header, package)
        for source in names:
            staged = lay_out(source, package)
            name = ".".join((*package.relative_to(STAGE).parts, source.stem))
            found.append(Extension(
                name, [staged.as_posix()], include_dirs=[package.as_posix()], define_macros=[*LIMITED_API, *macros],
                extra_compile_args=to_driver([*COMPILE, *flags, *OWN_FLAGS.get(source.stem, [])]),
                extra_link_args=[*LINK], py_limited_api=True,
                depends=[(package / header.name).as_posix() for header in declarations
                         if (package / header.name).exists()],
            ))

    stage(root, [source for source in sources if source.stem in BUILT_ONCE], [], [])
    kernels = [source for source in sources if source.stem not in BUILT_ONCE]
    for isa in instruction_sets():
        vector_bytes, flags = ISAS[isa]
        for element, macros in ELEMENTS.items():
            macros = [*macros, ("FASTCONV_VECTOR_BYTES", str(vector_bytes)), INLINE]
            chosen = [source for source in kernels if element == "float32" or source.stem not in FLOAT32_ONLY]
            stage(root / isa / element, chosen, macros, flags)
    return cythonize(found, include_path=[STAGE.as_posix()], compiler_directives=DIRECTIVES,
                     nthreads=os.cpu_count() or 1 if sys.platform == "linux" else 0, quiet=True)


class BuildKernels(build_ext):
    """build_ext that compiles on all cores, with OpenMP if the compiler has it, and without baked-in library paths."""

    def finalize_options(self) -> None:
        super().finalize_options()
        if self.parallel is None:
            self.parallel = os.cpu_count() or 1

    def build_extensions(self) -> None:
        if WINDOWS:
            self.use_clang_cl()
            super().build_extensions()
            return
        linker = self.compiler.linker_so
        self.compiler.linker_so = [word for word in linker if not word.startswith("-Wl,-rpath")]
        if self.compiles("int probe;", [*GCC_ONLY, *NO_CALLS]):
            for extension in self.extensions:
                extension.extra_compile_args += GCC_ONLY
                if extension.name.rpartition(".")[2] in SHORT_RUNS:
                    extension.extra_compile_args += NO_CALLS
        if self.compiles("int probe;", WHOLE_BRANCHES):             # an assembler for x86
            for extension in self.extensions:
                if extension.name.rpartition(".")[2] in TILES:
                    extension.extra_compile_args += WHOLE_BRANCHES
        openmp = "#include <omp.h>\nint probe(void) { return omp_get_max_threads(); }\n"
        if not switched_on("FASTCONV_NO_OPENMP") and self.compiles(openmp, ["-fopenmp"]):
            for extension in self.extensions:
                if extension.name.endswith(".parallel"):
                    extension.extra_compile_args.append("-fopenmp")
                    extension.extra_link_args.append("-fopenmp")
        if switched_on("FASTCONV_SANITIZE"):
            for extension in self.extensions:
                extension.extra_compile_args += [*SANITIZE, "-O1", "-g1", "-fno-omit-frame-pointer"]
                extension.extra_link_args = [*SANITIZE, *(flag for flag in extension.extra_link_args if flag != "-s")]
        super().build_extensions()

    def use_clang_cl(self) -> None:
        """Compile with clang-cl and link with Visual Studio; kernels are serial."""
        if not self.compiler.initialized:
            self.compiler.initialize()
        self.compiler.cc = "clang-cl"
        # The library in which Clang's question for the CPU's features is answered.
        ask = ["clang", "--rtlib=compiler-rt", "--target=x86_64-pc-windows-msvc", "-print-libgcc-file-name"]
        builtins = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.strip()
        for extension in self.extensions:
            if extension.name.endswith(".cpu"):
                extension.extra_link_args.append(builtins)

    def copy_extensions_to_source(self) -> None:
        for extension in self.extensions:
            Path(*extension.name.split(".")).parent.mkdir(parents=True, exist_ok=True)
        super().copy_extensions_to_source()

    def compiles(self, text: str, flags: list[str]) -> bool:
        with tempfile.TemporaryDirectory() as folder:
            probe = Path(folder, "probe.c")
            probe.write_text(text)
            command = [self.compiler.compiler_so[0], *flags, "-fPIC", "-shared", str(probe), "-o",
                       str(probe.with_suffix(".so"))]
            try:
                return subprocess.run(command, capture_output=True, timeout=60).returncode == 0
            except OSError:
                return False


os.chdir(HERE)
if switched_on("FASTCONV_NO_EXTENSIONS"):
    setup()
else:
    setup(ext_modules=extensions(), cmdclass={"build_ext": BuildKernels},
          options={"bdist_wheel": {"py_limited_api": "cp311"}})
