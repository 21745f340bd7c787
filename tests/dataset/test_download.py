"""The downloader against a server that misbehaves in every way that servers do."""

import hashlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import realdata

from gnicli import files
from gnicli.contracts.observer import SilentObserver
from gnicli.dataset import store
from gnicli.dataset.download import ensure
from gnicli.dataset.store import Wanted, condition
from gnicli.errors import ConflictError, DataError, ResourceError

NAME = "train_32x32.mat"
CONTENT = np.random.default_rng(3).bytes(300_000)


def wanted_from(server, cache: Path, pinned: bool = True, **changes) -> Wanted:
    (server.folder / NAME).write_bytes(CONTENT)
    wanted = Wanted(
        dataset="svhn",
        name=NAME,
        sha256=realdata.sha256(server.folder / NAME),
        size=len(CONTENT) if pinned else None,
        most_bytes=len(CONTENT) if pinned else 400_000,
        folder=cache / "svhn",
        mirrors=(server.url,),
        command="gni data fetch svhn",
        role="train",
    )
    return wanted._replace(**changes)


@pytest.fixture(params=[True, False], ids=["pinned", "own sum"])
def wanted(request, served, cache):
    return wanted_from(served, cache, request.param)


def part(wanted: Wanted, content: bytes) -> None:
    wanted.folder.mkdir(parents=True, exist_ok=True)
    wanted.part.write_bytes(content)


def good(wanted: Wanted) -> bool:
    return wanted.path.read_bytes() == CONTENT and condition(wanted) == "verified" and not wanted.part.exists()


def test_a_file_is_fetched_once(wanted, served, impatient):
    observer = SilentObserver()
    ensure(wanted, observer, impatient)
    ensure(wanted, observer, impatient)
    assert good(wanted)
    assert served.requests == [(NAME, None)]
    assert any("fetching train_32x32.mat" in note for note in observer.notes)


@pytest.mark.parametrize("fault", ["", "no range", "cut"])
def test_an_interrupted_download_goes_on(fault, wanted, served, impatient):
    served.fault = fault
    part(wanted, CONTENT[:100_000])
    ensure(wanted, SilentObserver(), impatient)
    assert good(wanted)
    assert served.requests[0] == (NAME, "bytes=100000-")


def test_a_cut_connection_is_taken_up_again(wanted, served, impatient):
    served.fault = "cut"
    ensure(wanted, SilentObserver(), impatient)
    assert good(wanted)
    assert served.requests == [(NAME, None), (NAME, "bytes=150000-"), (NAME, "bytes=225000-")]


def test_a_truncated_file_is_completed(served, cache, impatient):
    wanted = wanted_from(served, cache)
    wanted.folder.mkdir(parents=True)
    wanted.path.write_bytes(CONTENT[:1000])
    assert condition(wanted) == "partial"
    ensure(wanted, SilentObserver(), impatient)
    assert good(wanted)
    assert served.requests == [(NAME, "bytes=1000-")]


def test_a_finished_part_needs_no_server(wanted, served, impatient):
    part(wanted, CONTENT)
    ensure(wanted, SilentObserver(), impatient)
    assert good(wanted)
    assert not served.requests


@pytest.mark.parametrize("content", [bytes(300_000), bytes(300_001)], ids=["wrong", "too long"])
def test_a_part_that_is_wrong_is_fetched_anew(content, served, cache, impatient):
    wanted = wanted_from(served, cache)
    part(wanted, content)
    ensure(wanted, SilentObserver(), impatient)
    assert good(wanted)
    assert served.requests == [(NAME, None)]


