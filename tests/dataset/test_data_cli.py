"""`gni data …` as it is typed."""

import os

import pytest
import realdata
from typer.testing import CliRunner

from gnicli.cli.data import TerminalObserver, app
from gnicli.contracts.observer import SilentObserver
from gnicli.dataset.cifar10 import Cifar10
from gnicli.dataset.mnist import Mnist
from gnicli.errors import DataError, GniError, UsageError


def call(*words: str):
    """The result; an error of gni is raised, as the command line proper turns it into one line and an exit code."""
    result = CliRunner().invoke(app, list(words))
    if isinstance(result.exception, GniError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.fixture
def small_mnist(monkeypatch, served):
    """MNIST published as 40 / 20 images on a server of this machine."""
    sums = realdata.make_mnist(served.folder)
    published = tuple(
        file._replace(sha256=sums[file.role], size=(served.folder / file.name).stat().st_size)
        for file in Mnist.PUBLISHED
    )
    monkeypatch.setattr(Mnist, "PUBLISHED", published)
    monkeypatch.setattr(Mnist, "SERVERS", (served.url,))
    return served.folder


def state(name: str) -> str:
    row = next(line for line in call("list").splitlines() if line.startswith(name))
    return row.split()[4]  # after the name, the number of files, the size and its unit


def test_list_names_every_set(cache):
    lines = call("list").splitlines()
    assert lines[0].split() == ["data", "set", "files", "size", "state", "folder"]
    assert [line.split()[0] for line in lines[1:]] == ["cifar10", "digits", "mnist", "sinusoids", "svhn"]
    assert "built in" in lines[2]
    assert lines[3].split()[1:] == ["4", "11.6", "MB", "absent", str(cache / "mnist")]


def test_the_life_of_a_set(small_mnist, cache):
    assert state("mnist") == "absent"
    (cache / "mnist").mkdir(parents=True)
    (cache / "mnist" / "train-images-idx3-ubyte.gz.part").write_bytes(b"\x1f")
    assert state("mnist") == "partial"
    out = call("fetch", "mnist", "digits")
    assert out.splitlines() == [f"mnist: verified, in {cache / 'mnist'}", "digits: built in, nothing to fetch"]
    assert state("mnist") == "verified"
    for stamp in (cache / "mnist").glob("*.verified"):
        stamp.unlink()
    assert state("mnist") == "present"
    assert call("verify").count(": verified") == 4
    assert state("mnist") == "verified"
    (cache / "mnist" / "t10k-labels-idx1-ubyte.gz").unlink()
    assert state("mnist") == "partial"


def test_verify_hashes_even_what_is_stamped(small_mnist, cache):
    call("fetch", "mnist")
    path = cache / "mnist" / "t10k-labels-idx1-ubyte.gz"
    status, content = path.stat(), path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert state("mnist") == "verified"
    with pytest.raises(DataError, match=r"t10k-labels.* sha256 differs from the published one; moved to .*\.bad"):
        call("verify", "mnist")
    assert state("mnist") == "partial"
    with pytest.raises(DataError, match=r"t10k-labels.* is not in .*; .* gni data fetch mnist"):
        call("verify", "mnist")


def test_verify_of_nothing_says_so():
    assert "no downloaded files are here" in call("verify")


def test_fetch_with_a_mirror_sums_and_folder(served, tmp_path):
    sums = realdata.make_cifar10(served.folder, 2)
    target = tmp_path / "target"
    call(
        "fetch", "cifar10", "--mirror", served.url, "--sha256", f"archive={sums['archive']}", "--dir", str(target)
    )  # fmt: skip
    assert (target / realdata.BINARY).exists()
    (wanted,) = Cifar10(mirrors=[served.url], sha256=sums, dir=str(target)).needed()
    assert wanted.command == (
        f"gni data fetch cifar10 --dir {target} --mirror {served.url} --sha256 archive={sums['archive']}"
    )


def test_import_takes_files_by_sum_whatever_their_name(small_mnist, cache, tmp_path):
    source = tmp_path / "old" / "MNIST" / "raw"
    source.mkdir(parents=True)
    for i, path in enumerate(sorted(small_mnist.iterdir())):
        (source / (path.name if i else "renamed.bin")).write_bytes(path.read_bytes())
    (source / "notes.txt").write_text("unrelated")
    assert call("import", str(tmp_path / "old")).count(": verified") == 4
    assert state("mnist") == "verified"
    assert len(list(source.iterdir())) == 5  # copied, not moved


def test_import_refuses_a_file_with_the_right_name_and_a_wrong_sum(small_mnist, cache, tmp_path):
    source = tmp_path / "old"
    source.mkdir()
    name = "t10k-labels-idx1-ubyte.gz"
    content = (small_mnist / name).read_bytes()
    (source / name).write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    with pytest.raises(DataError, match=rf"{name}: size or sha256 differs from the published one; not taken"):
        call("import", str(source))
    assert not (cache / "mnist" / name).exists()
    assert (source / name).exists()


def test_import_of_nothing_and_of_no_folder(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds none of the files of cifar10, mnist, svhn"):
        call("import", str(tmp_path / "empty"))
    with pytest.raises(UsageError, match="is no folder"):
        call("import", str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fetch", "imagenet"), "the data set must be one of cifar10, digits, mnist, sinusoids, svhn, got 'imagenet'"),
        (("verify", "svhm"), "did you mean svhn?"),
        (("fetch", "mnist", "--extra"), "--extra belongs to svhn"),
        (("fetch", "mnist", "--sha256", "x"), "--sha256: expected ROLE=SUM, got 'x'"),
        (("fetch", "mnist", "--mirror", "x"), "dataset.mirrors: expected a URL"),
    ],
)
def test_usage_errors(words, message):
    with pytest.raises(UsageError, match=message):
        call(*words)


def test_path_prints_the_cache(cache):
    assert call("path") == f"{cache}\n"


def test_progress_is_one_line_in_a_terminal_and_nothing_elsewhere(monkeypatch, capsys):
    with TerminalObserver() as observer:
        observer.progress("fetching x", 5, 10, "B")
    assert capsys.readouterr().err == ""
    clock = [5.0]
    monkeypatch.setattr("time.monotonic", lambda: clock[0])
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with TerminalObserver() as observer:
        observer.progress("fetching x", 1_000_000, 4_000_000, "B")
        clock[0] += 0.05
        observer.progress("fetching x", 2_000_000, 4_000_000, "B")  # too soon
        clock[0] += 1.95
        observer.progress("fetching x", 4_000_000, 4_000_000, "B")
        observer.note("done")
    err = capsys.readouterr().err
    assert "fetching x 1.0M/4.0M" in err
    assert "fetching x 4.0M/4.0M" in err
    assert "1.5 MB/s  0:00:00 left" in err
    assert "2.0M/" not in err
    assert "done\n" in err
    assert err.endswith("\x1b[2K")  # the line is taken away


# ---------------------------------------------------------------------------------------------------------- one's own


@pytest.fixture
def subset(small_mnist, tmp_path, monkeypatch):
    """Two files of the user's: 12 training images with labels, and their sums by role."""
    monkeypatch.setattr("gnicli.dataset.mnist._COUNTS", {"train": 40, "test": 20})
    folder = tmp_path / "mine"
    folder.mkdir()
    sums = realdata.make_mnist(folder, 12)
    for path in folder.glob("t10k*"):
        path.unlink()
    return folder, {role: sums[role] for role in ("train_images", "train_labels")}


def words(sums) -> list[str]:
    return [word for role, value in sums.items() for word in ("--sha256", f"{role}={value}")]


def test_the_life_of_files_of_ones_own(subset, small_mnist, cache):
    folder, sums = subset
    refused = "not taken; for a file of your own add --sha256 train_.*="
    with pytest.raises(DataError, match=refused):
        call("import", str(folder))
    planned = call("import", str(folder), *words(sums), "--dry-run")
    assert planned.count("would be copied to") == 2
    assert not cache.exists()
    assert "2 of 2 files taken; 0 are something else" in call("import", str(folder), *words(sums))
    rows = [line.split() for line in call("list").splitlines() if line.startswith("mnist")]
    own = {f"{cache}/mnist/sha256-{value[:16]}" for value in sums.values()}
    assert [row[4] for row in rows] == ["absent", "verified", "verified"]
    assert {row[5] for row in rows[1:]} == own
    for stamp in cache.rglob("*.verified"):
        stamp.unlink()  # the folder's name still tells the first digits
    assert call("verify").count(": verified") == 2
    path = next(cache.rglob("train-images*.gz"))
    path.write_bytes(path.read_bytes() + b"x")
    with pytest.raises(DataError, match=r"train-images.*its sum is .* was expected"):
        call("verify")
    assert call("import", str(folder / path.name), *words(sums)).count(": verified") == 1  # a file, given alone
    call("fetch", "mnist")
    data = Mnist(sha256=sums).load(0, SilentObserver())
    assert data.train.inputs.shape[0] == 12


def test_verify_knows_a_folder_of_ones_own(subset):
    folder, sums = subset
    assert call("verify", "--dir", str(folder), *words(sums)).count(": verified") == 2
    wrong = {**sums, "train_labels": "1" * 64}
    with pytest.raises(
        DataError, match=rf"correct the sum: its own is dataset.sha256=.train_labels: {sums['train_labels']}"
    ):
        call("verify", "--dir", str(folder), *words(wrong))
    with pytest.raises(
        UsageError, match=r"the role of --sha256 must be one of archive, extra, test.*'train_image'.*mean"
    ):
        call("verify", "--sha256", "train_image=" + "1" * 64)


def test_images_with_a_sum_and_labels_without_one(subset, small_mnist):
    folder, sums = subset
    call("fetch", "mnist")
    call("import", str(folder), *words(sums))
    images = {"train_images": sums["train_images"]}
    with pytest.raises(DataError, match=r"12 train images but 40 labels; .* give train_labels too"):
        Mnist(sha256=images).load(0, SilentObserver())
    with pytest.raises(DataError, match=r"dataset.sha256=.train_labels: " + sums["train_labels"]):
        Mnist(sha256=images, dir=str(folder)).load(0, SilentObserver())


def test_data_alone_prints_its_help_and_is_a_mistake():
    result = CliRunner().invoke(app, [])
    assert result.exit_code == 2
    lines = result.output.splitlines()
    assert len(lines) > 10
    assert "Usage" in lines[0] + lines[1]
    assert any("import" in line and "Copy the files" in line for line in lines)


def test_import_of_many_files_says_how_many(small_mnist, cache, tmp_path):
    """A published name over other content is told a few times; what has no such name is counted."""
    source = tmp_path / "old"
    for i in range(30):
        (source / str(i)).mkdir(parents=True)
        (source / str(i) / "t10k-labels-idx1-ubyte.gz").write_bytes(bytes([i]))
        (source / str(i) / "notes.txt").write_text("x")
    with pytest.raises(DataError, match=r"t10k-labels.*not taken; .*; and 29 more such files$"):
        call("import", str(source))
    for path in small_mnist.iterdir():
        if "t10k-labels" not in path.name:
            (source / path.name).write_bytes(path.read_bytes())
    result = CliRunner().invoke(app, ["import", str(source)])
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == (
        "3 of 63 files taken; 60 are something else, 30 of them by the name of a published file"
    )
    assert result.stderr.count("not taken") == 5
    assert "and 25 more such files" in result.stderr


@pytest.mark.parametrize("url", ["http://me:secretpw@host/x", "https://me@host:8080/", "http://a:b%40c@host"])
def test_passwords_in_urls_are_refused_and_shown_to_nobody(url):
    for attempt in (lambda: Mnist(mirrors=[url]), lambda: call("fetch", "mnist", "--mirror", url)):
        with pytest.raises(UsageError, match=r"//\*\*\*@host.* holds a user name or password") as caught:
            attempt()
        assert "secretpw" not in str(caught.value)
        assert "me@" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://host/a b", "has blanks or letters beyond ASCII"),
        ("http://host/é", "has blanks or letters beyond ASCII"),
        ("http://[", "is no URL"),
        ("ftp://host/", "starts with http:// or https://"),
    ],
)
def test_urls_that_are_none(url, message):
    with pytest.raises(UsageError, match=message):
        Mnist(mirrors=[url])
    assert Mnist(mirrors=["http://host/a%20b@c"]).mirrors  # an @ in the path is no password
