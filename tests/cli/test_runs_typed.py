"""`gni runs …` as it is typed: on screens of 60 and 80 columns and in a pipe, for programs, and with mistakes in it."""

import io
import json
import re
import sys

import pytest
from run_folders import lossy, make, make_sweep

from gnicli.cli import main
from gnicli.contracts.results import Value
from gnicli.engine import folders, table_text

START = "2026-11-2{}T10:00:00+00:00"
SUBCOMMANDS = ("list", "show", "diff", "compare", "plot", "rerun", "export", "rm")


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Runs of two commands, a sweep with a diverged job, a damaged run and one whose process is gone."""
    root = tmp_path_factory.mktemp("runs") / "outputs"
    day = root / "train" / "2026-11-23"
    for number, name in enumerate(("14-05-31-482913-k3f9", "15-00-00-000001-x7y8")):
        results = {"train_loss": Value(0.125 * (number + 1), 0.0125, 7), "test_loss": 0.5 - number / 4}
        make(day / name, f"M={number + 1}", "network.width=512", f"seed={number}", start=START.format(number),
             config={"M": number + 1, "seed": number}, results=results, versions={"torch": f"2.{number}"})  # fmt: skip
    jobs = [
        {
            "overrides": [f"noise={noise}", f"seed={seed}"],
            "config": {"seed": seed, "noise": {"name": noise}},
            "status": "diverged" if (noise, seed) == ("mult", 1) else "completed",
            "results": {"train_loss": 1.0 + seed, "test_loss": 2.0 + seed},
        }
        for noise in ("add", "mult")
        for seed in (0, 1, 2)
    ]
    make_sweep(root / "train" / "2026-11-24" / "10-00-00-000002-b2c4", *jobs, start=START.format(4))
    make(root / "fit", "law=stable", command="fit-stable", start=START.format(5), results={"alpha": 1.5})
    lossy(make(root / "bad", start=START.format(6)), "metrics.csv")
    make(root / "gone", status="running", start=START.format(7), host=folders.provenance.host(), pid=2**31 - 2)
    return root


@pytest.fixture
def gni(root, monkeypatch, capsys):
    monkeypatch.setenv("GNI_OUTPUTS", str(root))
    monkeypatch.setenv("XDG_CACHE_HOME", str(root.parent / "cache"))
    monkeypatch.chdir(root.parent)

    def call(*words):
        capsys.readouterr()
        return main(list(words)), *capsys.readouterr()

    return call


def names(out):
    """The first column of the table."""
    lines = out.splitlines()
    (rule,) = [number for number, line in enumerate(lines) if set(line.strip()) == {"─"}]
    return [line.split()[0] for line in lines[rule + 1 :] if line.startswith("  ") and line.strip()]


# ------------------------------------------------------------------------------------------------------------- list


def test_alone_it_lists_with_names_that_other_commands_take(gni):
    code, out, err = gni("runs")
    assert (code, err) == (0, "")
    assert gni("runs", "list") == (code, out, err)
    assert names(out) == ["gone", "bad", "fit", *(f"b2c4/{job}" for job in range(5, -1, -1)), "x7y8", "k3f9"]
    assert out.rstrip().splitlines()[-1] == "11 runs: 8 completed, 1 lost, 1 damaged, 1 diverged"
    for name in names(out):
        assert gni("runs", "show", name)[0] == 0


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["train"], ["gone", "bad", "b2c4/5", "b2c4/4", "b2c4/3", "b2c4/2", "b2c4/1", "b2c4/0", "x7y8", "k3f9"]),
        (["fit-stable"], ["fit"]),
        (["damaged"], ["bad"]),
        (["damaged", "lost"], ["gone", "bad"]),
        (["diverged"], ["b2c4/4"]),
        (["noise=mult"], ["b2c4/5", "b2c4/4", "b2c4/3"]),
        (["noise=mult", "test_loss<2.5"], ["b2c4/3"]),
        (["train", "completed", "test_loss<1", "--sort", "test_loss"], ["x7y8", "k3f9"]),
        (["train", "completed", "test_loss<1", "--sort", "test_loss", "--reverse"], ["k3f9", "x7y8"]),
        (["M=2"], ["x7y8"]),
        (["M>1", "seed=1"], ["x7y8"]),
        (["fit-stable", "train", "alpha>1"], ["fit"]),
        (["--limit", "2"], ["gone", "bad"]),
        (["--limit", "2", "--reverse"], ["k3f9", "x7y8"]),
    ],
)
def test_words_choose_runs(gni, words, found):
    code, out, _ = gni("runs", "list", *words)
    assert (code, names(out)) == (0, found)
    listed = json.loads(gni("runs", "list", *words, "--json")[1])
    assert [run["folder"].rpartition("/")[2][-4:] for run in listed] == [name.rpartition("/")[2] for name in found]


def test_the_span_is_measured_from_now(gni, monkeypatch):
    from datetime import datetime

    monkeypatch.setattr(folders, "now", lambda: datetime.fromisoformat("2026-11-27T12:00:00+00:00"))
    assert names(gni("runs", "--last", "3h")[1]) == ["gone"]
    assert names(gni("runs", "--last", "1.5d")[1]) == ["gone", "bad"]
    assert len(names(gni("runs", "--last", "9w")[1])) == 11


def test_another_folder_is_listed_by_paths(gni, root):
    (first,) = root.glob("train/2026-11-23/*k3f9")
    assert names(gni("runs", "list", str(first.parent), "M=1")[1]) == [f"outputs/train/2026-11-23/{first.name}"]
    assert gni("runs", "list", str(first / ".hydra"))[1].startswith("no runs in ")


def test_no_run_that_fits_is_no_error(gni):
    code, out, err = gni("runs", "list", "noise=none")
    assert (code, err) == (0, "")
    assert out.startswith("no run of the 11 in ")
    assert gni("runs", "list", "noise=none", "--json") == (0, "[]\n", "")


def test_before_the_first_run_programs_get_an_empty_list(gni, monkeypatch, tmp_path):
    monkeypatch.setenv("GNI_OUTPUTS", str(tmp_path / "none"))
    assert gni("runs", "--json") == (0, "[]\n", "")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["shwo"], "'shwo' is no folder, no command (train, "),
        (["shwo"], "did you mean show?"),
        (["faild"], "did you mean failed?"),
        (["list", "test_loss<small"], "'small' is no number"),
        (["list", "tset_loss<1"], "no run here has a result, a metric or a key 'tset_loss'; did you mean test_loss?"),
        (["list", "--sort", "tset_loss"], "did you mean test_loss?"),
        (["list", "--last", "7"], "--last '7': write a number above 0 with m, h, d or w"),
        (["list", "--last", "999999w"], "there is no such day"),
        (["list", "--limit", "0"], "Invalid value for '--limit'"),
        (["list", "outputs", "outputs/train"], "one folder at a time"),
        (["list", "--josn"], "No such option: --josn"),
        (["show"], "Missing argument 'RUN'"),
        (["show", "k3f9", "x7y8"], "unexpected extra argument"),
        (["show", "00-0"], "give more of the name"),
        (["compare", "latest", "--csv", "--latex"], "choose one of --json, --csv, --latex and --markdown"),
        (["compare", "k3f9", "fit"], "compare takes runs of one command"),
        (["compare", "b2c4", "--metric", "tset"], "no completed run has a number 'tset'"),
        (["compare", "b2c4", "--against", "noise=none"], "they differ in noise"),
        (["compare", "b2c4", "--against", "M"], "--against M: write KEY=VALUE"),
        (["export", "k3f9", "--to", "xls"], "--to must be one of csv, parquet, tensorboard, mlflow"),
        (["export", "k3f9"], "Missing option '--to'"),
        (["rerun", "b2c4"], "is a sweep; rerun one of its jobs"),
        (["rm", "k3f9"], "nothing was deleted: nobody can be asked here; --yes deletes 1 folder"),
        (["diff", "k3f9", "b2c4"], "is a sweep, not a run"),
        (["plot", "k3f9", "nothing"], "has no metric and no figure 'nothing'"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(gni, root, words, told):
    before = sorted(map(str, root.parent.rglob("*")))
    code, out, err = gni("runs", *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err
    assert sorted(map(str, root.parent.rglob("*"))) == before


@pytest.mark.parametrize(("words", "code"), [(["show", "xyzzy"], 3), (["rm", "xyzzy"], 3), (["diff", "k3f9", "bad"], 3),
                                             (["rm", "outputs/train"], 3), (["compare", "xyzzy"], 3)])  # fmt: skip
def test_what_is_no_run_is_another_code(gni, words, code):
    assert gni("runs", *words)[0] == code


# ---------------------------------------------------------------------------------------------------------- screens

SCREENS = [
    ("list",), ("list", "train"), ("list", "train", "test_loss<3", "--sort", "M"), ("list", "--limit", "1"),
    ("show", "k3f9"), ("show", "k3f9", "--keys"), ("show", "b2c4"), ("show", "bad"), ("show", "gone"),
    ("diff", "k3f9", "x7y8"), ("compare", "b2c4"), ("compare", "k3f9", "x7y8", "b2c4"),
    ("compare", "b2c4", "--against", "noise=add"),
]  # fmt: skip


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("words", SCREENS, ids=" ".join)
def test_no_table_is_wider_than_the_screen_and_what_is_left_out_is_counted(gni, monkeypatch, words, width):
    whole = gni("runs", *words)[1]
    monkeypatch.setattr(table_text, "screen_width", lambda: width)
    code, out, _ = gni("runs", *words)
    assert code == 0
    for table in re.findall(r"(?m)^ +\n(?: .*\n)+", out):
        assert all(len(line.rstrip()) <= width for line in table.splitlines())
    numbers = set(re.findall(r"(?<!\S)-?\d+\.\d+(?!\S)", out))
    assert numbers <= set(re.findall(r"(?<!\S)-?\d+\.\d+(?!\S)", whole))
    lost = set(re.findall(r"(?<!\S)-?\d+\.\d+(?!\S)", whole)) - numbers
    assert not lost or re.search(r"columns? more in --(json|csv)", out)


def test_in_a_pipe_every_row_is_one_line(gni, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    out = gni("runs", "list", "train")[1]
    assert len(names(out)) == 10
    assert "outputs/train/2026-11-23/14-05-31-482913-k3f9" in out


@pytest.mark.parametrize(
    "words", [(), *((name,) for name in SUBCOMMANDS)], ids=lambda words: words[0] if words else "runs"
)
def test_help_is_whole_at_60_columns(gni, monkeypatch, words):
    monkeypatch.setenv("COLUMNS", "60")
    code, out, _ = gni("runs", *words, "--help")
    assert code == 0
    assert all(len(line) <= 60 for line in out.splitlines())
    assert "..." not in out.partition("Options:")[2].replace("RUN...", "")
    if not words:
        assert all(f"\n  {name} " in out for name in SUBCOMMANDS)


# ------------------------------------------------------------------------------------------------------------- views


def test_one_run_is_shown(gni, root):
    code, out, err = gni("runs", "show", "k3f9", "--keys")
    assert (code, err) == (0, "")
    for part in ("completed", "gni train", "torch 2.0", "0.125 ± 0.013", "noise.name", "add"):
        assert part in out
    assert out.rstrip().splitlines()[-1] == str(next(root.glob("train/*/*k3f9")))
    told = json.loads(gni("runs", "show", "k3f9", "--json")[1])
    assert told["results"]["train_loss"] == {"value": 0.125, "stderr": 0.0125, "n": 7, "unit": ""}
    assert (told["config"]["M"], told["last"], told["manifest"]["versions"]) == (
        1,
        {"train_loss": 0.25},
        {"torch": "2.0"},
    )


def test_a_sweep_a_damaged_and_a_lost_run_are_shown_as_what_they_are(gni):
    out = gni("runs", "show", "b2c4")[1]
    assert "noise=mult" in out
    assert "2 of 3" in out
    assert out.count("completed") >= 5
    assert "metrics.csv is damaged" in gni("runs", "show", "bad")[1]
    assert "is gone; gni resume goes on" in gni("runs", "show", "gone")[1]
    assert json.loads(gni("runs", "show", "bad", "--json")[1])["status"] == "damaged"


def test_the_latest_is_the_one_begun_last(gni):
    assert json.loads(gni("runs", "show", "latest", "--json")[1])["folder"].endswith("/gone")
    assert json.loads(gni("sweep", "status", "latest", "--json")[1])["folder"].endswith("b2c4")
    code, _, err = gni("resume", "fit")
    assert (code, "is finished" in err) == (5, True)


def test_two_runs_are_compared(gni):
    code, out, _ = gni("runs", "diff", "k3f9", "x7y8")
    assert code == 0
    for part in (
        "Configuration",
        "Versions and machine",
        "torch",
        "2.1",
        "Results",
        "0.125 ± 0.013",
        "not the same bits",
    ):
        assert part in out
    told = json.loads(gni("runs", "diff", "k3f9", "x7y8", "--json")[1])
    assert (told["config"]["M"], told["made"], told["same"]) == ([1, 2], {"torch": ["2.0", "2.1"]}, False)


def test_many_runs_are_compared_in_every_form(gni):
    table = gni("runs", "compare", "b2c4")[1]
    assert re.search(r"noise=mult +2 of 3 +3\.0 ± 1\.0", table)
    assert "noise=mult: 1 diverged; means are those of 2 of 3 runs" in table
    code, latex, err = gni("runs", "compare", "b2c4", "--latex")
    assert (code, latex.count("\\toprule"), "1 diverged" in err) == (0, 1, True)
    markdown = gni("runs", "compare", "b2c4", "--markdown", "--metric", "test_loss")[1]
    assert markdown.startswith("| setting | n | test loss | 95 % interval | not completed |\n| --- |")
    rows = gni("runs", "compare", "b2c4", "--csv")[1].splitlines()
    assert rows[0].startswith("noise,result,mean,stderr,ci95_low,ci95_high,n,")
    assert rows[1].startswith("add,train_loss,2.0,")
    told = json.loads(gni("runs", "compare", "b2c4", "--json")[1])
    assert [setting["label"] for setting in told["settings"]] == ["noise=add", "noise=mult"]
    paired = gni("runs", "compare", "b2c4", "--against", "noise=add")[1]
    assert "Paired differences" in paired
    assert "of 3 diverged" in paired


# ---------------------------------------------------------------------------------------------------------- rm, plot


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("answer", "goes"), [("y\n", True), ("yes\n", True), ("\n", False), ("n\n", False), ("", False)]
)
def test_rm_asks(gni, root, monkeypatch, answer, goes):
    folder = make(root / "doomed")
    monkeypatch.setattr(sys, "stdin", Terminal(answer))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    code, out, _ = gni("runs", "rm", "doomed")
    assert (code, folder.exists()) == (0, not goes)
    assert "Delete 1 folder (0 MB)? y deletes, all else keeps them: " in out
    assert out.endswith("deleted 1 folder (0 MB)\n" if goes else "nothing was deleted\n")
    if not goes:
        assert gni("runs", "rm", "doomed", "--yes") == (0, "deleted 1 folder (0 MB)\n", "")
    assert not folder.exists()


def test_plot_takes_short_names_and_whole_sweeps(gni, tmp_path, monkeypatch):
    from gnicli.engine import figures, plots

    drawn = []
    monkeypatch.setattr(figures, "save", lambda figure, target: None)
    monkeypatch.setattr(plots, "plot", lambda places, name, **_: drawn.append((places, name)))
    for words in (
        ("k3f9", "b2c4", "train_loss"),
        ("k3f9", "x7y8"),
        ("k3f9", "latest"),
        ("k3f9", "b2c4", "--metric", "x"),
    ):
        assert gni("runs", "plot", *words, "--output", str(tmp_path / "p.png"))[0] == 0
        assert gni("plot", *words, "--output", str(tmp_path / "p.png"))[0] == 0
    told = [([place.rpartition("/")[2][-4:] for place in places], name) for places, name in drawn[::2]]
    assert told == [
        (["k3f9", "b2c4"], "train_loss"),
        (["k3f9", "x7y8"], ""),
        (["k3f9", "gone"], ""),
        (["k3f9", "b2c4"], "x"),
    ]
    assert drawn[::2] == drawn[1::2]


def test_export_says_where(gni, tmp_path):
    code, out, _ = gni("runs", "export", "k3f9", "b2c4", "--to", "csv", "--output", str(tmp_path / "x"))
    assert (code, out) == (0, f"{tmp_path / 'x'}\n")
    assert len((tmp_path / "x" / "runs.csv").read_text().splitlines()) == 8
