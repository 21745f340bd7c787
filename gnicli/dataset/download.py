"""Fetch a file from one of several servers: resumed where it stopped, checked, and put in place atomically.

Only plain HTTP(S) through urllib. Whatever a server does wrong becomes one `DataError` of one line that names the
file, the cause at each server, and what to do. Processes that want the same file wait for one another.
"""

from __future__ import annotations

import http.client
import os
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import IO, BinaryIO

from gnicli import files
from gnicli.contracts.observer import Observer
from gnicli.dataset import store
from gnicli.dataset.store import Wanted
from gnicli.errors import DataError, shown

_BLOCK = 1 << 16
_LOOPBACK = re.compile(r"(localhost|127\.\d+\.\d+\.\d+|::1)")


@dataclass(frozen=True)
class Limits:
    """The limits of time, speed and attempts for a server."""

    timeout: float = 30.0  # seconds until it answers, and between two pieces
    window: float = 60.0  # seconds over which the speed is judged
    least_rate: float = 1000.0  # bytes per second; below it another server is tried
    attempts: int = 10  # connections to one server, as long as each brings the file further
    lock_seconds: float = store.LOCK_SECONDS  # until a process that fetches the same file has finished


DEFAULT_LIMITS = Limits()


class _Fault(Exception):  # noqa: N818 - a cause, which becomes part of a DataError
    """This server will not do; the next one may."""


class _Unreachable(_Fault):
    """No connection to the server; without a network this is so of all of them."""


class _Cut(_Fault):
    """The connection ended early; the same server may go on."""


def ensure(wanted: Wanted, observer: Observer, limits: Limits = DEFAULT_LIMITS) -> None:
    """See to it that the file lies in its place, whole and with the right sum.

    Trusts a stamped file, hashes an unstamped one, and fetches what is absent or cut short. Raises `DataError`: where
    GNI_OFFLINE forbids the network (no socket is opened), when no server gives the file, or when its sum is wrong.
    """
    state = store.condition(wanted)
    if state == "verified":
        return
    if state == "present":
        store.verify(wanted, observer)
        return
    if store.offline():
        raise store.absent(wanted)
    store.make_folder(wanted)
    with store.turn(wanted, observer, limits.lock_seconds):
        state = store.condition(wanted)
        if state == "present":
            store.verify(wanted, observer)
        elif state != "verified":
            _fetch(wanted, observer, limits)


def _fetch(wanted: Wanted, observer: Observer, limits: Limits) -> None:
    if store.size_of(wanted.path) is not None:  # a file cut short, by whatever put it there
        if not wanted.owned:
            raise store.cut_short(wanted)
        files.rename(wanted.path, wanted.part)
    size = f" ({store.size_text(wanted.size)})" if wanted.size else ""
    causes, reached = [], False
    for mirror in wanted.mirrors:
        url = mirror if mirror.endswith("/" + wanted.name) else f"{mirror.rstrip('/')}/{wanted.name}"
        host = urllib.parse.urlsplit(url).netloc.rpartition("@")[2]
        observer.note(f"{wanted.dataset}: fetching {wanted.name}{size} from {host} into {store.shown(wanted.folder)}")
        try:
            _from_server(url, wanted, observer, limits)
            return
        except _Fault as fault:
            reached = reached or not isinstance(fault, _Unreachable)
            causes.append(f"{host}: {fault}")
            observer.note(shown(f"{wanted.name}: {causes[-1]}"))
    if reached:
        advice = (
            f"try again with {wanted.command}, or name another server (dataset.mirrors=[URL], --mirror URL); "
            f"or run that command on another machine, {store.WITHOUT_NETWORK}"
        )
    else:
        advice = (
            f"without a network run {wanted.command} on a machine that has one, {store.WITHOUT_NETWORK}; "
            "another server is named by dataset.mirrors=[URL] or --mirror URL"
        )
    raise DataError(f"{wanted.name} could not be fetched ({'; '.join(causes)}); {advice}")


def _from_server(url: str, wanted: Wanted, observer: Observer, limits: Limits) -> None:
    continued = bool(store.size_of(wanted.part))
    for attempt in range(1, limits.attempts + 1):
        before = store.size_of(wanted.part) or 0
        if before and _is_whole(wanted, before):
            return
        try:
            with files.explained(wanted.part):
                _transfer(url, wanted, observer, limits)
            break
        except _Cut as cut:
            after = store.size_of(wanted.part) or 0
            if after <= before or attempt == limits.attempts:
                raise _Fault(f"{cut}; what came is kept") from cut
            observer.note(f"{wanted.name}: {cut}; continuing at {store.size_text(after)}")
    observer.stage(f"checking {wanted.name}")
    try:
        store.accept(wanted, wanted.part)
    except DataError as error:
        if continued:  # the fault may lie in what was here before
            observer.note(f"{wanted.name}: what was continued has a wrong sum; fetching it from the beginning")
            _from_server(url, wanted, observer, limits)
            return
        found = f", its sum is {files.sha256_of(wanted.bad)}" if store.size_of(wanted.bad) is not None else ""
        raise _Fault(
            f"sha256 differs from {wanted.whose_sum}; moved to {wanted.bad.name}; not loaded{found}"
        ) from error


