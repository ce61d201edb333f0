"""What is on the page, and what is said where a file is missing or damaged."""

import json
import re

import numpy as np
import pytest

import fastconv as fc
from fastconv.cli import main
from fastconv.report.run import MOST_BYTES, read_config

from .reading import Page

SECTIONS = ["learning", "mistakes", "filters", "image", "layers", "configuration"]
# Which sections each file is needed for.
NEEDED = {
    "history.csv": {"learning"},
    "config.json": {"configuration"},
    "model.npz": {"mistakes", "filters", "image", "layers"},
}


def report(folder, *more):
    assert main(["report", str(folder), *more]) == 0
    return page_of(folder)


def page_of(folder):
    return Page((folder / "report.html").read_text())


def left_out(page):
    return {name for name in SECTIONS if "Left out:" in page.texts[name]}


def test_a_whole_run(reported):
    page = page_of(reported)
    assert [attributes["id"] for attributes in page.named("section")] == SECTIONS and not left_out(page)
    model = fc.models.lenet5(rng=0)
    model.eval()
    _, (images, labels) = fc.data.digits(32)
    logits = model(images)
    right = int((logits.argmax(axis=1) == labels).sum())
    outside = page.texts[""]
    assert "lenet5 on digits" in outside and "my run" in outside
    assert f"{100 * right / 360:.2f} %" in outside and "61,706" in outside and "416,520" in outside
    assert f"{fc.functional.cross_entropy(logits, labels):.4f}" in outside
    assert f"{right} of 360 are right" in page.texts["mistakes"]
    assert page.texts["mistakes"].count("→") == 1 + 24  # the explanation and the worst
    for text in ("training (last: 0.5)", "validation (last: 87.5)", "accuracy (%)"):
        assert text in page.texts["learning"]
    assert "6 filters 5 × 5" in page.texts["filters"] and "conv2" in page.texts["filters"]
    for text in ("conv1 (Conv2d) 6 × 28 × 28", "linear3 (Linear) 10", "pool2: 16 × 16", "|gradient|"):
        assert text in page.texts["image"]
    assert "48,120" in page.texts["layers"] and "backward ms" in page.texts["layers"]
    assert "0.004" in page.texts["configuration"]


def test_it_needs_nothing_else(reported):
    page = page_of(reported)
    text = (reported / "report.html").read_text()
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.elements}
    for name in ("src", "href", "xlink:href"):
        for _, attributes in page.elements:
            assert attributes.get(name, "#").startswith(("#", "data:image/png;base64,"))
    assert "http" not in re.sub(r'xmlns(:xlink)?="[^"]*"|http-equiv', "", text)
    assert "@import" not in text and set(re.findall(r"url\((.)", text)) == {"#"}
    assert all(attributes["alt"] for attributes in page.named("img"))
    assert all(attributes["aria-label"] for attributes in page.named("svg"))
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("name", NEEDED)
def test_without_a_file(folder, name):
    (folder / name).unlink()
    page = report(folder)
    assert left_out(page) == NEEDED[name]
    for section in NEEDED[name]:
        assert f"there is no {folder / name}" in page.texts[section]


@pytest.mark.parametrize("content", [b"", b"epoch,loss\n1\n", b"[" * 10**5])
def test_damaged_files(folder, content):
    for name in NEEDED:
        (folder / name).write_bytes(content)
    page = report(folder)
    assert left_out(page) == {*SECTIONS} and "A run" in page.texts[""]
    for name, sections in NEEDED.items():
        for section in sections:
            assert str(folder / name) in page.texts[section]


def test_a_history_without_an_epoch(folder):
    (folder / "history.csv").write_text("epoch,loss\n")
    (folder / "model.npz").unlink()
    assert f"{folder / 'history.csv'}: has no epoch" in report(folder).texts["learning"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b" " * (MOST_BYTES + 1), "is larger"),
        (b"[" * 10**5, "is nested too"),
        (b"[1]", "must be a JSON object"),
    ],
)
def test_what_is_no_configuration(tmp_path, content, reason):
    path = tmp_path / "config.json"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=reason) as caught:
        read_config(str(path))
    assert str(caught.value).startswith(f"{path}: ")


def test_only_a_history(folder):
    (folder / "config.json").unlink()
    (folder / "model.npz").unlink()
    page = report(folder)
    assert left_out(page) == {*SECTIONS} - {"learning"} and "A run" in page.texts[""]


def test_images_that_are_not_where_they_were(folder, tmp_path):
    (folder / "config.json").write_text(json.dumps({"data": str(tmp_path / "gone"), "model": "lenet5"}))
    page = report(folder)
    assert left_out(page) == {"mistakes", "image"} and "gone" in page.texts["image"]
    assert not left_out(report(folder, "--data", "digits"))


def test_data_that_is_no_name(folder):
    (folder / "config.json").write_text('{"data": 3}')
    page = report(folder)
    assert left_out(page) == {"mistakes", "image"} and "names no data" in page.texts["mistakes"]


def test_labels_that_the_model_does_not_know(folder):
    meta = {"model": "lenet5", "num_classes": 3, "input_size": 32}
    fc.save_weights(folder / "model.npz", fc.models.lenet5(3, rng=0), meta)
    page = report(folder)
    assert left_out(page) == {"mistakes", "image"} and "knows 3 classes" in page.texts["mistakes"]


