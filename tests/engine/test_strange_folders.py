"""A run folder from a stranger, or from a disk that failed: refused in one line, and nothing outside is touched."""

import copy
import json
import os
import shutil
import socket

import fake_experiment as fake
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gnicli import files
from gnicli.contracts.observer import State
from gnicli.engine import checkpoint, content, folders, records, sweep, sweep_records, tables
from gnicli.errors import ConflictError, DataError, GniError, ResourceError

pytestmark = pytest.mark.usefixtures("undrawn")
IN_PLACE_OF = (
    "manifest.json", "metrics.csv", "run.log", ".lock", "checkpoint.safetensors", "checkpoint.prev", "results.json",
    "report.md", "report.html", "arrays.npz", ".hydra", ".hydra/config.yaml", "figures", "figures/walk.csv",
)  # fmt: skip
NO_FILES = ("link", "dangling link", "link to a folder", "loop", "pipe", "socket", "device")


def read_and_resume(folder):
    records.read_config(folder)
    fake.start(folder, resume=True, figures=True)


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """A run that failed after its checkpoint and holds all that a run can hold."""
    folder = tmp_path_factory.mktemp("stopped") / "run"
    with pytest.raises(RuntimeError):
        fake.start(folder, run=lambda cfg, obs: fake.count(fake.config(fail_at=40), obs), figures=True)
    (folder / "figures").mkdir()
    for name in ("figures/walk.csv", "results.json", "report.md", "arrays.npz"):
        (folder / name).write_text("{}")
    return folder


@pytest.fixture
def folder(stopped, tmp_path):
    return shutil.copytree(stopped, tmp_path / "run", symlinks=True)


@pytest.fixture
def outside(tmp_path):
    """What a link may point at: a file, and a folder with a file of the same name as a figure's."""
    (tmp_path / "home" / "deep").mkdir(parents=True)
    for name in ("thesis.txt", "walk.csv", "config.yaml", "deep/walk.csv"):
        (tmp_path / "home" / name).write_text("years of work")
    return tmp_path / "home"


def snapshot(folder):
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


def put(path, kind, outside):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    if kind == "link":
        path.symlink_to(outside / "thesis.txt")
    elif kind == "dangling link":
        path.symlink_to(outside / "not there")
    elif kind == "link to a folder":
        path.symlink_to(outside)
    elif kind == "loop":
        path.symlink_to(path.name)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        here = os.getcwd()
        os.chdir(path.parent)  # the name of a socket is short
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
        os.chdir(here)


@pytest.mark.parametrize("kind", NO_FILES)
@pytest.mark.parametrize("name", IN_PLACE_OF)
def test_what_is_no_file_is_refused_and_nothing_outside_is_touched(folder, outside, name, kind):
    put(folder / name, kind, outside)
    before = snapshot(outside)
    with pytest.raises(DataError) as caught:
        read_and_resume(folder)
    assert "\n" not in str(caught.value)
    assert name.split("/")[-1] in str(caught.value)
    assert snapshot(outside) == before
    folders.read_run(folder)  # never raises, never waits
    sweep_records.read_record(folder)
    with pytest.raises(GniError):
        fake.start(folder, figures=True)
    assert snapshot(outside) == before


@pytest.mark.parametrize("name", [name for name in IN_PLACE_OF if name not in (".hydra", "figures")])
def test_a_folder_in_place_of_a_file_is_refused(folder, name):
    (folder / name).unlink(missing_ok=True)
    (folder / name).mkdir()
    with pytest.raises(GniError) as caught:
        read_and_resume(folder)
    assert caught.value.exit_code in (3, 6)
    folders.read_run(folder)


@pytest.mark.parametrize("name", ["metrics.csv", "run.log"])
def test_a_second_name_keeps_its_content(folder, outside, name):
    """Copies of a run made with hard links, as backups are, do not change with it; nor does anybody's file."""
    other = outside / "second name"
    os.link(folder / name, other)
    before = other.read_bytes()
    fake.start(folder, resume=True, figures=True)
    assert other.read_bytes() == before
    assert (folder / name).read_bytes().startswith(before[:20])


