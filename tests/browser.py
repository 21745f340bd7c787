"""A page as a headless Chromium shows it: what it asks for, what it complains of, and what scripts would see of it.

Chromium is spoken to through a pipe (its DevTools protocol), so that no port and no other package is needed.
"""

import contextlib
import json
import os
import select
import shutil
import subprocess
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_SECONDS = 90  # a browser that starts on a busy machine


def found():
    """The path of a browser, None where there is none."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    """One page in a browser; use it in a `with` block."""

    def __init__(self, folder):
        self._folder = folder

    def __enter__(self):
        to_browser, own_end = os.pipe()
        from_browser, its_end = os.pipe()

        def as_3_and_4():  # what --remote-debugging-pipe reads and writes
            os.dup2(os.dup2(to_browser, 20), 3)
            os.dup2(os.dup2(its_end, 21), 4)

        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe"]
        flags += ["--no-first-run", "--disable-background-networking", f"--user-data-dir={self._folder}"]
        self._process = subprocess.Popen(
            [found(), *flags, "about:blank"], preexec_fn=as_3_and_4, close_fds=False,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(to_browser)
        os.close(its_end)
        self._write, self._read = own_end, from_browser
        self._number, self._left, self.events = 0, b"", []
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self.call(f"{domain}.enable")
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self._call("Browser.close", waits=False)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._write)
        os.close(self._read)

    def call(self, method, **parameters):
        """Ask the page for something, and return the answer."""
        return self._call(method, self._session, **parameters)

    def _call(self, method, session=None, *, waits=True, **parameters):
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": session} if session else {}
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while waits:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer)
                return answer["result"]
            self.events.append(answer)
        return {}

    def _next(self):
        end = time.monotonic() + _SECONDS
        while b"\0" not in self._left:
            assert select.select([self._read], [], [], max(0, end - time.monotonic()))[0], "the browser does not answer"
            self._left += os.read(self._read, 1 << 20)
        message, _, self._left = self._left.partition(b"\0")
        return json.loads(message)

    def open(self, url, width, height=900):
        """Show a page in a window of that width, until it is loaded."""
        self.events.clear()
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self.call("Page.navigate", url=url)
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._next())
        self.call("Runtime.evaluate", expression="0")  # what was still under way is read before the answer

    def value(self, expression):
        """What a script would see."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def requests(self):
        """Where the page asked for something, itself aside, and pictures that it holds."""
        asked = [each["params"]["request"]["url"] for each in self._of("Network.requestWillBeSent")]
        return [url for url in asked[1:] if not url.startswith("data:")]

    def complaints(self):
        """What a console would show."""
        thrown = [*self._of("Runtime.exceptionThrown"), *self._of("Runtime.consoleAPICalled")]
        return [*self._of("Log.entryAdded"), *thrown]

    def _of(self, method):
        return [event for event in self.events if event.get("method") == method]
