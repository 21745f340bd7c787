"""What a run takes of the machine: its device and its threads, when new and when resumed."""

import fake_experiment as fake
import pytest
import torch
import yaml

from gnicli.contracts.results import Results, Value
from gnicli.engine import machine
from gnicli.errors import DataError, GniError, ResourceError


def failing(cfg, observer):
    raise DataError("no")


def test_the_device_reaches_the_experiment_but_the_config_is_kept_as_given(tmp_path):
    seen = {}

    def experiment(cfg, observer):
        seen.update(device=cfg.device, threads=torch.get_num_threads())
        return Results({"x": Value(1.0)})

    before = torch.get_num_threads()
    cfg = fake.config(device="auto", threads=1)
    outcome = fake.start(tmp_path / "run", run=experiment, cfg=cfg)
    resolved = "cuda" if torch.cuda.is_available() else "cpu"
    assert seen == {"device": resolved, "threads": 1}
    assert torch.get_num_threads() == before
    assert yaml.safe_load((outcome.folder / ".hydra" / "config.yaml").read_text())["device"] == "auto"
    assert (fake.manifest(outcome.folder)["device"], fake.manifest(outcome.folder)["threads"]) == (resolved, 1)


def test_cuda_where_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(
        ResourceError, match=r"CUDA not available \(torch .*\); use device=cpu or device=auto"
    ) as caught:
        fake.start(tmp_path / "run", device="cuda")
    assert caught.value.exit_code == 6
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("listed", [None, "", "1"])
def test_where_there_is_none_what_hides_it_is_named(monkeypatch, listed):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if listed is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", listed)
    with pytest.raises(ResourceError) as caught:
        machine.choose({"device": "cuda:1"}, {})
    assert (f"CUDA_VISIBLE_DEVICES={listed!r}" in str(caught.value)) == (listed is not None)


@pytest.mark.parametrize(
    ("n_devices", "seen"), [(1, "torch sees one CUDA device, cuda:0;"), (3, "CUDA devices 0 … 2;")]
)
def test_a_device_by_its_number(monkeypatch, n_devices, seen):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_devices)
    last = f"cuda:{n_devices - 1}"
    assert machine.choose({"device": last, "threads": 1}, {}) == (last, 1)
    with pytest.raises(ResourceError, match=f"device=cuda:{n_devices}: .*{seen} CUDA_VISIBLE_DEVICES"):
        machine.choose({"device": f"cuda:{n_devices}"}, {})


def test_a_resumed_run_takes_the_saved_thread_count(tmp_path):
    with pytest.raises(GniError):
        fake.start(tmp_path / "run", run=failing, device="cpu", threads=1)
    cfg = fake.config(device="cpu", threads=None)
    threads = []
    fake.start(
        tmp_path / "run", run=lambda *_: threads.append(torch.get_num_threads()) or Results({}), cfg=cfg, resume=True
    )
    assert threads == [1]


def test_a_run_goes_on_where_it_began(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(GniError):
        fake.start(tmp_path / "run", run=failing, device="auto")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    devices = []
    for resume, folder in ((True, "run"), (False, "new")):
        fake.start(
            tmp_path / folder, lambda cfg, _: devices.append(cfg.device) or Results({}), resume=resume, device="auto"
        )
    assert devices == ["cpu", "cuda"]
