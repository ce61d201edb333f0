"""The page in headless Chromium: on a phone and on a desktop, light and dark."""

import html
import json
import re
import shutil
import subprocess

import pytest

from fastconv.cli import main

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage",
    "--window-size=1400,900",
)  # fmt: skip
WIDTHS = (320, 360, 768, 1280)

# The page in frames of several widths (a window cannot be as narrow as a phone), and a script that measures them.
BENCH = """<!DOCTYPE html>
<meta charset="utf-8">
%s
<script>
// Texts that lie on each other, or outside of their picture.
const badly = svg => {
  const outside = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
  const cut = texts.filter(([, box]) => box.left < outside.left - 2 || box.right > outside.right + 2
    || box.top < outside.top - 2 || box.bottom > outside.bottom + 2).map(([text]) => text);
  texts.forEach(([text, a], i) => texts.slice(i + 1).forEach(([other, b]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > 0.3 * Math.min(a.height, b.height)) cut.push(`${text} / ${other}`);
  }));
  return cut;
};
onload = () => {
  const measured = {};
  for (const frame of document.querySelectorAll("iframe")) {
    const page = frame.contentDocument, root = page.documentElement, window = frame.contentWindow;
    const style = window.getComputedStyle(page.body);
    const beyond = element => element.getBoundingClientRect().right > root.clientWidth + 0.5;
    const all = [...page.querySelectorAll("body *")];
    measured[frame.width] = {
      width: root.clientWidth,
      scroll: root.scrollWidth,
      beyond: all.filter(element => beyond(element) && !element.closest(".scroll")).map(element => element.className),
      images: [...page.images].map(image => image.complete && image.naturalWidth > 0 && image.clientWidth > 0),
      drawings: [...page.querySelectorAll("svg")].map(svg => [svg.clientWidth, svg.clientHeight]),
      texts: [...page.querySelectorAll("svg")].flatMap(badly),
      headings: [...page.querySelectorAll("h2")].map(heading => heading.innerText),
      columns: window.getComputedStyle(page.querySelector(".grid")).gridTemplateColumns.split(" ").length,
      title: page.title,
      text: page.body.innerText,
      colors: [style.color, style.backgroundColor],
      ink: window.getComputedStyle(page.querySelector("svg text")).fill,
      size: Math.min(...[...page.querySelectorAll("svg text")].map(text => text.getBoundingClientRect().height)),
      scripts: page.scripts.length,
    };
  }
  const result = document.createElement("pre");
  result.id = "result";
  result.textContent = JSON.stringify(measured);
  document.body.replaceChildren(result);
};
</script>"""


@pytest.fixture
def measure(tmp_path):
    """Measure the page of a run in frames; more flags for the browser may be given."""
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")

    def run(folder, *flags):
        page = html.escape((folder / "report.html").read_text())
        frames = [f'<iframe width="{width}" height="800" srcdoc="{page}"></iframe>' for width in WIDTHS]
        bench = tmp_path / "bench.html"
        bench.write_text(BENCH % "\n".join(frames))
        profile = f"--user-data-dir={tmp_path / 'profile'}"
        command = [CHROMIUM, *FLAGS, *flags, profile, "--dump-dom", bench.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        result = re.search('<pre id="result">(.*?)</pre>', done.stdout, re.DOTALL)
        assert result is not None, done.stderr
        return {int(width): values for width, values in json.loads(html.unescape(result.group(1))).items()}

    return run


def brightness(color):
    return sum(map(int, re.findall(r"\d+", color)[:3])) / 3


def test_every_width(measure, reported):
    measured = measure(reported)
    assert list(measured) == list(WIDTHS)
    for width, page in measured.items():
        assert page["scroll"] == page["width"] <= width and page["beyond"] == []
        assert page["headings"] == [
            "Learning",
            "Mistakes",
            "Filters",
            "One image on its way",
            "Layers",
            "Configuration",
        ]
        assert len(page["images"]) == 24 + 1 + 11 and all(page["images"])
        assert len(page["drawings"]) == 2 + 1 + 2 + 2
        assert all(100 < wide < width and high > 100 for wide, high in page["drawings"])
        assert page["texts"] == []
        assert page["scripts"] == 0 and page["title"] == "lenet5 on digits"
        for text in ("of 360 are right", "61,706", "test accuracy", "conv2 (Conv2d) 16 × 10 × 10", "0.004"):
            assert text in page["text"]
        assert brightness(page["colors"][0]) < 60 and brightness(page["colors"][1]) > 230
        assert page["ink"] == page["colors"][0]
    assert measured[360]["columns"] == 1 and measured[1280]["columns"] > 1
    assert measured[360]["size"] >= 9  # pixels: can be read without a magnifying glass


def test_dark_mode(measure, reported):
    for page in measure(reported, "--blink-settings=preferredColorScheme=0").values():
        assert brightness(page["colors"][0]) > 200 and brightness(page["colors"][1]) < 40
        assert page["ink"] == page["colors"][0]


def test_long_words_and_scripts_of_files(measure, folder):
    long, script = "w" * 300, "<script>parent.document.title = document.title = 'owned'</script>"
    config = {"data": "digits", "model": script, long: long, "list": list(range(300)), "class_names": [script] * 10}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "history.csv").write_text(f"epoch,{long},loss\n1,1,1\n")
    assert main(["report", str(folder)]) == 0
    for page in measure(folder).values():
        assert page["scroll"] == page["width"] and page["beyond"] == []
        assert page["title"] == f"{script} on digits" and page["scripts"] == 0
        assert long in page["text"] and script in page["text"]
