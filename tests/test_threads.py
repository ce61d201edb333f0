"""How many threads, why, and what threads must not change."""

import os
from pathlib import Path

import numpy as np
import pytest
from subprocesses import output, python

import fastconv as fc
from fastconv import _backend, _threads
from fastconv import functional as F

compiled = pytest.mark.skipif(_backend.ISA is None, reason="built without extensions")
COUNT = "import fastconv as fc; print(fc.get_num_threads())"


@pytest.mark.parametrize(
    ("n", "error"),
    [(0, ValueError), (-1, ValueError), (1025, ValueError), (10**9, ValueError), (2.5, TypeError), ("2", TypeError),
     (True, TypeError), (None, TypeError)],
)
@pytest.mark.parametrize("function", [fc.set_num_threads, fc.threads])
def test_impossible_counts_are_refused(function: object, n: object, error: type[Exception]) -> None:
    before = fc.get_num_threads()
    with pytest.raises(error, match="n must be"), function(n):  # type: ignore[operator]
        pass
    assert fc.get_num_threads() == before


def test_counts_are_set_and_put_back() -> None:
    fc.set_num_threads(np.int64(3))  # type: ignore[arg-type]
    assert fc.get_num_threads() == 3
    with fc.threads(2):
        assert fc.get_num_threads() == 2
    assert fc.get_num_threads() == 3


def test_default_is_what_the_process_may_use() -> None:
    if not hasattr(os, "sched_getaffinity"):
        pytest.skip("a system without affinity")
    assert int(output(COUNT)) <= len(os.sched_getaffinity(0))
    assert output("import os; os.sched_setaffinity(0, [min(os.sched_getaffinity(0))]); " + COUNT) == "1"


@pytest.mark.parametrize(
    ("environment", "count"),
    [({"FASTCONV_NUM_THREADS": "3"}, 3), ({"OMP_NUM_THREADS": "5"}, 5), ({"OMP_NUM_THREADS": "4,2"}, 4),
     ({"FASTCONV_NUM_THREADS": "3", "OMP_NUM_THREADS": "5"}, 3)],
)
def test_environment_sets_the_default(environment: dict[str, str], count: int) -> None:
    assert output(COUNT, **environment) == str(count)


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5", "100000"])
def test_a_bad_variable_gives_one_warning_and_the_default(value: str) -> None:
    code = "import warnings; warnings.simplefilter('always'); " + COUNT
    done = python(code, FASTCONV_NUM_THREADS=value)
    assert done.returncode == 0 and done.stdout == output(COUNT) + "\n"
    assert done.stderr.count("RuntimeWarning") == 1 and "FASTCONV_NUM_THREADS" in done.stderr


def cgroup(folder: Path, membership: str, files: dict[str, str]) -> float | None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "membership").write_text(membership)
    return _threads._quota(folder / "fs", folder / "membership")


def version_1(folder: str, quota: int) -> dict[str, str]:
    return {f"{folder}/cpu.cfs_quota_us": str(quota), f"{folder}/cpu.cfs_period_us": "100000"}


@pytest.mark.parametrize(
    ("membership", "files", "quota"),
    [
        ("0::/a/b\n", {"fs/a/b/cpu.max": "max 100000\n"}, None),
        ("0::/a/b\n", {"fs/a/b/cpu.max": "150000 100000\n"}, 1.5),
        ("0::/a/b\n", {"fs/a/cpu.max": "100000 100000\n", "fs/a/b/cpu.max": "max 100000\n"}, 1.0),
        ("0::/\n", {"fs/cpu.max": "200000 100000\n"}, 2.0),
        ("0::/../../x\n", {}, None),
        ("4:cpu,cpuacct:/a\n", version_1("fs/cpu,cpuacct/a", 50000), 0.5),
        ("4:cpu:/a\n", version_1("fs/cpu/a", -1), None),
        ("0::/a\n", {"fs/a/cpu.max": "nonsense\n"}, None),
    ],
)
def test_cpu_quota_of_control_groups(
    tmp_path: Path, membership: str, files: dict[str, str], quota: float | None
) -> None:
    assert cgroup(tmp_path, membership, files) == quota