FAULTS = {
    "404": r"has no such file \(HTTP 404\)",
    "403": r"refuses access \(HTTP 403\)",
    "500": r"has a fault of its own \(HTTP 500\)",
    "204": "unexpected status 204",
    "loop": "redirects in a circle",
    "file": "no web address",
    "html": r"sent a web page \(text/html\), not data; is there a login proxy\?",
    "disguised html": "sent a web page, not data|offers 54 bytes, expected 300,000",
    "drip": "is too slow, below 2 kB per second",
    "silence": r"the connection broke at 0 B \(no answer in time\)|timed out",
    "cut always": "the connection ended at .* of 300 kB; what came is kept",
    "cut at once": "the connection ended at 0 B of 300 kB",
    "longer": "offers 300,001 bytes, expected 300,000|sha256 differs",
    "flipped": rf"sha256 differs from .*; moved to {NAME}.bad; not loaded",
    "endless": "sent more than the .* bytes that the file can have",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_in_one_line_that_says_what_to_do(fault, wanted, served, impatient):
    served.fault = fault
    with pytest.raises(DataError, match=FAULTS[fault]) as caught:
        ensure(wanted, SilentObserver(), impatient)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(NAME)
    assert "gni data fetch svhn" in message
    assert "dataset.mirrors" in message
    assert not wanted.path.exists()
    assert condition(wanted) in ("absent", "partial")
    served.fault = ""
    ensure(wanted, SilentObserver(), impatient)  # and the next attempt does well
    assert good(wanted)


def test_a_wrong_file_is_kept_aside(served, cache, impatient):
    served.fault = "flipped"
    wanted = wanted_from(served, cache)
    with pytest.raises(DataError):
        ensure(wanted, SilentObserver(), impatient)
    assert wanted.bad.exists()
    assert not wanted.part.exists()


def test_a_range_that_does_not_match_is_refused(wanted, served, impatient):
    served.fault = "shifted range"
    part(wanted, CONTENT[:100_000])
    with pytest.raises(DataError, match=r"asked for bytes from 100000 and sent .bytes 100001-.*delete .*\.part"):
        ensure(wanted, SilentObserver(), impatient)
    assert wanted.part.read_bytes() == CONTENT[:100_000]


def test_a_download_that_continued_something_wrong_begins_anew(wanted, served, impatient):
    part(wanted, bytes(1000))
    observer = SilentObserver()
    ensure(wanted, observer, impatient)
    assert good(wanted)
    assert served.requests == [(NAME, "bytes=1000-"), (NAME, None)]
    assert any("fetching it from the beginning" in note for note in observer.notes)


def test_a_part_longer_than_the_file_is_dropped(served, cache, impatient):
    wanted = wanted_from(served, cache, pinned=False)
    part(wanted, bytes(350_000))
    ensure(wanted, SilentObserver(), impatient)
    assert good(wanted)
    assert served.requests == [(NAME, "bytes=350000-"), (NAME, None)]


def test_the_next_mirror_is_tried_and_goes_on_where_the_first_stopped(served, cache, tmp_path, impatient):
    from loopback import Server

    wanted = wanted_from(served, cache)
    served.fault = "cut at once"
    part(wanted, CONTENT[:50_000])
    with Server(served.folder) as second:
        observer = SilentObserver()
        ensure(wanted._replace(mirrors=(served.url, second.url + "/folder/")), observer, impatient)
        assert second.requests == [(f"folder/{NAME}", "bytes=50000-")]
    assert good(wanted)
    assert any("ended at 50 kB" in note for note in observer.notes)


def test_a_mirror_may_name_the_file_itself(served, cache, impatient):
    wanted = wanted_from(served, cache)
    ensure(wanted._replace(mirrors=(f"{served.url}/{NAME}",)), SilentObserver(), impatient)
    assert served.requests == [(NAME, None)]


def test_nothing_listens(served, cache, impatient):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(DataError, match=r"cannot be reached \(connection refused\)"):
        ensure(wanted_from(served, cache, mirrors=(url,)), SilentObserver(), impatient)


class Impatient(SilentObserver):
    """A user who presses Ctrl-C in the middle."""

    def progress(self, text, done, total, unit="step"):
        if done > 100_000:
            raise KeyboardInterrupt


def test_what_came_before_an_interruption_is_kept(wanted, served, impatient):
    with pytest.raises(KeyboardInterrupt):
        ensure(wanted, Impatient(), impatient)
    kept = wanted.part.stat().st_size
    assert 100_000 < kept < len(CONTENT)
    ensure(wanted, SilentObserver(), impatient)  # the lock is free again
    assert good(wanted)
    assert served.requests[-1] == (NAME, f"bytes={kept}-")


def test_progress_counts_the_bytes_up_to_the_whole(served, cache, impatient):
    seen = []
    observer = SilentObserver()
    observer.progress = lambda *arguments: seen.append(arguments)
    wanted = wanted_from(served, cache)
    part(wanted, CONTENT[:1000])
    ensure(wanted, observer, impatient)
    assert {(text, total, unit) for text, _, total, unit in seen} == {(f"fetching {NAME}", 300_000, "B")}
    counts = [done for _, done, _, _ in seen]
    assert counts == sorted(counts)
    assert counts[0] > 1000
    assert counts[-1] == 300_000


# ------------------------------------------------------------------------------------------------------------- offline


@pytest.fixture
def no_socket(monkeypatch):
    monkeypatch.setenv("GNI_OFFLINE", "1")

    def refuse(*_, **__):
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "create_connection", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_offline_opens_no_socket(served, cache, no_socket):
    wanted = wanted_from(served, cache)
    with pytest.raises(
        DataError, match=rf"svhn: {NAME} is not in .*; on a machine with network run: gni data fetch svhn"
    ):
        ensure(wanted, SilentObserver())
    assert not wanted.folder.exists()
    part(wanted, CONTENT[:91_000])
    with pytest.raises(DataError, match=rf"{NAME}: 91 kB of 300 kB in .* run gni data fetch svhn to continue"):
        ensure(wanted, SilentObserver())


def test_the_guard_of_the_offline_test_does_guard(served, cache, no_socket, monkeypatch):
    monkeypatch.delenv("GNI_OFFLINE")
    with pytest.raises(AssertionError, match="a socket was opened"):
        ensure(wanted_from(served, cache), SilentObserver())


@pytest.mark.parametrize(
    ("value", "expected"), [("1", True), ("yes", True), ("0", False), ("false", False), ("", False)]
)
def test_offline_values(value, expected, monkeypatch):
    monkeypatch.setenv("GNI_OFFLINE", value)
    assert store.offline() is expected


# --------------------------------------------------------------------------------------------------------------- cache


def present(wanted: Wanted, content: bytes = CONTENT) -> None:
    wanted.folder.mkdir(parents=True, exist_ok=True)
    wanted.path.write_bytes(content)


def test_a_file_that_lies_there_is_hashed_once_and_stamped(served, cache, monkeypatch):
    wanted = wanted_from(served, cache)
    present(wanted)
    assert condition(wanted) == "present"
    ensure(wanted, SilentObserver())
    assert condition(wanted) == "verified"
    monkeypatch.setattr(files, "sha256_of", lambda path: pytest.fail("hashed again"))
    ensure(wanted, SilentObserver())
    assert not served.requests


def test_a_changed_file_loses_its_stamp_and_is_set_aside(served, cache):
    wanted = wanted_from(served, cache)
    present(wanted)
    ensure(wanted, SilentObserver())
    wanted.path.write_bytes(CONTENT[:-1] + b"\0")
    os.utime(wanted.path, ns=(1, 1))
    assert condition(wanted) == "present"
    with pytest.raises(
        DataError, match=rf"{NAME}: sha256 differs from the published one; moved to .*\.bad; not loaded"
    ):
        ensure(wanted, SilentObserver())
    assert wanted.bad.exists()
    assert not wanted.path.exists()


def test_the_stamp_belongs_to_one_sum(served, cache):
    wanted = wanted_from(served, cache)
    present(wanted)
    ensure(wanted, SilentObserver())
    assert condition(wanted._replace(sha256="0" * 64)) == "present"
    wanted.stamp.write_text("no json")
    assert condition(wanted) == "present"


def test_a_file_of_the_users_is_never_moved(served, cache, monkeypatch):
    wanted = wanted_from(served, cache, owned=False)
    present(wanted, bytes(len(CONTENT)))
    with pytest.raises(DataError, match=r"sha256 differs .*; not loaded; remove the file or correct the sum"):
        ensure(wanted, SilentObserver())
    present(wanted, CONTENT[:10])
    own = hashlib.sha256(CONTENT[:10]).hexdigest()
    for offline in ("0", "1"):
        monkeypatch.setenv("GNI_OFFLINE", offline)
        with pytest.raises(DataError, match=rf"10 bytes, and the published file has 300,000; .*={{train: {own}}}"):
            ensure(wanted, SilentObserver())
    assert wanted.path.read_bytes() == CONTENT[:10]
    assert not list(wanted.folder.glob(".*"))  # no lock in a folder of the user's


def test_a_file_fetched_into_a_folder_of_the_users_leaves_no_lock_there(served, cache, tmp_path, impatient):
    wanted = wanted_from(served, cache, owned=False, folder=tmp_path / "mine")
    ensure(wanted, SilentObserver(), impatient)
    assert sorted(path.name for path in wanted.folder.iterdir()) == [NAME, f"{NAME}.verified"]
    held = next((cache / "locks").iterdir())
    wanted.path.unlink()
    with files.locked(held, wait_seconds=1, busy=""), pytest.raises(ConflictError, match="another process"):
        ensure(wanted, SilentObserver(), type(impatient)(lock_seconds=0.1))


def test_without_a_network_it_is_said_what_to_do(served, cache, impatient):
    """A server that answers is another matter: then a second attempt may help."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nowhere = f"http://127.0.0.1:{free.getsockname()[1]}"
    without = r"without a network run gni data fetch svhn on a machine that has one, then here: gni data import FOLDER"
    with pytest.raises(DataError, match=without):
        ensure(wanted_from(served, cache, mirrors=(nowhere, nowhere)), SilentObserver(), impatient)
    served.fault = "404"
    with pytest.raises(DataError, match=r"try again with gni data fetch svhn, or name .*--mirror URL") as caught:
        ensure(wanted_from(served, cache, mirrors=(nowhere, served.url)), SilentObserver(), impatient)
    assert "without a network" not in str(caught.value)


def test_a_wrong_sum_of_ones_own_says_what_was_found(served, cache, impatient):
    wanted = wanted_from(served, cache, pinned=False, sha256="0" * 64)
    found = hashlib.sha256(CONTENT).hexdigest()
    with pytest.raises(DataError, match=rf"sha256 differs from the one in dataset.sha256; .* its sum is {found}"):
        ensure(wanted, SilentObserver(), impatient)
    present(wanted)
    with pytest.raises(DataError, match=rf"its sum is {found}, and 0{{64}} was expected: correct the sum"):
        ensure(wanted, SilentObserver(), impatient)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is a folder that nobody can write in")
def test_a_cache_that_cannot_be_made_is_said_in_one_line(served):
    with pytest.raises(ResourceError, match=r"cannot create /proc/.*GNI_DATA_DIR"):
        ensure(wanted_from(served, Path("/proc/none")), SilentObserver())


def test_a_file_in_place_of_the_folder(served, cache):
    cache.write_bytes(b"")
    with pytest.raises(ResourceError, match="cannot be a folder"):
        ensure(wanted_from(served, cache), SilentObserver())


def test_a_full_disk_is_a_fault_of_the_machine(served, cache, monkeypatch, impatient):
    import errno

    wanted = wanted_from(served, cache)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ResourceError, match="no space left on device"):
        ensure(wanted, SilentObserver(), impatient)
    monkeypatch.undo()
    ensure(wanted, SilentObserver(), impatient)
    assert good(wanted)


# ----------------------------------------------------------------------------------------------------------- processes

SCRIPT = """
import json, pathlib, sys
from gnicli.contracts.observer import SilentObserver
from gnicli.dataset.download import ensure
from gnicli.dataset.store import Wanted
fields = json.loads(sys.argv[1])
fields["folder"] = pathlib.Path(fields["folder"])
wanted = Wanted(**fields)
sys.stdin.read()
ensure(wanted, SilentObserver())
sys.stdout.write(str(wanted.path.stat().st_size))
"""


def test_eight_processes_fetch_a_file_once(served, cache):
    wanted = wanted_from(served, cache)
    arguments = json.dumps({**wanted._asdict(), "folder": str(wanted.folder)})
    command = [sys.executable, "-c", SCRIPT, arguments]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(8)]
    for process in processes:
        process.stdin.close()
    outputs = []
    for process in processes:
        with process.stdout:
            outputs.append((process.stdout.read(), process.wait()))
    assert outputs == [(str(len(CONTENT)), 0)] * 8
    assert served.requests == [(NAME, None)]


def test_a_lock_held_for_too_long(served, cache, impatient):
    wanted = wanted_from(served, cache)
    wanted.folder.mkdir(parents=True)
    observer = SilentObserver()
    with (
        files.locked(wanted.folder / f".{NAME}.lock", wait_seconds=1, busy=""),
        pytest.raises(ConflictError, match="another process is still fetching"),
    ):
        ensure(wanted, observer, type(impatient)(lock_seconds=0.1))
    assert observer.notes == [f"{NAME}: another process is fetching it; waiting"]


KILLED = """
import json, os, pathlib, signal, sys
from gnicli import files
from gnicli.contracts.observer import SilentObserver
from gnicli.dataset import store
from gnicli.dataset.download import ensure
from gnicli.dataset.store import Wanted
fields = json.loads(sys.argv[1])
fields["folder"] = pathlib.Path(fields["folder"])
wanted = Wanted(**fields)
what, count = sys.argv[2], int(sys.argv[3])
calls = []

def dying(handle, sync=os.fsync):
    calls.append(handle)
    if len(calls) == count:  # right before what was written is given its name
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)