def test_a_job_that_is_a_link_is_no_job(folder, tmp_path):
    swept = sweep.Sweep(tmp_path / "s", command="count", overrides=[], argv=["gni"], n_jobs=1)
    (tmp_path / "s" / "0").symlink_to(folder)
    (tmp_path / "s" / "007").mkdir()
    (tmp_path / "s" / "²").mkdir()
    assert [record.status for record in sweep_records.read_sweep(tmp_path / "s")] == ["not started"]
    swept.discard()


def test_a_folder_with_numbers_is_no_place_for_a_sweep(tmp_path):
    (tmp_path / "s" / "0").mkdir(parents=True)
    with pytest.raises(ConflictError, match="holds 0 but no manifest"):
        sweep.Sweep(tmp_path / "s", command="count", overrides=[], argv=["gni"])
    assert (tmp_path / "s" / "0").is_dir()


def test_sizes_that_no_run_writes_are_refused_before_they_are_read(folder):
    with open(folder / "manifest.json", "ab") as stream:
        stream.truncate(1 << 40)  # sparse: it takes no disk
    with pytest.raises(DataError, match=r"manifest\.json is damaged: \d+ bytes"):
        folders.read_manifest(folder)
    assert folders.read_run(folder).status == "broken"
    for name, read in (("metrics.csv", tables.read_metrics), ("results.json", tables.read_results)):
        with open(folder / name, "ab") as stream:
            stream.truncate(1 << 40)
        with pytest.raises(DataError, match=r"is damaged: .* bytes"):
            read(folder / name)
    for name in (checkpoint.CURRENT, checkpoint.PREVIOUS):
        with open(folder / name, "ab") as stream:
            stream.truncate(1 << 43)
        with pytest.raises((DataError, ResourceError)):
            checkpoint.decode(folder / name)


# -------------------------------------------------------------------------------------------------------- wrong types

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.just(2**70), st.just(10**400), st.just(-1), st.floats(),
    st.text(max_size=3), st.just("\ud800"), st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=2),
    st.lists(st.lists(st.none(), max_size=1), max_size=1),
)  # fmt: skip


def places(value, here=()):
    """The path to every part of nested tables and lists."""
    yield here
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*here, key))


def mutated(draw, value):
    """`value` with a few of its parts replaced, removed or moved."""
    value = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(sorted(places(value), key=repr)))
        if not path:
            if draw(st.integers(0, 9)) == 0:
                return draw(ODD)
            continue
        holder = value
        for key in path[:-1]:
            holder = holder[key]
        if draw(st.booleans()) and draw(st.booleans()):
            del holder[path[-1]]
        else:
            holder[path[-1]] = draw(ODD)
    return value


MODERATE = settings(max_examples=30, suppress_health_check=list(HealthCheck))


def survives(call, *arguments, **named):
    """Only our own errors, in one line, and never the code of a bug."""
    try:
        return call(*arguments, **named)
    except GniError as error:
        is_told = "\n" not in str(error) and error.exit_code in (2, 3, 5, 6)
    assert is_told
    return None


