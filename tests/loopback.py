"""A web server on this machine that serves a folder, and misbehaves in a chosen way."""

import contextlib
import re
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = b"<!DOCTYPE html><html><body>Please log in</body></html>"


class Server:
    """`fault` names the misbehavior for every file; `requests` lists (path, Range header) as they came."""

    def __init__(self, folder: Path, fault: str = "") -> None:
        self.folder, self.fault = folder, fault
        self.requests: list[tuple[str, str | None]] = []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(handler):  # noqa: N805
                # A client that gives up early is what several of these faults are to provoke.
                with contextlib.suppress(ConnectionError):
                    self.answer(handler)

            def log_message(handler, *_):  # noqa: N805
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self):
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()

    def answer(self, handler) -> None:
        asked = handler.headers.get("Range")
        self.requests.append((handler.path.lstrip("/"), asked))
        fault, path = self.fault, self.folder / Path(handler.path).name
        if fault.isdigit() or not path.exists():
            return head(handler, int(fault or 404), {"Content-Length": "0"})
        if fault in ("loop", "file"):
            target = handler.path if fault == "loop" else f"file://{path}"
            return head(handler, 302, {"Location": target, "Content-Length": "0"})
        if fault in ("html", "disguised html"):
            kind = "text/html" if fault == "html" else "application/octet-stream"
            head(handler, 200, {"Content-Type": kind, "Content-Length": str(len(PAGE))})
            return handler.wfile.write(PAGE)
        content = spoiled(path.read_bytes(), fault)
        start = int(re.fullmatch(r"bytes=(\d+)-", asked)[1]) if asked and fault != "no range" else 0
        if start and start >= len(content):
            return head(handler, 416, {"Content-Range": f"bytes */{len(content)}", "Content-Length": "0"})
        headers = {"Content-Type": "application/octet-stream"}
        if fault != "endless":
            headers["Content-Length"] = str(len(content) - start)
        if start:
            shift = 1 if fault == "shifted range" else 0
            headers["Content-Range"] = f"bytes {start + shift}-{len(content) - 1}/{len(content)}"
        head(handler, 206 if start else 200, headers)
        self.send(handler, content[start:], fault)

    def send(self, handler, content: bytes, fault: str) -> None:
        if fault == "drip":
            for byte in content:
                handler.wfile.write(bytes([byte]))
                time.sleep(0.01)
        elif fault == "silence":
            time.sleep(3)
        elif fault == "endless":
            for _ in range(10_000):
                handler.wfile.write(content)
        elif fault.startswith("cut") and (fault == "cut always" or len(self.requests) <= 2):
            handler.wfile.write(content[: len(content) // 2] if fault != "cut at once" else b"")
        else:
            handler.wfile.write(content)


def spoiled(content: bytes, fault: str) -> bytes:
    if fault == "longer":
        return content + b"\0"
    if fault == "flipped":
        return content[:-1] + bytes([content[-1] ^ 1])
    return content


def head(handler, status: int, headers: dict[str, str]) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
