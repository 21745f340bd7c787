"""How much memory is free: the least of machine, control group and process."""

import resource

import pytest

from gnicli import memory
from gnicli.errors import ResourceError


def test_the_least_of_what_limits_leave_counts(monkeypatch):
    monkeypatch.setattr(memory, "_of_machine", lambda: 8 * 10**9)
    monkeypatch.setattr(memory, "_of_groups", lambda: iter([5 * 10**9, 7 * 10**9]))
    monkeypatch.setattr(memory, "_of_process", lambda: iter([]))
    assert memory.available() == 5 * 10**9
    with pytest.raises(ResourceError, match=r"x=3 needs about 6 GB of memory, 5 GB are free; take less$"):
        memory.require(6e9, "x=3", "take less")
    memory.require(4.9e9, "x=3", "take less")
    monkeypatch.setattr(memory, "_of_machine", lambda: None)
    monkeypatch.setattr(memory, "_of_groups", lambda: iter([]))
    assert memory.available() is None
    memory.require(1e30, "x=3", "take less")


@pytest.mark.parametrize("version", [1, 2])
def test_control_groups_and_those_above_them(monkeypatch, tmp_path, version):
    root = tmp_path / "cgroup"
    below = root / "a" / "b" if version == 2 else root / "memory" / "a" / "b"
    below.mkdir(parents=True)
    limit, used = (
        ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    )
    (below / limit).write_text("max\n" if version == 2 else f"{2**63 - 4096}\n")
    (below / used).write_text("100\n")
    (below.parent / limit).write_text("5000\n")
    (below.parent / used).write_text("2000\n")
    cache = "inactive_file" if version == 2 else "total_inactive_file"
    (below.parent / "memory.stat").write_text(f"anon 7\n{cache} 300\n")
    names = (limit, used, cache)
    monkeypatch.setattr(memory, "_GROUPS", root)
    monkeypatch.setattr(memory, "_groups", lambda: iter([(below, *names)]))
    assert list(memory._of_groups()) == [5000 - 2000 + 300]


def test_a_limit_of_the_process_counts(monkeypatch):
    monkeypatch.setattr(resource, "getrlimit", lambda which: (10**15, 10**15))
    (room,) = memory._of_process()
    assert 0.9e15 < room < 10**15