def _is_whole(wanted: Wanted, have: int) -> bool:
    # A process was killed between the last byte and the check; or the size is unknown, and only the sum decides.
    if wanted.size is None:
        if files.sha256_of(wanted.part) != wanted.sha256:
            return False
    elif have != wanted.size:
        if have > wanted.size:
            wanted.part.unlink()
        return False
    try:
        store.accept(wanted, wanted.part)
    except DataError:
        return False  # it lies in *.bad now, and the transfer starts from nothing
    return True


def _transfer(url: str, wanted: Wanted, observer: Observer, limits: Limits) -> None:
    """Append to the `.part` file what the server sends, until the file's end."""
    offset = store.size_of(wanted.part) or 0
    headers = {"User-Agent": "gni", "Accept-Encoding": "identity"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
    try:
        response = _opener(url).open(urllib.request.Request(url, headers=headers), timeout=limits.timeout)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and offset:  # the part is no beginning of what lies there
            wanted.part.unlink()
            _transfer(url, wanted, observer, limits)
            return
        raise _Fault(_refusal(error.code)) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _Unreachable(f"cannot be reached ({_reason(error)})") from error
    with response:
        start, total = _announced(response, offset, wanted)
        with wanted.part.open("ab" if start else "wb") as part:
            try:
                _copy(response, part, wanted, start, total, observer, limits)
            finally:
                part.flush()
                os.fsync(part.fileno())


def _announced(response: http.client.HTTPResponse, offset: int, wanted: Wanted) -> tuple[int, int | None]:
    """Where the body starts and where the file ends, as the headers say."""
    kind = response.headers.get_content_type()
    if kind in ("text/html", "application/xhtml+xml"):
        raise _Fault(f"sent a web page ({kind}), not data; is there a login proxy?")
    if response.status not in (200, 206) or (response.status == 206 and not offset):
        raise _Fault(f"answered with the unexpected status {response.status}")
    start, total = 0, None
    if response.status == 206:
        text = response.headers.get("Content-Range", "")
        match = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", text.strip())
        if match is None or int(match[1]) != offset:
            raise _Fault(
                f"was asked for bytes from {offset} and sent {text or 'a part'!r}; delete {wanted.part} to start over"
            )
        start, total = offset, None if match[2] == "*" else int(match[2])
    elif response.headers.get("Content-Length", "").isdigit():
        total = int(response.headers["Content-Length"])
    if total is not None and wanted.size not in (None, total):
        raise _Fault(f"offers {total:,} bytes, expected {wanted.size:,}; it has another file")
    if total is not None and total > wanted.most_bytes:
        raise _Fault(f"offers {total:,} bytes, at most {wanted.most_bytes:,} can be right")
    return start, wanted.size or total


def _copy(
    response: http.client.HTTPResponse,
    part: BinaryIO,
    wanted: Wanted,
    done: int,
    total: int | None,
    observer: Observer,
    limits: Limits,
) -> None:
    most = total if total is not None else wanted.most_bytes
    window_start, window_done = time.monotonic(), done
    while True:
        try:
            block = response.read1(_BLOCK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _Cut(f"the connection broke at {store.size_text(done)} ({_reason(error)})") from error
        if not block:
            break
        if not done and block.lstrip()[:5].lower() in (b"<html", b"<!doc"):
            raise _Fault("sent a web page, not data; is there a login proxy?")
        done += len(block)
        if done > most:
            wanted.part.unlink()
            raise _Fault(f"sent more than the {most:,} bytes that the file can have")
        part.write(block)
        observer.progress(f"fetching {wanted.name}", done, total, "B")
        now = time.monotonic()
        if now - window_start >= limits.window:
            if done - window_done < limits.least_rate * (now - window_start):
                raise _Fault(f"is too slow, below {store.size_text(limits.least_rate)} per second; what came is kept")
            window_start, window_done = now, done
    if total is not None and done < total:
        raise _Cut(f"the connection ended at {store.size_text(done)} of {store.size_text(total)}")


def _refusal(code: int) -> str:
    if 300 <= code < 400:
        return "redirects in a circle, or too often, or to something that is no web address"
    known = {401: "asks for a login", 403: "refuses access", 404: "has no such file", 429: "asks to come back later"}
    text = known.get(code, "has a fault of its own" if code >= 500 else "refuses")
    return f"{text} (HTTP {code})"


def _reason(error: BaseException) -> str:
    inner = getattr(error, "reason", None)
    cause = inner if isinstance(inner, BaseException) else error
    text = "no answer in time" if isinstance(cause, TimeoutError) else getattr(cause, "strerror", None) or str(cause)
    return shown(" ".join(f"{text or type(cause).__name__}".split())[:120].lower())


class _Redirects(urllib.request.HTTPRedirectHandler):
    max_redirections = 5

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Follow to web addresses only."""
        if urllib.parse.urlsplit(newurl).scheme not in ("http", "https"):
            raise urllib.error.HTTPError(req.full_url, code, msg, headers, fp)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(url: str) -> urllib.request.OpenerDirector:
    """An opener for http and https alone; a server on this machine is reached without the proxy."""
    host = urllib.parse.urlsplit(url).hostname or ""
    opener = urllib.request.OpenerDirector()
    handlers: list[urllib.request.BaseHandler] = [
        urllib.request.ProxyHandler({} if _LOOPBACK.fullmatch(host) else None),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        urllib.request.UnknownHandler(),
        _Redirects(),
    ]
    for handler in handlers:
        opener.add_handler(handler)
    return opener