def test_names_of_classes(folder):
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    (folder / "config.json").write_text(json.dumps({"data": "digits", "class_names": names}))
    _, *pairs = re.findall("([a-z]+) → ([a-z]+)", report(folder).texts["mistakes"])
    assert len(pairs) == 24 and {name for pair in pairs for name in pair} <= set(names)
    (folder / "config.json").write_text(json.dumps({"data": "digits", "class_names": ["too", "few"]}))
    assert re.search("[0-9] → [0-9]", report(folder).texts["mistakes"])


def test_a_model_that_is_always_right(folder, monkeypatch):
    (images, _) = fc.data.digits(32)[1]
    model = fc.models.lenet5(rng=0)
    model.eval()
    guesses = model(images).argmax(axis=1)
    train, (images, _) = fc.data.digits(32)
    monkeypatch.setattr(fc.data, "digits", lambda size: (train, fc.data.Split(images, guesses)))
    page = report(folder)
    assert "No test image is classified wrongly." in page.texts["mistakes"] and "100.00 %" in page.texts[""]


HOSTILE = "</style></section><script>document.title='owned'</script><img src=x onerror=alert(1)>\"'&$a^$\x00\ud800"


def test_what_comes_from_files_is_text(folder):
    quoted = '"' + HOSTILE.encode(errors="replace").decode().replace('"', '""').replace("\x00", "") + '"'
    (folder / "history.csv").write_text(f"epoch,{quoted}\n1,1.0\n2,nan\n3,inf\n")
    config = {
        "data": "digits",
        "model": HOSTILE,
        HOSTILE: HOSTILE,
        "class_names": [HOSTILE + str(i) for i in range(10)],
    }
    (folder / "config.json").write_text(json.dumps(config))
    page = report(folder)
    assert [attributes["id"] for attributes in page.named("section")] == SECTIONS and not left_out(page)
    assert not page.named("script") and all(image["src"].startswith("data:") for image in page.named("img"))
    assert not any(name.startswith("on") for _, attributes in page.elements for name in attributes)
    assert "<script>document.title='owned'</script>" in page.texts["configuration"]
    for section in ("learning", "mistakes", "image"):
        assert "</style></section><scr…" in page.texts[section]


@pytest.mark.parametrize("values", [["nan"] * 2, ["1e300", "-1e300"], ["0", "0"], ["inf", "1"]])
def test_numbers_of_all_kinds(folder, values):
    (folder / "model.npz").unlink()
    rows = "".join(f"{i},{value}\n" for i, value in enumerate(values, 1))
    (folder / "history.csv").write_text("epoch,loss\n" + rows)
    assert "learning" not in left_out(report(folder))


def idx(array):
    sizes = b"".join(int(n).to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


def test_from_idx_files_to_the_page_with_two_commands(tmp_path):
    data, folder = tmp_path / "data", tmp_path / "run"
    data.mkdir()
    for stem, (images, labels), count in zip(("train", "t10k"), fc.data.digits(28), (64, 50), strict=True):
        (data / f"{stem}-images-idx3-ubyte").write_bytes(idx(np.rint(images[:count, 0] * 255)))
        (data / f"{stem}-labels-idx1-ubyte").write_bytes(idx(labels[:count]))
    assert main(["train", "--data", str(data), "--epochs", "2", "--out", str(folder)]) == 0
    page = report(folder)
    assert not left_out(page) and f"lenet5 on {data}" in page.texts[""]
    assert "of 50 are right" in page.texts["mistakes"] and "conv1 (Conv2d) 6 × 28 × 28" in page.texts["image"]


def test_where_the_page_goes(folder, tmp_path, capsys):
    (folder / "model.npz").unlink()
    assert main(["report", str(folder), "--out", str(tmp_path / "a.html")]) == 0
    assert (tmp_path / "a.html").exists() and not (folder / "report.html").exists()
    assert capsys.readouterr().out == f"{tmp_path / 'a.html'}\n"
    assert main(["report", str(folder), "--out", str(tmp_path / "missing" / "a.html")]) == 1
    assert "missing" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["nowhere", "empty"])
def test_no_run(tmp_path, name, capsys):
    (tmp_path / "empty").mkdir()
    assert main(["report", str(tmp_path / name)]) == 1
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and str(tmp_path / name) in error


def test_without_jinja2(folder, capsys, monkeypatch):
    from fastconv.report import page

    def absent(module, feature, extra):
        raise ImportError(f"{feature} needs {module}: pip install 'fastconv[{extra}]'")

    monkeypatch.setattr(page.__globals__["sections"], "svg", None)  # nothing is drawn before
    monkeypatch.setitem(page.__globals__, "require", absent)
    assert main(["report", str(folder)]) == 1
    assert "fastconv report needs jinja2: pip install 'fastconv[report]'" in capsys.readouterr().err
    assert not (folder / "report.html").exists()


def test_nothing_but_the_page_is_written(reported, folder):
    assert sorted(path.name for path in reported.iterdir()) == [*sorted(NEEDED), "report.html"]
    for name in NEEDED:
        assert (reported / name).read_bytes() == (folder / name).read_bytes()
