"""The kernels with all mutants in them, built once with little optimisation, in a copy of the package."""

import contextlib
import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest import mock

import fastconv

from .switch import HEADER, Mutant, switched

ROOT = Path(__file__).parents[3]
SOURCES = ROOT / "src"
ELEMENTS = {"float32": [], "float64": ["-DFASTCONV_DOUBLE=1"]}
ERROR = re.compile(r"([\w./]+\.(?:pyx|pxd)):(\d+):")


def can_build() -> bool:
    """Whether there are a compiler and Cython here."""
    return shutil.which(compiler()) is not None and subprocess.run(
        [sys.executable, "-m", "cython", "--version"], capture_output=True).returncode == 0


def compiler() -> str:
    return str(sysconfig.get_config_var("CC") or "cc").split()[0]


def recipe() -> dict[str, Any]:
    """The names of setup.py: instruction sets, flags and directives."""
    with (mock.patch("setuptools.setup"), mock.patch.dict(os.environ, FASTCONV_NO_EXTENSIONS="1"),
          contextlib.chdir(ROOT)):
        return runpy.run_path("setup.py")


def sources_of(modules: Iterable[str]) -> list[Path]:
    """The files of modules and those that they include with cimport."""
    found: list[Path] = []
    waiting = [SOURCES / f"{module}.pyx" for module in modules]
    while waiting:
        path = waiting.pop()
        if path not in found:
            found.append(path)
            names = re.findall(r"^from \.(\w+) cimport", path.read_text(encoding="utf-8"), re.MULTILINE)
            waiting += [SOURCES / f"{name}.pxd" for name in names]
    return sorted(found)


def copy_package(site: Path, isa: str) -> Path:
    """A copy of fastconv with one instruction set, whose extensions are links; the folder of that."""
    package = Path(fastconv.__file__).parent
    shutil.copytree(package, site / "fastconv", ignore=shutil.ignore_patterns("*.so", "__pycache__", "x86_64_*"))
    kernels = site / "fastconv" / "_kernels"
    for path in package.glob("_kernels/*.so"):
        (kernels / path.name).symlink_to(path)
    for path in package.glob(f"_kernels/{isa}/*/*.so"):
        (kernels / isa / path.parent.name).mkdir(parents=True, exist_ok=True)
        (kernels / isa / path.parent.name / path.name).symlink_to(path)
    return kernels / isa


def build(folder: Path, modules: list[str], elements: list[str], isa: str, mutants: list[Mutant]) -> list[Mutant]:
    """Build these modules under folder/site; the mutants that compile and are part of them."""
    setup = recipe()
    kernels = copy_package(folder / "site", isa)
    stage = folder / "cython" / "fastconv" / "_kernels" / isa / "float32"
    stage.mkdir(parents=True)
    for package in (stage, *list(stage.parents)[:3]):
        (package / "__init__.py").touch()
    shutil.copyfile(SOURCES / "parallel.pxd", stage.parents[1] / "parallel.pxd")
    for path in (*SOURCES.glob("*.pxd"), SOURCES / "simd.h"):
        shutil.copyfile(path, stage / path.name)
    (stage / "mutant.h").write_text(HEADER, encoding="utf-8")
    flags = [flag for flag in setup["COMPILE"] if not flag.startswith("-O")] + setup["ISAS"][isa][1]
    macros = [f"-D{name}={value}" for name, value in [*setup["LIMITED_API"], setup["INLINE"]]]
    macros += [f"-DFASTCONV_VECTOR_BYTES={setup['ISAS'][isa][0]}", f"-DMUTANTS={len(mutants) + 1}"]
    directives = [word for name, value in setup["DIRECTIVES"].items() for word in ("-X", f"{name}={value}")]
    for module in modules:
        while True:
            lines = write(stage, module, mutants)
            translate = [sys.executable, "-m", "cython", "--line-directives", *directives, "-I", str(folder / "cython"),
                         "--module-name", f"fastconv._kernels.{isa}.float32.{module}", str(stage / f"{module}.pyx")]
            bad = errors(translate, lines)
            for element in [e for e in elements if e == "float32" or module not in setup["FLOAT32_ONLY"]]:
                target = kernels / element / f"{module}.abi3.so"
                target.unlink(missing_ok=True)
                compile_ = [compiler(), "-shared", "-fPIC", "-w", "-O1", *flags, *macros, *ELEMENTS[element],
                            f"-I{sysconfig.get_path('include')}", f"-I{stage}", str(stage / f"{module}.c"), "-o",
                            str(target), "-lm"]
                bad = bad or errors(compile_, lines)
            if not bad:
                break
            mutants = [mutant for mutant in mutants if mutant.number not in bad]
    # A module gets only those inline functions that it calls.
    written = {int(n) for path in stage.glob("*.c") for n in re.findall(r"mutant\((\d+)\)", path.read_text("utf-8"))}
    return [mutant for mutant in mutants if mutant.number in written]


def write(stage: Path, module: str, mutants: list[Mutant]) -> dict[tuple[str, int], list[int]]:
    """Write the sources of a module with these mutants in them; whose mutants each line is."""
    lines = {}
    for path in sources_of([module]):
        here = [mutant for mutant in mutants if mutant.statement.file == path.name]
        if here:
            text, numbers = switched(path.read_text(encoding="utf-8"), here)
            lines |= {(path.name, line): owners for line, owners in numbers.items()}
        else:
            text = path.read_text(encoding="utf-8")
        (stage / path.name).write_text(text, encoding="utf-8")
    return lines


def errors(command: list[str], lines: dict[tuple[str, int], list[int]]) -> set[int]:
    """Numbers of the mutants that a compiler refuses."""
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode == 0:
        return set()
    places = [(Path(name).name, int(line)) for name, line in ERROR.findall(done.stderr)]
    bad = {number for place in places for number in lines.get(place, ())}
    if not bad:
        raise RuntimeError(f"{' '.join(command)}\n{done.stderr[-3000:]}")
    return bad
