"""The report of `gni reproduce` in a real browser: it asks for nothing, nothing fails, and a phone can show it."""

import http.server
import threading

import browser
import pytest
from small_families import written

from gnicli.engine.caller import Caller
from gnicli.engine.reproduction import families, judged
from gnicli.launch import reproduce

pytestmark = pytest.mark.slow
NONE = "no Chromium here; as root: apt-get install -y chromium"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report on two small families, one of which was run."""
    place = tmp_path_factory.mktemp("report")
    folder = written(place / "claims")
    wanted = reproduce.read_words(["fig97"], folder)
    assert reproduce.run_missing(wanted, place / "out", caller=Caller(shows=False)) == 0
    judged.verdicts_on(families.read_all(folder), "quick", place / "out")
    return place / "out" / "report.html"


@pytest.fixture
def page(tmp_path, capsys):
    if browser.found() is None:
        with capsys.disabled():
            print(f"\n***** NOT TESTED: {NONE} *****")  # noqa: T201
        pytest.skip(NONE)
    with browser.Chromium(tmp_path) as shown:
        yield shown


@pytest.mark.parametrize("width", [400, 1400])
def test_the_report_is_whole_asks_for_nothing_and_fits(report, page, width):
    page.open(report.as_uri(), width)
    assert page.requests() == []
    assert page.complaints() == []
    assert page.value("document.images.length") >= 1
    assert page.value("[...document.images].every(each => each.complete && each.naturalWidth > 0)")
    assert page.value("window.innerWidth") == width
    assert page.value("document.documentElement.scrollWidth") <= width, "the page is wider than the window"
    assert page.value("document.scripts.length") == 0
    first = page.value("document.querySelector('table').innerText")
    assert first.index("fig97-long") < first.index("fig98-draws")  # what is decided stands above what is not run
    assert "supported" in first
    assert "not run" in first
    top = page.value("document.querySelector('table').getBoundingClientRect().top")
    assert top < 900, "the verdicts are not what one sees first"


def test_a_page_that_asks_for_something_would_be_found(page, tmp_path_factory):
    """The instrument itself: a request, an error and a picture that is not there are seen."""
    folder = tmp_path_factory.mktemp("bad")

    class Quiet(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_error(404)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_address[1]}/x.png"
        (folder / "bad.html").write_text(f'<img src="{url}"><p style="width:2000px">wide</p><script>nothing()</script>')
        page.open((folder / "bad.html").as_uri(), 400)
    finally:
        server.shutdown()
        server.server_close()
    assert page.requests() == [url]
    assert page.complaints()
    assert not page.value("[...document.images].every(each => each.complete && each.naturalWidth > 0)")
    assert page.value("document.documentElement.scrollWidth") > 400