os.fsync = dying
if what == "import":
    store.import_file(wanted, pathlib.Path(sys.argv[4]), SilentObserver())
else:
    ensure(wanted, SilentObserver())
"""


@pytest.mark.parametrize("what", ["import", "fetch"])
@pytest.mark.parametrize("then", ["import", "fetch"])
def test_what_a_killed_process_left_goes_with_the_next_turn(what, then, served, cache, tmp_path, impatient):
    wanted = wanted_from(served, cache)
    source = tmp_path / "elsewhere.mat"
    source.write_bytes(CONTENT)
    arguments = json.dumps({**wanted._asdict(), "folder": str(wanted.folder)})
    left = set()
    for count in range(1, 9):
        command = [sys.executable, "-c", KILLED, arguments, what, str(count), str(source)]
        code = subprocess.run(command, capture_output=True, timeout=120).returncode
        left |= {path.name for path in wanted.folder.glob(".*.tmp")}
        if code == 0:
            break
        assert code == -9
        if store.condition(wanted) in ("present", "verified"):
            break
    # What was cut off in the stamp is found after the file is there; so it is put there by hand as well.
    assert any(name.startswith(f".{NAME}.") for name in left)
    for name in (NAME, f"{NAME}.verified"):
        (wanted.folder / f".{name}.0123abcd.tmp").write_bytes(b"half")
    others = [wanted.folder / ".train_32x32.mat.xyz.tmp", wanted.folder / ".other.mat.0123abcd.tmp"]
    for path in others:
        path.write_bytes(b"not ours, or of another file")
    if then == "import":
        assert store.import_file(wanted, source, SilentObserver())
    else:
        ensure(wanted, SilentObserver(), impatient)
        wanted.path.unlink()
        ensure(wanted, SilentObserver(), impatient)
    assert good(wanted)
    assert set(wanted.folder.glob(".*.tmp")) == set(others)


def test_half_a_stamp_goes_when_the_file_is_next_hashed(served, cache):
    wanted = wanted_from(served, cache)
    present(wanted)
    half = wanted.folder / f".{wanted.stamp.name}.0123abcd.tmp"
    half.write_bytes(b"{")
    ensure(wanted, SilentObserver())
    assert good(wanted)
    assert not half.exists()


def test_a_stamp_that_another_process_takes_for_a_leftover_costs_no_fetch(served, cache, monkeypatch):
    """Between the file's rename and its stamp a second process finds the file, hashes it and clears leftovers."""
    wanted = wanted_from(served, cache)
    write, taken = files._write_temporary, []

    def write_and_lose(temporary, content):
        write(temporary, content)
        if not taken and wanted.stamp.name in temporary.name:
            taken.append(temporary)
            store.verify(wanted, SilentObserver())

    monkeypatch.setattr(files, "_write_temporary", write_and_lose)
    ensure(wanted, SilentObserver())
    assert taken
    assert not taken[0].exists()
    assert wanted.path.read_bytes() == CONTENT
    assert condition(wanted) == "verified"


def test_an_import_waits_for_its_turn(served, cache, tmp_path):
    wanted = wanted_from(served, cache)
    wanted.folder.mkdir(parents=True)
    half = wanted.folder / f".{NAME}.0123abcd.tmp"
    half.write_bytes(b"somebody is writing this")
    with files.locked(wanted.folder / f".{NAME}.lock", wait_seconds=1, busy=""):
        with pytest.raises(ConflictError, match="another process is still fetching"):
            store.import_file(wanted, served.folder / NAME, SilentObserver(), 0.1)
        assert half.exists()
    assert store.import_file(wanted, served.folder / NAME, SilentObserver())
    assert not half.exists()
