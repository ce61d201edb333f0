"""What is delivered runs wherever it says that it runs: the extensions of a wheel, or of the package in use.

The wheel is named by FASTCONV_WHEEL=path.whl; without it the extensions that were imported are inspected.
"""

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from pathlib import Path

import numpy as np

import fastconv

from .promise import Promise, Tally

ROOT = Path(__file__).parents[2]
PREFIX = r"^ *[0-9a-f]+:\t(?:(?:66|f2|f3|2e|36|3e|26|64|65|f0|4[0-9a-f]) )*"
# What an instruction begins with in the encodings of AVX and AVX-512 (62 is nothing else in 64-bit mode), and the
# instructions of x86-64-v3 that look like older ones.
VEX = re.compile(PREFIX + r"c[45] .*", re.MULTILINE)
EVEX = re.compile(PREFIX + r"62 .*", re.MULTILINE)
OTHER_V3 = re.compile(r"^.*\t(?:lzcnt|movbe)\w* .*", re.MULTILINE)
FORBIDDEN = {"x86_64_v3": (EVEX,), "x86_64_v4": ()}  # in any other module all of them
LIBRARIES = {"libc.so.6", "libm.so.6"}
PARALLEL_LIBRARIES = LIBRARIES | {"libgomp.so.1", "ld-linux-x86-64.so.2"}  # the loader finds variables of threads
NEWEST_GLIBC = (2, 29)  # RHEL 9, Debian 11, Ubuntu 20.04
# Symbols that need not exist: of the linker and of transactional memory.
WEAK = re.compile(r"_ITM_\w+|__gmon_start__")


def output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"LC_ALL": "C"}).stdout


def faults(path: Path, place: str) -> list[str]:
    """What is wrong with one extension; place: its path inside the package."""
    isa = next((part for part in Path(place).parts if part.startswith("x86_64_")), "any")
    found = []
    code = output("objdump", "-dw", str(path))
    for pattern in FORBIDDEN.get(isa, (VEX, EVEX, OTHER_V3)):
        if match := pattern.search(code):
            found.append(f"an instruction that its CPUs need not have: {' '.join(match.group().split())}")
    header = output("readelf", "-lW", str(path))
    if not re.search(r"GNU_STACK .* RW +0x", header):
        found.append("an executable stack")
    if re.search(r"LOAD .* (?:RWE|WE) ", header):
        found.append("a segment that is writable and executable")
    dynamic = output("readelf", "-dW", str(path))
    for tag in ("RPATH", "RUNPATH", "TEXTREL"):
        if f"({tag})" in dynamic:
            found.append(f"a {tag}")
    needed = set(re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic))
    if extra := needed - (PARALLEL_LIBRARIES if Path(place).name.startswith("parallel.") else LIBRARIES):
        found.append(f"needs {', '.join(sorted(extra))}")
    symbols = re.findall(r"GLOBAL +DEFAULT +UND +(\S+)", output("readelf", "--dyn-syms", "-W", str(path)))
    for name in symbols:
        if not re.match(r"_?Py", name) and "@" not in name and not WEAK.fullmatch(name):
            found.append(f"{name} is of no library that it needs")
    versions = [tuple(map(int, v.split("."))) for s in symbols for v in re.findall(r"@GLIBC_([\d.]+)", s)]
    if versions and max(versions) > NEWEST_GLIBC:
        found.append(f"needs glibc {'.'.join(map(str, max(versions)))}")
    return found


def extensions(folder: Path) -> list[Path]:
    return sorted(folder.glob("**/*.so"))


def inspect(n: int, rng: np.random.Generator) -> Tally:
    """Every extension, or n of them."""
    if sys.platform != "linux" or sysconfig.get_platform() != "linux-x86_64":
        return Tally(notes=["not tried: it is about x86-64 and ELF"])
    if not (shutil.which("objdump") and shutil.which("readelf")):
        return Tally(notes=["not tried: it needs objdump and readelf"])
    wheel = os.environ.get("FASTCONV_WHEEL")
    tally = Tally()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(fastconv.__file__).parent
        if wheel:
            folder = Path(name)
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(folder)
        found = extensions(folder)
        for i in sorted(rng.permutation(len(found))[:n]):
            place = found[i].relative_to(folder).as_posix()
            tally.tried += 1
            tally.lost += [f"{place}: {fault}" for fault in faults(found[i], place)]
    tally.notes.append(f"{tally.tried} of {len(found)} extensions of {Path(wheel).name if wheel else 'the package'}")
    if wheel:
        tally += audits(wheel)
    return tally


def audits(wheel: str) -> Tally:
    """What auditwheel and abi3audit say, if they are installed."""
    tally = Tally()
    if shutil.which("auditwheel"):
        said = " ".join(output("auditwheel", "show", wheel).split())
        platform = re.search(r"constrains the platform tag to \"(\w+)\"", said)
        tally.notes.append(f"auditwheel: {platform.group(1) if platform else said}")
    if shutil.which("abi3audit"):
        done = subprocess.run(["abi3audit", "--strict", "--summary", wheel], capture_output=True, text=True)
        said = " ".join((done.stdout + done.stderr).split())
        (tally.lost if done.returncode else tally.notes).append(f"abi3audit: {said.partition('.whl: ')[2] or said}")
    return tally


def build_twice(n: int, rng: np.random.Generator) -> Tally:
    """Two wheels of one sdist, made in different folders, byte by byte."""
    tally = Tally()
    if n == 0:
        tally.notes.append("not tried: two builds take minutes")
        return tally
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = os.environ | {"SOURCE_DATE_EPOCH": "1700000000"}
        subprocess.run([sys.executable, "-c", f"from setuptools import build_meta; build_meta.build_sdist({name!r})"],
                       cwd=ROOT, env=environment | {"FASTCONV_NO_EXTENSIONS": "1"}, check=True, capture_output=True)
        sdist = next(folder.glob("*.tar.gz"))
        wheels = []
        for _ in range(n + 1):
            target = folder / f"wheel{len(wheels)}"
            subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation",
                            "--no-cache-dir", "--wheel-dir", str(target), str(sdist)],
                           env=environment, check=True, capture_output=True)
            wheels.append(next(target.glob("*.whl")))
            tally.tried = len(wheels) - 1
            if tally.tried and wheels[0].read_bytes() != wheels[-1].read_bytes():
                tally.lost += different(*wheels[-2:]) or ["the archives differ, but no file in them"]
        tally.notes.append(f"{wheels[0].name}, {wheels[0].stat().st_size:,} bytes")
    return tally


def different(one: Path, two: Path) -> list[str]:
    """The files that differ between two wheels."""
    with zipfile.ZipFile(one) as a, zipfile.ZipFile(two) as b:
        names = sorted({*a.namelist(), *b.namelist()})
        return [f"{name} differs" for name in names
                if name not in a.namelist() or name not in b.namelist() or a.read(name) != b.read(name)]


PROMISES = [
    Promise("wheel", "no instruction that a module's CPUs need not have, no executable stack, no RPATH, no library but "
            "libc, libm and libgomp, no symbol newer than glibc 2.29", 74, 74, inspect),
    Promise("reproducible", "two builds of one sdist are the same bytes", 0, 1, build_twice),
]
