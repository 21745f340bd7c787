"""What is kept of runs: it is used where it holds, never where it does not, and can be deleted, damaged or absent."""

import json
import os
import random
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_folders import PARTS, lossy, make, make_sweep

from gnicli.engine import provenance, runs
from gnicli.engine.run_index import index, moments, parts, stored
from gnicli.errors import DataError, UsageError


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """An empty folder of runs and a cache; what was just written is kept, and every single run is worth it."""
    return kept_in(tmp_path, monkeypatch)


def kept_in(place, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    monkeypatch.setattr(stored, "WORTH", 1)
    monkeypatch.setattr(stored, "SETTLED_NS", -(10**12))
    (place / "outputs").mkdir()
    return place / "outputs"


@pytest.fixture
def reads(monkeypatch):
    """The folders that are read, and not taken from what is kept."""
    found = []
    monkeypatch.setattr(
        index, "read_anew", lambda folder, read=index.read_anew: (found.append(folder), read(folder))[1]
    )
    return found


def summed(found):
    """What a listing shows of runs, in an order of its own."""
    return sorted((str(r.folder), r.status, r.command, r.message, repr(r.results), repr(r.config)) for r in found)


def truth(outputs):
    """The same read anew, without the sweeps themselves."""
    return summed(runs.load_runs(outputs))


def listed(outputs):
    return summed(run for run in index.read(outputs) if not index.is_sweep(run))


def cache_file(outputs):
    (found,) = (outputs.parent / "cache").rglob("*.json")
    return found


def fill(outputs):
    for number in range(6):
        make(outputs / "train" / f"{number}-abcd", f"seed={number}", config={"seed": number})
    make_sweep(outputs / "sweep", {"overrides": ["M=1"]}, {"overrides": ["M=2"], "status": "failed", "error": "no"})
    (outputs / "unborn" / ".hydra").mkdir(parents=True)


def test_the_second_listing_reads_nothing_and_shows_the_same(outputs, reads):
    fill(outputs)
    first = listed(outputs)
    assert len(reads) == 6 + 1 + 2
    reads.clear()
    assert listed(outputs) == first == truth(outputs)
    assert reads == []
    assert not [path for path in outputs.rglob("*") if path.name.endswith(".json") and path.name not in (
        "manifest.json", "results.json", "jobs.json")]  # nothing of it lies among the runs  # fmt: skip


def test_of_many_runs_those_that_changed_are_read_and_nothing_else_is_opened(outputs, reads, monkeypatch):
    for number in range(200):
        make(outputs / f"r{number}")
    for number in range(0, 200, 10):
        lossy(outputs / f"r{number}", PARTS[number // 10 % len(PARTS)])
    found = index.read(outputs)
    assert sum(run.status == "damaged" for run in found) == 20
    assert len(reads) == 200
    reads.clear()
    opened = []
    monkeypatch.setattr(
        stored.files, "open_regular", lambda path, *flags, real=stored.files.open_regular: (
            opened.append(Path(path)), real(path, *flags))[1],
    )  # fmt: skip
    make(outputs / "new")
    lossy(outputs / "r3", "results.json")
    assert len(index.read(outputs)) == 201
    assert sorted(path.name for path in reads) == ["new", "r3"]
    assert {path.parent.name for path in opened if outputs in path.parents} - {"new", "r3", ".hydra"} == set()
    assert [path for path in opened if outputs not in path.parents] == [cache_file(outputs)]


@settings(max_examples=25)
@given(seed=st.integers(0, 10**9))
def test_whatever_happens_to_folders_between_two_listings_the_cache_tells_the_truth(tmp_path_factory, seed):
    draw = random.Random(seed)
    with pytest.MonkeyPatch.context() as monkeypatch:
        outputs = kept_in(tmp_path_factory.mktemp("runs"), monkeypatch)
        for number in range(4):
            make(outputs / f"r{number}")
        make_sweep(outputs / "s", {}, {})
        for _ in range(4):
            assert listed(outputs) == truth(outputs)
            for _ in range(draw.randint(0, 3)):
                change(outputs, draw)


def change(outputs, draw):
    """Do to a folder of runs what people, processes and disks do."""
    places = [Path(place) for place, _, names in os.walk(outputs) if "manifest.json" in names]
    if not places:
        make(outputs / f"n{draw.random()}")
        return
    folder, name = draw.choice(places), draw.choice(PARTS)
    what = draw.randrange(7)
    if what == 0 and (folder / name).exists():
        lossy(folder, name)
    elif what == 1:
        (folder / name).unlink(missing_ok=True)
    elif what == 2:
        shutil.rmtree(folder)
    elif what == 3:
        folder.rename(folder.with_name(f"m{draw.random()}"))
    elif what == 4:
        make(
            outputs / f"n{draw.random()}",
            status=draw.choice(["failed", "interrupted"]),
            config={"M": draw.randint(1, 9)},
        )
    elif what == 5 and (folder / name).exists():  # the same size and the same time of change
        before = (folder / name).stat()
        lossy(folder, name)
        os.utime(folder / name, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif what == 6:
        shutil.copytree(folder, folder.with_name(f"c{draw.random()}"), dirs_exist_ok=True)


def test_a_running_process_that_is_gone_is_lost_though_no_file_changed(outputs, reads, monkeypatch):
    here = provenance.host()
    make(outputs / "r", status="running", host=here, pid=os.getpid(), process=provenance.process_mark(os.getpid()))
    make(outputs / "far", status="running", host="another-machine", pid=1)
    status = {run.folder.name: run.status for run in index.read(outputs)}
    assert status == {"r": "running", "far": "running"}
    monkeypatch.setattr(provenance, "is_alive", lambda pid, mark: False)
    reads.clear()
    assert {run.folder.name: run.status for run in index.read(outputs)} == {"r": "lost", "far": "running"}
    assert reads == []
    monkeypatch.undo()
    assert {run.folder.name: run.status for run in index.read(outputs)} == {"r": "running", "far": "running"}


SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=3)
VALUES = st.recursive(
    SCALARS, lambda deeper: st.lists(deeper, max_size=3) | st.dictionaries(st.text(max_size=2), deeper)
)
CONFIGS = st.lists(st.dictionaries(st.sampled_from(["M", "noise", "lr", "", "é"]), VALUES), max_size=6)


@settings(max_examples=100)
@given(CONFIGS, CONFIGS, st.randoms(use_true_random=False))
def test_configurations_are_the_same_after_their_parts_were_kept_once(before, after, draw):
    kept = parts.Parts()
    numbers = [kept.numbers(config) for config in before]
    kept, numbers = reread(*kept.used(numbers))
    numbers += [kept.numbers(config) for config in after]
    chosen = [at for at in range(len(numbers)) if draw.random() < 0.7]
    kept, numbers = reread(*kept.used([numbers[at] for at in chosen]))
    wanted = [(before + after)[at] for at in chosen]
    assert [repr(kept.config(each)) for each in numbers] == [repr(config) for config in wanted]  # 1 is not 1.0 or True
    assert len(kept.entries) == len({repr(entry) for config in wanted for entry in config.items()})


def reread(kept, numbers):
    entries, numbers = json.loads(json.dumps([kept.entries, numbers]))
    return parts.Parts(entries), numbers


def test_a_run_that_is_changed_changes_no_other_one_and_nothing_that_is_kept(outputs, reads):
    for number in range(3):
        make(outputs / f"r{number}")
    before = listed(outputs)
    reads.clear()
    first, *others = index.read(outputs)
    first.config["M"] = 9
    first.config["noise"] = {"name": "none"}
    del first.config["lr"]
    first.manifest["command"] = "other"
    first.results.clear()
    first.last.clear()
    assert {(run.config["M"], run.config["noise"]["name"], run.config["lr"]) for run in others} == {(1, "add", 0.1)}
    assert {(run.manifest["command"], len(run.results), len(run.last)) for run in others} == {("train", 1, 1)}
    make(outputs / "new")
    assert len(listed(outputs)) == 4
    assert [each for each in listed(outputs) if not each[0].endswith("new")] == before == truth(outputs)[1:]
    assert len(reads) == 1


@pytest.mark.parametrize("n_left", range(8))
def test_a_file_that_lacks_parts_gives_no_run_those_of_another(outputs, n_left):
    for number in range(6):
        make(outputs / f"r{number}", config={"seed": number, "M": number})
    index.read(outputs)
    path = cache_file(outputs)
    kept = json.loads(path.read_text())
    assert len(kept["parts"]) == 4 + 2 * 6
    path.write_text(json.dumps(kept | {"parts": kept["parts"][:n_left]}))
    for _ in range(2):
        assert listed(outputs) == truth(outputs)


def test_a_number_that_the_file_has_no_part_for_is_not_that_of_a_new_part():
    kept = parts.Parts([("M", 1)])
    assert kept.numbers({"M": 1, "lr": 0.1}) == [0, 1]
    assert kept.config([0]) == {"M": 1}
    with pytest.raises(IndexError):
        kept.config([0, 1])


def test_parts_of_runs_that_are_gone_are_not_kept(outputs):
    for number in range(3):
        make(outputs / f"r{number}", config={"seed": number})
    index.read(outputs)
    shutil.rmtree(outputs / "r0")
    make(outputs / "r3", config={"seed": 3})
    index.read(outputs)
    kept = [value for key, value in json.loads(cache_file(outputs).read_text())["parts"] if key == "seed"]
    assert sorted(kept) == [1, 2, 3]


NO_USE = (
    "gone",
    "empty",
    "text",
    "list",
    "other code",
    "other root",
    "other types",
    "no parts",
    "other parts",
    "folder",
)


@pytest.mark.parametrize("how", NO_USE)
def test_a_cache_that_is_of_no_use_is_no_harm(outputs, reads, how):
    fill(outputs)
    before = listed(outputs)
    path = cache_file(outputs)
    kept = json.loads(path.read_text())
    path.unlink()
    if how == "folder":
        path.mkdir()
    elif how != "gone":
        mistyped = {
            name: [digest, run | {"results": {"train_loss": 3}}] for name, (digest, run) in kept["runs"].items()
        }
        texts = {
            "empty": "", "text": "{", "list": "[]", "other types": json.dumps(kept | {"runs": mistyped}),
            "no parts": json.dumps({key: value for key, value in kept.items() if key != "parts"}),
            "other parts": json.dumps(kept | {"parts": [3] * len(kept["parts"])}),
            "other code": json.dumps(kept | {"code": "older"}), "other root": json.dumps(kept | {"root": "00"}),
        }  # fmt: skip
        path.write_text(texts[how])
    reads.clear()
    assert listed(outputs) == before
    assert len(reads) >= 8
    reads.clear()
    assert listed(outputs) == before
    assert bool(reads) == (how == "folder")


def test_a_cache_that_cannot_be_written_is_none(outputs, monkeypatch):
    fill(outputs)
    (outputs.parent / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(outputs.parent / "file"))
    assert listed(outputs) == truth(outputs)


def test_what_was_written_just_now_is_not_kept_and_a_few_runs_are_not_worth_a_file(outputs, reads, monkeypatch):
    fill(outputs)
    monkeypatch.setattr(stored, "SETTLED_NS", 10**12)
    for _ in range(2):
        index.read(outputs)
    assert len(reads) == 18
    assert not (outputs.parent / "cache").exists()
    monkeypatch.setattr(stored, "SETTLED_NS", -(10**12))
    monkeypatch.setattr(stored, "WORTH", 10)
    index.read(outputs)
    assert not (outputs.parent / "cache").exists()


def test_what_is_kept_of_a_run_is_what_a_run_is(outputs):
    odd = {"train_loss": float("nan"), "modes": (1.0, 2.0), "word": "S1", "inf": float("-inf")}
    make(outputs / "odd", results=odd, curve=(0.5, float("inf"), 0.125))
    for _ in range(2):
        (run,) = index.read(outputs)
        assert repr(run.results) == repr(runs.load_run(outputs / "odd").results)
        assert dict(run.last) == {"train_loss": 0.125}
        assert run.config["noise"] == {"name": "add", "std": None}


def test_a_root_may_be_a_run_a_sweep_or_nothing(outputs):
    make(outputs / "r")
    make_sweep(outputs / "s", {}, {})
    assert [run.folder for run in index.read(outputs / "r")] == [outputs / "r"]
    assert len(index.read(outputs / "s")) == 3
    assert index.read(outputs / "s" / "0" / ".hydra") == []
    with pytest.raises(UsageError, match="is no folder"):
        index.read(outputs / "none")
    with pytest.raises(DataError, match="is not a run folder"):
        index.at([outputs / "none"])
    assert len(index.at([outputs, outputs / "r", outputs / "s" / "1"])) == 3


def test_a_run_began_when_its_manifest_says_or_its_folder_is_called(outputs):
    folder = outputs / "train" / "2026-11-23" / "14-05-31-482913-k3f9"
    moment = moments.begun(folder, {})
    assert (moment.strftime("%Y-%m-%d %H:%M:%S"), moment.tzinfo is not None) == ("2026-11-23 14:05:31", True)
    assert moments.begun(folder, {"start": "2026-01-02T03:04:05+00:00"}).timestamp() == 1767323045
    assert moments.begun(outputs / "2026-99-99" / "14-05-31-482913-k3f9", {"start": "now"}) is None
    assert moments.order(outputs / "x", {}) < moments.order(outputs / "x", {"start": "0001-01-02T00:00:00+00:00"})