def test_a_quota_limits_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_threads, "_quota", lambda: 0.5)
    count, reason = _threads._usable()
    assert count == 1 and ("quota" in reason or os.cpu_count() == 1)


FORK = """
import os, numpy as np, fastconv as fc
from fastconv import functional as F
fc.set_num_threads(2)
x = np.random.default_rng(0).random((8, 16, 32, 32), np.float32)
w = np.random.default_rng(1).random((16, 16, 3, 3), np.float32)
expected = F.conv2d(x, w)
for _ in range(5):
    pid = os.fork()
    if pid == 0:
        fc.set_num_threads(2)
        same = np.array_equal(F.conv2d(x, w), expected)
        os._exit(0 if same and fc.get_num_threads() == 1 else 1)
    print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
print(fc.get_num_threads())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a system without fork")
def test_a_fork_computes_with_one_thread() -> None:
    assert output(FORK).split() == ["0"] * 5 + ["2"]


INTERRUPT = """
import os, signal, threading, time, numpy as np, fastconv as fc
from fastconv import functional as F
x = np.zeros((64, 64, 112, 112), np.float32)
w = np.zeros((128, 64, 3, 3), np.float32)
sent = []
def send():
    sent.append(time.monotonic())
    os.kill(os.getpid(), signal.SIGINT)
F.conv2d(x[:1], w)
threading.Timer(0.15, send).start()
try:
    while True:
        F.conv2d(x, w)
except KeyboardInterrupt:
    late = time.monotonic() - sent[0]
print(F.conv2d(np.ones((1, 1, 2, 2)), np.ones((1, 1, 2, 2))).item(), late < 0.3)
"""


@compiled
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_long_call_notices_ctrl_c(threads: str) -> None:
    assert output(INTERRUPT, FASTCONV_NUM_THREADS=threads) == "4.0 True"


FLOAT_MODE = """
import ctypes, numpy as np, threading
def mode():
    env = ctypes.create_string_buffer(64)
    ctypes.CDLL(None).fegetenv(env)
    return int.from_bytes(env.raw[28:32], "little") & ~0x3f     # without the flags: NumPy raises some of its own
before = mode()
import fastconv as fc
from fastconv import functional as F
fc.set_num_threads(2)
seen = [mode()]
x = np.full((4, 8, 32, 32), 1e-40, np.float32)
for call in (lambda: F.conv2d(x, np.ones((8, 8, 1, 1), np.float32)), lambda: F.relu(x), lambda: F.avg_pool2d(x, 2)):
    assert (call() > 0).all()
    seen.append(mode())
fc.set_flush_subnormals(True)
assert (F.conv2d(x, np.ones((8, 8, 1, 1), np.float32)) == 0).all()
seen.append(mode())
fc.set_flush_subnormals(False)
thread = threading.Thread(target=lambda: seen.append(mode()))
thread.start(); thread.join()
print(set(seen) == {before})
"""


@compiled
@pytest.mark.skipif("x86" not in str(_backend.ISA), reason="reads the x86 control register")
def test_the_floating_point_mode_of_the_process_is_untouched() -> None:
    assert output(FLOAT_MODE) == "True"


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_conv2d_has_the_same_bits_for_any_number_of_threads(dtype: type) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((6, 8, 19, 23)).astype(dtype)
    w = rng.standard_normal((10, 8, 3, 3)).astype(dtype)
    grad = rng.standard_normal((6, 10, 19, 23)).astype(dtype)
    results = set()
    for n in (1, 2, 3, 8, 64):
        with fc.threads(n):
            arrays = (F.conv2d(x, w, padding=1), *F.conv2d_backward(grad, x, w, padding=1))
        results.add(b"".join(a.tobytes() for a in arrays if a is not None))
    assert len(results) == 1
