"""The experiments with images and pairs, end to end on the stand-in `digits` and a few steps."""

import json

import pytest

TINY = ("seed=0", "steps=2", "eval_every=1")


def sweep(gni, tmp_path, *words):
    said = gni(
        "train", *TINY[any(word.startswith("seed") for word in words) :], *words, f"run.dir={tmp_path / 'sweep'}"
    )
    assert said.code == 0, said.err
    folder = tmp_path / "sweep"
    return json.loads((folder / "results.json").read_text()), (folder / "report.md").read_text(), folder / "figures"


@pytest.mark.slow
@pytest.mark.usefixtures("pictures")
def test_figure_5_on_images(gni, tmp_path):
    values, report, figures = sweep(gni, tmp_path, "experiment=fig5_mnist", "dataset=digits", "M=1,2")
    assert values["train_loss against M=1 [M=2]"]["n"] == 1
    assert "fig5_mnist with protocol=learnable budget=quick: 2 steps" in report
    assert (figures / "train_loss.png").exists()


def test_figure_7_has_its_control(gni, tmp_path):
    values, report, figures = sweep(
        gni,
        tmp_path,
        "experiment=fig7",
        "dataset=digits",
        "network.channels=[3,4]",
        "protocol=paper",
        "arm=M1,M16,explicit",
    )
    for arm in ("M16", "explicit"):
        assert values[f"test_loss against arm=M1 [arm={arm}]"]["n"] == 1
    assert "test_loss against arm=M16 [arm=explicit]" in values
    assert "fig7 with protocol=paper budget=quick: 2 steps, 1 seed for each arm" in report
    assert (figures / "test_loss.csv").read_text().count("arm=explicit") > 1


@pytest.mark.slow
@pytest.mark.usefixtures("pictures")
def test_figure_8_tells_the_laws_by_variance(gni, tmp_path):
    values, _, figures = sweep(
        gni, tmp_path, "experiment=fig8", "dataset=digits", "network.width=16", "M=1,4", "noise.var=0.1,0.5",
        "track.n_mean=2",
    )  # fmt: skip
    for draws in (1, 4):
        assert values[f"slope of alpha on log noise.var [M={draws}]"]["n"] == 1
        assert f"fits at the boundary [noise.var=0.5 M={draws}]" in values
    assert "test_loss against M=1 [noise.var=0.5 M=4]" in values
    assert (figures / "laws.png").exists()
    assert (figures / "test_loss_differences.png").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("pictures")
def test_mirrored_pairs_are_told_for_every_noise(gni, tmp_path):
    values, _, figures = sweep(
        gni, tmp_path, "experiment=symmetrise", "network.width=16", "network.activation=elu", "noise.std=0.01,0.3",
        "track.every=1", "track.n_repeats=4", "seed=0,1",
    )  # fmt: skip
    assert "train_loss against arm=plain [noise.std=0.3 arm=antithetic]" in values
    small, large = (values[f"variance_ratio [arm=plain noise.std={std}]"] for std in ("0.01", "0.3"))
    assert small["value"] < 0.01 < large["value"]
    assert len(small["ci95"]) == 2
    assert (figures / "variance_ratio.png").exists()
    assert (figures / "train_loss.png").exists()


@pytest.mark.parametrize("experiment", ["fig5_mnist", "fig7"])
def test_without_the_images_the_data_message_is_all(gni, tmp_path, monkeypatch, experiment):
    monkeypatch.setenv("GNI_DATA_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("GNI_OFFLINE", "1")
    said = gni("train", f"experiment={experiment}", "seed=0", "steps=2", f"run.dir={tmp_path / 'sweep'}")
    assert said.code != 0
    assert "run: gni data fetch" in said.err
    assert "Traceback" not in said.err
