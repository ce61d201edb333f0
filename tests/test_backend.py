"""The choice of backend and instruction set."""

import threading

import numpy as np
import pytest
from subprocesses import output, python

import fastconv as fc
from fastconv import _backend
from fastconv import functional as F

RUN = """
import numpy as np
from fastconv import functional as F
x = np.arange(2 * 3 * 9 * 9, dtype=np.float32).reshape(2, 3, 9, 9) % 7 - 3
w = np.arange(4 * 3 * 3 * 3, dtype=np.float32).reshape(4, 3, 3, 3) % 5 - 2
print(F.conv2d(x, w, padding=1, stride=2).tobytes().hex())
"""


@pytest.mark.parametrize("isa", _backend.runnable())
def test_every_instruction_set_gives_the_same_bits_on_integers(isa: str) -> None:
    assert output(RUN, FASTCONV_ISA=isa) == output(RUN, FASTCONV_BACKEND="python")


@pytest.mark.parametrize("isa", _backend.runnable())
def test_isa_variable_is_obeyed(isa: str) -> None:
    code = "import fastconv as fc; print(fc.show_config(mode='dicts')['instruction sets']['active'])"
    assert output(code, FASTCONV_ISA=isa) == isa


@pytest.mark.parametrize("name", ["FASTCONV_ISA", "FASTCONV_BACKEND"])
def test_an_impossible_choice_is_an_import_error_that_names_it(name: str) -> None:
    done = python("import fastconv", **{name: "z80"})
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError") and name in last and "'z80'" in last and "available" in last


@pytest.mark.skipif("x86_64_v4" in _backend.runnable() or not _backend.runnable(), reason="needs a CPU without AVX-512")
def test_an_instruction_set_that_the_cpu_lacks_is_an_import_error() -> None:
    done = python("import fastconv", FASTCONV_ISA="x86_64_v4")
    assert done.returncode == 1 and "FASTCONV_ISA='x86_64_v4'" in done.stderr


@pytest.mark.parametrize("name", fc.available_backends())
def test_backend_variable_is_obeyed(name: str) -> None:
    assert output("import fastconv as fc; print(fc.get_backend())", FASTCONV_BACKEND=name) == name


def test_use_backend_nests_and_ends() -> None:
    before = fc.get_backend()
    with fc.use_backend("numpy"):
        with fc.use_backend("python"):
            assert fc.get_backend() == "python"
        assert fc.get_backend() == "numpy"
    assert fc.get_backend() == before


def test_use_backend_ends_on_error() -> None:
    before = fc.get_backend()
    with pytest.raises(ValueError, match="x"), fc.use_backend("python"):
        raise ValueError("x")
    assert fc.get_backend() == before


def test_use_backend_is_seen_by_its_own_thread_only() -> None:
    seen = []
    with fc.use_backend("python"):
        thread = threading.Thread(target=lambda: seen.append(fc.get_backend()))
        thread.start()
        thread.join()
    assert seen == [fc.get_backend()]


def test_set_backend_holds_for_other_threads() -> None:
    before, seen = fc.get_backend(), []
    try:
        fc.set_backend("numpy")
        thread = threading.Thread(target=lambda: seen.append(fc.get_backend()))
        thread.start()
        thread.join()
    finally:
        fc.set_backend(before)
    assert seen == ["numpy"]


def test_the_backend_in_use_is_the_one_that_computes(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    monkeypatch.setattr(_backend.ops(np.dtype(np.float32)), "relu", lambda x, y: calls.append(backend))
    F.relu(np.zeros(3, np.float32))
    assert calls == [backend]


@pytest.mark.parametrize("choose", [fc.set_backend, fc.use_backend])
@pytest.mark.parametrize(("name", "error"), [("torch", ValueError), (None, TypeError), (1, TypeError)])
def test_unknown_backends_are_refused(choose: object, name: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="name must be"), choose(name):  # type: ignore[operator]
        pass


def test_show_config_prints_what_runs(capsys: pytest.CaptureFixture[str]) -> None:
    fc.show_config()
    printed = capsys.readouterr().out
    assert f"backend:          {fc.get_backend()}" in printed
    assert f"threads:          {fc.get_num_threads()} (" in printed
    with pytest.raises(ValueError, match="mode"):
        fc.show_config(mode="yaml")  # type: ignore[call-overload]