@MODERATE
@given(st.data())
def test_manifests_with_any_values_are_read_or_refused(stopped, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("m")
    whole = json.loads((stopped / "manifest.json").read_text()) | {"n_jobs": 2, "resumed_from": [3, None]}
    changed = mutated(data.draw, whole)
    (folder / "manifest.json").write_text(json.dumps(changed))
    info = folders.read_run(folder)
    assert info.status in ("running", "completed", "failed", "interrupted", "diverged", "lost", "broken")
    sweep_records.read_record(folder)
    survives(sweep_records.read_sweep, folder)
    manifest = survives(folders.read_manifest, folder)
    assert (manifest is None) == (info.status == "broken")
    if manifest is not None:  # then everything that is done with one works
        folders.encode(manifest)
        float(manifest.get("wall_seconds", 0.0))
        sweep_records.split_overrides(manifest.get("overrides", ()))
        survives(folders._refuse_taken, folder, "run")


@settings(MODERATE, max_examples=8)
@given(st.data())
def test_a_run_resumes_or_is_refused_whatever_its_manifest_says(stopped, tmp_path_factory, data):
    folder = shutil.copytree(stopped, tmp_path_factory.mktemp("r") / "run")
    whole = json.loads((folder / "manifest.json").read_text()) | {"resumed_from": [3, None]}
    (folder / "manifest.json").write_text(json.dumps(mutated(data.draw, whole)))
    survives(fake.start, folder, resume=True, figures=True, steps=60)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("wall_seconds", "x"), ("wall_seconds", 10**400), ("wall_seconds", float("nan")), ("wall_seconds", True),
        ("engine_seconds", [1]), ("part_seconds", 5), ("part_seconds", {"a": "b"}), ("resumed_from", 5),
        ("resumed_from", ["x"]), ("overrides", 5), ("overrides", None), ("overrides", [5]), ("n_jobs", "x"),
        ("n_jobs", 10**9), ("n_jobs", -1), ("pid", 2**70), ("pid", -1), ("pid", 0), ("process", 5), ("host", None),
        ("command", 7), ("argv", "gni"), ("versions", []), ("git", "x"), ("status", "done"), ("kind", "folder"),
        ("threads", 0), ("threads", 2.5), ("device", []), ("arrays", {"a": 1}), ("error", None), ("start", 1),
        ("fingerprint", 1), ("format", "1"), ("format", True), ("format", None),
    ],
)  # fmt: skip
def test_each_key_of_a_manifest_is_checked_and_named(folder, key, value):
    manifest = json.loads((folder / "manifest.json").read_text()) | {key: value}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=rf"manifest\.json is damaged: (its )?{key}"):
        fake.start(folder, resume=True, figures=True)
    assert folders.read_run(folder).status == "broken"


@pytest.mark.parametrize("text", ["[" * 100_000, '{"status":' * 50_000, "[" * 100 + "]" * 100, "9" * 5000])
def test_nesting_and_digits_without_end(folder, text):
    for name, read in (
        ("manifest.json", lambda _: folders.read_manifest(folder)),
        ("results.json", tables.read_results),
    ):
        (folder / name).write_text(text)
        with pytest.raises(DataError, match="damaged"):
            read(folder / name)


HEADER = {"format": 1, "step": 3, "values": {}, "fingerprint": "x", "config": {"seed": 1}, "metrics_bytes": 0}


def write_checkpoint(folder, header):
    from safetensors.numpy import save

    arrays = {"w": np.arange(3.0)}
    if isinstance(header, dict):
        header = {**header, "sha256": checkpoint._sum(header, arrays)}
    (folder / checkpoint.CURRENT).write_bytes(save(arrays, {"gni": json.dumps(header)}))


@MODERATE
@given(st.data())
def test_checkpoints_whose_own_sum_is_right_are_read_or_refused(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("c")
    header = mutated(data.draw, HEADER)
    write_checkpoint(folder, json.loads(json.dumps(header)))
    found = survives(checkpoint.load, folder, {"seed": 1}, lambda text: None)
    assert found is None or isinstance(found.state, State)
    survives(checkpoint.read_state, folder)


@pytest.mark.parametrize("key", ["format", "step", "values", "config", "metrics_bytes"])
@pytest.mark.parametrize("how", ["absent", "mistyped"])
def test_each_key_of_a_checkpoint_is_checked_and_named(tmp_path, key, how):
    header = {name: value for name, value in HEADER.items() if name != key}
    write_checkpoint(tmp_path, header if how == "absent" else header | {key: "x"})
    with pytest.raises(DataError, match=rf"damaged: {key} is"):
        checkpoint.load(tmp_path, {"seed": 1}, lambda text: None)


@MODERATE
@given(st.data())
def test_results_with_any_values_are_read_or_refused(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("v") / "results.json"
    whole = {"a": {"value": 1.5, "stderr": None, "n": 1, "unit": "", "ci95": [1, 2]}, "b": {"value": [1, 2]}}
    path.write_text(json.dumps(mutated(data.draw, whole)))
    survives(tables.read_results, path)


@MODERATE
@given(st.binary(max_size=300))
@example(b"step,name,value\n" + b"9" * 30 + b",a,1\n")
@example(b"step,name,value\n" + b"9" * 5000 + b",a,1\n")
@example(b"step,name,value\n-9223372036854775808,a,1\n")
def test_metrics_of_any_bytes_are_read_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("t") / "metrics.csv"
    path.write_bytes(content)
    survives(tables.read_metrics, path)


NPZ = {"a": np.arange(6.0).reshape(2, 3), "b": np.array(["x"])}


@MODERATE
@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 255)), min_size=1, max_size=6), st.booleans())
def test_arrays_with_changed_bytes_are_read_or_refused(tmp_path_factory, changes, compressed):
    path = tmp_path_factory.mktemp("z") / "arrays.npz"
    (np.savez_compressed if compressed else np.savez)(path, **NPZ)
    damaged = bytearray(path.read_bytes())
    for position, value in changes:
        damaged[position % len(damaged)] = value
    path.write_bytes(damaged)
    survives(tables.read_arrays, path)


