"""The built site in headless Chromium: no page is wider than a phone or a desktop, and no picture is missing.

Skipped where `docs/_build` is not there: `python -m sphinx -W docs docs/_build` makes it.
"""

import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SITE = Path(__file__).parents[2] / "docs" / "_build"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-dev-shm-usage", "--remote-debugging-port=0", "--window-size=1400,900",
)  # fmt: skip
WIDTHS = (360, 1280)

# Opens each page in a frame of each width, one after the other, and sends what it saw.
BENCH = """<!DOCTYPE html><meta charset="utf-8"><body><script>
(async () => {
  const seen = [];
  for (const page of PAGES) for (const width of WIDTHS) {
    const frame = document.createElement("iframe");
    Object.assign(frame, {width, height: 800});
    await new Promise(loaded => { frame.onload = loaded; frame.src = "/" + page; document.body.append(frame); });
    const root = frame.contentDocument.documentElement, images = [...frame.contentDocument.images];
    images.forEach(image => { image.loading = "eager"; });
    await Promise.all(images.map(image => image.decode().catch(() => {})));
    const broken = images.filter(image => image.naturalWidth === 0).map(image => image.src);
    const errors = root.querySelectorAll("merror").length;
    seen.push({page, width, room: root.clientWidth, needed: root.scrollWidth, broken, errors});
    frame.remove();
  }
  await fetch("/seen", {method: "POST", body: JSON.stringify(seen)});
})();
</script>"""


def pages() -> list[str]:
    """Every page but those of single names in the API, which one template makes: of them each twentieth."""
    found = sorted(str(path.relative_to(SITE)) for path in SITE.rglob("*.html") if "_static" not in path.parts)
    names = [page for page in found if page.startswith("api/generated/")]
    return [page for page in found if page not in names or names.index(page) % 20 == 0]


class Handler(http.server.SimpleHTTPRequestHandler):
    """The site, the page that opens all others, and the place where it leaves what it saw."""

    seen: list[dict[str, Any]]
    finished: threading.Event

    def do_GET(self) -> None:
        if self.path != "/bench":
            super().do_GET()
            return
        text = BENCH.replace("PAGES", json.dumps(pages())).replace("WIDTHS", json.dumps(WIDTHS))
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(text.encode())

    def do_POST(self) -> None:
        self.seen.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()
        self.finished.set()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[dict[str, Any]]]:
    """What the browser saw of each page at each width."""
    if CHROMIUM is None or not (SITE / "index.html").exists():
        pytest.skip("there is no Chromium, or no site")
    views: list[dict[str, Any]] = []
    finished = threading.Event()
    handler = type("Handler", (Handler,), {"seen": views, "finished": finished})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    profile = f"--user-data-dir={tmp_path_factory.mktemp('profile')}"
    command = [CHROMIUM, *FLAGS, profile, f"http://127.0.0.1:{server.server_port}/bench"]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert finished.wait(600)
    finally:
        browser.terminate()
        browser.wait()
        server.shutdown()
        server.server_close()
    yield views


def test_every_page_was_seen_at_every_width(seen: list[dict[str, Any]]) -> None:
    assert [(view["page"], view["width"]) for view in seen] == [(page, width) for page in pages() for width in WIDTHS]
    assert len(seen) > 50


def test_no_page_is_wider_than_the_screen(seen: list[dict[str, Any]]) -> None:
    assert [view for view in seen if view["needed"] > view["room"]] == []


def test_no_picture_is_broken_and_every_formula_is_read(seen: list[dict[str, Any]]) -> None:
    assert [view for view in seen if view["broken"] or view["errors"]] == []
