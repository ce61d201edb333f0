"""Downloads, from a server of this test's own."""

import gzip
import hashlib
import http.server
import importlib
import io
import tarfile
import threading
from functools import partial

import numpy as np
import pytest

import fastconv as fc
from fastconv.data import _sources
from fastconv.data._sources import Source

from .files import cifar, cifar10_files, four_files

pytest.importorskip("pooch")


class Server(http.server.ThreadingHTTPServer):
    """Serves the files of a dictionary by path, and notes what was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.files, self.asked = {}, []

    def address(self, folder):
        return f"http://127.0.0.1:{self.server_port}/{folder}/"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.files.get(self.path)
        if content is None:
            self.send_error(404, "Not Found")
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if self.path.startswith("/short/") else content)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def md5(content):
    return hashlib.md5(content).hexdigest()


def published(server, files, folders=("good",)):
    """Serve files from a folder, and return a source of them with these mirrors."""
    server.files |= {f"/good/{name}": content for name, content in files.items()}
    return Source(tuple(map(server.address, folders)), {name: md5(content) for name, content in files.items()})


PACKED, WRITTEN = four_files(partial(gzip.compress, mtime=0), ending=".gz")


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "kmnist"])
def test_four_files(server, tmp_path, monkeypatch, name):
    monkeypatch.setattr(_sources, name.upper(), published(server, PACKED))
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        splits = getattr(fc.data, name)(folder, download=True)
        for split, (images, labels) in zip(splits, WRITTEN, strict=True):
            assert np.array_equal(split.X[:, 0], images) and np.array_equal(split.y, labels)
    assert sorted(server.asked) == sorted(f"/good/{name}" for name in PACKED)  # once each
    assert sorted(path.name for path in folder.iterdir()) == sorted(PACKED)


def test_files_that_are_there_stay(server, tmp_path, monkeypatch):
    monkeypatch.setattr(_sources, "MNIST", published(server, PACKED))
    plain, _ = four_files()
    (tmp_path / "train-images-idx3-ubyte").write_bytes(plain["train-images-idx3-ubyte"])
    fc.data.mnist(tmp_path, download=True)
    assert len(server.asked) == 3 and "/good/train-images-idx3-ubyte.gz" not in server.asked


def test_mirrors_are_tried_in_turn(server, tmp_path, monkeypatch):
    """They have nothing, have other files, break off, and do not answer; the last one is right."""
    source = published(server, PACKED, ("missing", "wrong", "short", "good"))
    server.files |= {f"/wrong/{name}": content[:-1] for name, content in PACKED.items()}
    server.files |= {f"/short/{name}": content for name, content in PACKED.items()}
    *bad, good = source.mirrors
    source = source._replace(mirrors=(*bad, "http://127.0.0.1:1/", good))
    monkeypatch.setattr(_sources, "MNIST", source)
    train, _ = fc.data.mnist(tmp_path, download=True)
    assert np.array_equal(train.X[:, 0], WRITTEN[0][0])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(PACKED)


def test_all_mirrors_fail(server, tmp_path, monkeypatch):
    source = published(server, PACKED, ("missing", "wrong"))
    server.files |= {f"/wrong/{name}": content[:-1] for name, content in PACKED.items()}
    missing, wrong = source.mirrors
    monkeypatch.setattr(_sources, "MNIST", source._replace(mirrors=(missing, wrong, "http://127.0.0.1:1/")))
    with pytest.raises(ConnectionError) as caught:
        fc.data.mnist(tmp_path, download=True)
    first, *attempts = str(caught.value).splitlines()
    assert first == "train-images-idx3-ubyte.gz could not be downloaded from any of 3 mirrors:"
    assert len(attempts) == 3
    for attempt, address, reason in zip(
        attempts, (missing, wrong, "http://127.0.0.1:1/"), ("404", "hash", "refused"), strict=True
    ):
        assert attempt.startswith(f"  {address}train-images-idx3-ubyte.gz: ") and reason in attempt
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_no_matter_of_mirrors(server, tmp_path, monkeypatch):
    monkeypatch.setattr(_sources, "MNIST", published(server, PACKED))
    (tmp_path / "file").write_text("")
    with pytest.raises((FileExistsError, NotADirectoryError), match="file"):
        fc.data.mnist(tmp_path / "file" / "folder", download=True)


def archive(inner, files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{inner}/{name}")
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return stream.getvalue()


def test_cifar10(server, tmp_path, monkeypatch):
    files, (images, labels) = cifar10_files()
    content = archive("cifar-10-batches-bin", files | {"../evil": b"outside"})
    monkeypatch.setattr(_sources, "CIFAR10", published(server, {"cifar-10-binary.tar.gz": content}))
    for _ in range(2):
        train, test = fc.data.cifar10(tmp_path / "new", download=True)
        assert np.array_equal(train.X, images) and np.array_equal(train.y, labels)
        assert len(test.X) == 4 and test.classes[9] == "truck"
    (tmp_path / "new" / "cifar-10-batches-bin" / "data_batch_2.bin").unlink()  # as if unpacking had been interrupted
    assert np.array_equal(fc.data.cifar10(tmp_path / "new", download=True)[0].X, images)
    assert len(server.asked) == 1
    assert sorted(path.name for path in (tmp_path / "new").rglob("*.*")) == sorted([*files, "cifar-10-binary.tar.gz"])


def test_cifar100(server, tmp_path, monkeypatch):
    records = cifar(5, labels=2, classes=20)
    files = {
        "train.bin": records[2],
        "test.bin": records[2],
        "fine_label_names.txt": "\n".join(map(str, range(100))).encode(),
        "coarse_label_names.txt": "\n".join(map(str, range(20))).encode(),
    }
    content = archive("cifar-100-binary", files)
    monkeypatch.setattr(_sources, "CIFAR100", published(server, {"cifar-100-binary.tar.gz": content}))
    train, _ = fc.data.cifar100(tmp_path, download=True)
    assert np.array_equal(train.X, records[0]) and np.array_equal(train.y, records[1][:, 1])


def test_an_archive_without_a_file(server, tmp_path, monkeypatch):
    content = archive("cifar-100-binary", {"train.bin": b""})
    monkeypatch.setattr(_sources, "CIFAR100", published(server, {"cifar-100-binary.tar.gz": content}))
    with pytest.raises(ValueError, match=r"cifar-100-binary.tar.gz: there is no cifar-100-binary/test.bin"):
        fc.data.cifar100(tmp_path, download=True)


def test_without_pooch(tmp_path, monkeypatch):
    real = importlib.import_module

    def without(name, *args):
        if name == "pooch":
            raise ModuleNotFoundError("No module named 'pooch'", name="pooch")
        return real(name, *args)

    monkeypatch.setattr("importlib.import_module", without)
    with pytest.raises(ImportError, match=r"^fastconv.data with download=True needs pooch: .*'fastconv\[data\]'"):
        fc.data.mnist(tmp_path, download=True)


@pytest.mark.parametrize("name", ["MNIST", "FASHION_MNIST", "KMNIST", "CIFAR10", "CIFAR100"])
def test_sources_have_addresses_and_sums(name):
    source = getattr(_sources, name)
    assert len(source.mirrors) >= 2
    assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in source.mirrors)
    sums = list(source.md5.values())
    assert len(set(sums)) == len(sums) and all(len(bytes.fromhex(one)) == 16 for one in sums)