def test_objects_are_refused_without_advice_to_load_them(tmp_path):
    np.savez(tmp_path / "arrays.npz", a=np.array([{}], dtype=object))
    np.save(tmp_path / "one.npy", np.arange(3))
    for name in ("arrays.npz", "one.npy"):
        with pytest.raises(DataError, match="damaged") as caught:
            tables.read_arrays(tmp_path / name)
        assert "allow_pickle" not in str(caught.value)


# -------------------------------------------------------------------------------------------------- saved configuration

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{one}: &{one} [{','.join(['*' + other] * 9)}]\n" for other, one in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "text",
    [
        BOMB, "a: &a [*a]\n", "a: " + "[" * 3000 + "]" * 3000, "lr: " + "9" * 5000,
        "a: !!set {x, y}\n", "5",
        "- 1\n", "lr: [1", "lr: 1\nlr: 2\n", "lr: !!python/name:os.system x\n",
        "a: !!python/object/apply:os.mkdir [x]\n",
        "a: " + "x" * 100_000, "lr: 1\n" + "#" * 300_000,
        "a: [" + "1," * 60_000 + "1]", "\tx: 1\n", "a: !!timestamp 2001-01-01\n", "? [1, 2]\n: 3\n", "a: \x00\n",
    ],
    ids=range(18),
)  # fmt: skip
def test_a_hostile_configuration_is_refused_in_one_line(folder, text):
    (folder / ".hydra" / "config.yaml").write_text(text)
    with pytest.raises(DataError, match="the saved configuration") as caught:
        records.read_config(folder)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


@MODERATE
@given(st.text(max_size=80))
def test_any_text_is_read_as_a_configuration_or_refused(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("y")
    (folder / ".hydra").mkdir()
    (folder / ".hydra" / "config.yaml").write_bytes(text.encode(errors="surrogatepass"))
    found = survives(records.read_config, folder)
    assert found is None or isinstance(found, dict)


def test_what_a_run_saves_is_read_back(folder):
    assert records.read_config(folder) == fake.plain_of(fake.config(figures=True))


# ------------------------------------------------------------------------------------------------------------- edited


def test_an_edited_configuration_without_a_checkpoint_is_refused(folder):
    for path in folder.glob("checkpoint*"):
        path.unlink()
    before = snapshot(folder)
    with pytest.raises(ConflictError, match=r"began with another config \(fingerprint \w+, now \w+\)"):
        fake.start(folder, resume=True, figures=True, lr=0.5)
    assert {**snapshot(folder), str(folder / ".lock"): b""} == {**before, str(folder / ".lock"): b""}
    manifest = fake.manifest(folder)
    manifest["overrides"] = ["lr=0.1", "steps=60"]
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ConflictError, match=r"lr is 0\.5, begun with '0\.1'\)") as caught:
        fake.start(folder, resume=True, figures=True, lr=0.5)
    assert caught.value.exit_code == 5
    fake.start(folder, resume=True, cfg=fake.config(figures=True, run={"checkpoint_steps": 2}))


def test_what_lies_in_place_is_told_apart(tmp_path):
    (tmp_path / "f").write_text("")
    (tmp_path / "l").symlink_to("f")
    assert [files.kind_of(tmp_path / name) for name in ("f", "l", ".", "none", "f/x")] == [
        "a file", "a symbolic link", "a folder", None, None,
    ]  # fmt: skip
    assert not content.is_unborn(tmp_path / "none")
