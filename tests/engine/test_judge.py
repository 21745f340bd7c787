"""`gni judge` and `gnicli.judge`: claims from files, runs from folders and tables, reports and records of looks."""

import json
import math
import re

import fake_experiment as fake
import numpy as np
import pandas
import pytest
import report_pages

import gnicli
from gnicli.claims.claim import Claim
from gnicli.cli import main
from gnicli.engine.judging import claims_file, record, sources, tidy
from gnicli.errors import ConflictError, DataError, UsageError

CLAIMS = """\
title: Optimizers
defaults: {metric: loss, smallest: 5 %, seeds: 0-7, family: optimizers}
claims:
  adam:
    sentence: Adam ends lower than SGD.
    kind: below
    a: opt=adam
    b: opt=sgd
  same:
    sentence: Nesterov's momentum changes nothing.
    kind: same
    a: {opt: nesterov}
    b: opt=sgd
"""
LEVELS = {"adam": 0.5, "sgd": 1.0, "nesterov": 1.005}


def rows(levels=LEVELS, n=8, lost=(), sd=0.01):
    """A tidy table with three steps for each run; `lost` runs diverged."""
    found = []
    for place, (name, level) in enumerate(levels.items()):
        for seed in range(n):
            rng = np.random.default_rng((place, seed))  # so that no other run changes a run
            values = level * rng.lognormal(0.0, sd, 3)
            status = "diverged" if (name, seed) in lost else "completed"
            run = f"{name}-{seed}"
            found += [
                (run, seed, f"opt={name}", "loss", s, v, status) for s, v in zip((0, 50, 100), values, strict=True)
            ]
    return pandas.DataFrame(found, columns=["run", "seed", "setting", "metric", "step", "value", "status"])


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    rows().to_csv(tmp_path / "runs.csv", index=False)
    return tmp_path


def said(capsys, *words):
    code = main(["judge", *map(str, words)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


# ------------------------------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    b: opt=sgd\n  same", "    metrik: x\n  same", "metrik is no key of a claim; did you mean metric"),
        ("kind: below", "kind: belov", "claims.yaml:6: claim adam: kind must be one of below, above"),
        ("kind: below", "levels: [1, 2]\n    kind: below", ":6: claim adam: levels is not a key of kind: below"),
        ("kind: below", "smallest: 5 %%\n    kind: below", ":6: claim adam: smallest: expected a number above 0"),
        ("smallest: 5 %", "smallest: big", "claims.yaml:2: claim adam: smallest: expected"),
        ("smallest: 5 %", "smalest: 5 %", ":2: defaults: smalest is no key of a claim; did you mean smallest?"),
        ("seeds: 0-7", "seeds: 7-0", "claims.yaml:2: claim adam: seeds: expected seeds such as 0-9"),
        ("a: opt=adam", "a: [opt]", "claims.yaml:7: claim adam: a: expected a setting such as optimizer=adam"),
        ("    a: opt=adam\n", "", "claims.yaml:4: claim adam: a: expected a setting"),
        ("    sentence: Adam ends lower than SGD.\n", "", "claims.yaml:4: claim adam: sentence is missing"),
        ("claims:", "claim:", "claims.yaml:3: 'claim' is none of title, defaults, claims"),
        ("title: Optimizers", "title: [1]", "claims.yaml:1: title: expected words"),
        ("  same:", "  adam:", "given twice"),
        ("title: Optimizers", "title: !!python/object:os.system x", "tag !!python/object:os.system is not allowed"),
        (CLAIMS[CLAIMS.index("claims:"):], "claims: 3", "claims.yaml:3: expected claims, each under its id, got 3"),
    ],
)  # fmt: skip
def test_a_wrong_file_of_claims_is_one_line(place, capsys, old, new, message):
    assert CLAIMS.count(old) >= 1
    (place / "claims.yaml").write_text(CLAIMS.replace(old, new, 1))
    code, out, err = said(capsys, "claims.yaml", "runs.csv")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("status", "stauts", "unknown column 'stauts'; did you mean status?"),
        ("seed", "", "unknown column ''"),
        ("run,seed", "seed", "no column 'run'; a table of runs has the columns run, seed, setting, metric, value"),
        ("adam-0,0,", "adam-0,1,", "runs.csv:3: run adam-0 has another seed than in its rows before"),
        ("adam-0,0,opt=adam,loss,0,", "adam-0,0,opt=adam,loss,50,", "has loss twice; give each value its step"),
        ("loss,0,", "loss,zero,", "runs.csv:2: step: expected a number, got 'zero'"),
        ("loss,0,", "loss,inf,", "runs.csv:2: step: expected a finite number"),
        ("completed", "complete", "runs.csv:2: status must be one of completed"),
        ("adam-0,0,", "adam-0,,", "runs.csv:2: a run has no seed"),
        ("loss,0,", "loss,0,0,", "runs.csv:2: 8 fields where the header has 7"),
    ],
)
def test_a_wrong_table_is_one_line(place, capsys, old, new, message):
    text = (place / "runs.csv").read_text()
    (place / "runs.csv").write_text(text.replace(old, new, 1))
    code, out, err = said(capsys, "claims.yaml", "runs.csv")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["absent.yaml", "runs.csv"], "absent.yaml: no such file or directory; the first argument is a file of claims"),
        (["claims.yaml", "absent.csv"], "absent.csv is not there; give folders of runs or CSV files"),
        (["claims.yaml", "empty"], "empty holds no run"),
        (["runs.csv", "claims.yaml"], "runs.csv: expected keys and values"),
        (["claims.yaml", "runs.csv", "--json", "--csv"], "--json and --csv: give one of them"),
        (["claims.yaml"], "Missing argument"),
    ],
)
def test_a_wrong_command_is_one_line(place, capsys, words, message):
    (place / "empty").mkdir()
    code, out, err = said(capsys, *words)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert message in err


def test_the_words_of_a_stranger_are_texts_to_look_at(place, capsys):
    """Escape sequences, lone surrogates and tags reach neither the screen nor a file as what they are."""
    odd = r'"\e[31mred\uD800 <b>"'
    text = CLAIMS.replace("Adam ends lower than SGD.", odd).replace("title: Optimizers", f"title: {odd}")
    (place / "claims.yaml").write_text(text.replace("  same:", f"  {odd}:"))
    for options in ([], ["--json"], ["--csv"], ["--output", "report"]):
        code, out, err = said(capsys, "claims.yaml", "runs.csv", *options)
        assert (code, err) == (0, "")
        assert "\x1b" not in out
        assert options or r"\x1b[31mred\ud800" in out
    report_pages.check((place / "report" / "report.html").read_text())


def test_defaults_go_to_the_rows_that_have_such_keys(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_text(
        "defaults: {metric: m, smallest: 0.1, along: M, levels: [1, 2, 4], direction: falls, where: lr=0.1}\n"
        "claims:\n  one: {sentence: s, kind: ordering}\n"
        "  two: {sentence: s, kind: below, a: M=1, b: 3, smallest: 1 %}\n"
    )
    one, two = claims_file.read(path).claims.claims
    assert (one.levels, one.smallest, two.levels) == (("1", "2", "4"), 0.1, ())
    assert two.smallest == pytest.approx(math.log(1.01))
    assert one.settings() == {f"M={level}": {"lr": "0.1", "M": level} for level in "124"}
    assert two.settings() == {"M=1": {"lr": "0.1", "M": "1"}}


def test_a_frame_a_file_and_a_file_in_another_order_say_the_same(place):
    frame = rows()
    frame.sample(frac=1, random_state=1).to_csv("shuffled.csv", index=False)
    first = gnicli.judge("claims.yaml", "runs.csv")
    assert [each.verdict for each in first] == ["supported", "supported"]
    for other in (frame, "shuffled.csv", ["runs.csv", "runs.csv"]):
        assert gnicli.judge("claims.yaml", other).rows() == first.rows()
    halves = [frame[frame["seed"] % 2 == k] for k in (1, 0)]
    assert gnicli.judge("claims.yaml", halves).rows() == first.rows()


def test_a_table_without_steps_and_with_gaps():
    frame = pandas.DataFrame(
        {"run": ["a", "a", "b"], "seed": [1.0, 1.0, 2.0], "setting": ["the old one"] * 3, "metric": ["x", "y", "x"],
         "value": [1.5, None, 2.5]}
    )  # fmt: skip
    one, two = tidy.of_frame(frame)
    assert (one.seed, one.setting, one.status) == ("1", {"": "the old one"}, "completed")
    assert one.series("x")[1].tolist() == [1.5]
    assert np.isnan(one.series("y")[1]).all()
    assert two.series("y") is None


def test_the_window_and_the_median_over_metrics():
    frame = pandas.DataFrame(
        [("r", 0, "A", f"alpha/layer{k}", s, 10 * k + s) for k in (1, 2, 9) for s in (0, 50, 95, 100)],
        columns=["run", "seed", "setting", "metric", "step", "value"],
    )
    fields = {"sentence": "s", "kind": "same", "smallest": 1.0, "scale": "linear", "a": "A", "b": 0.0, "seeds": ("0",)}
    values = {}
    for window in ("last 10 %", "last", "all", "40-95"):
        claim = Claim(id="c", metric="alpha/layer*", window=window, **fields)
        values[window] = gnicli.judge(claim, frame)["c"].effect.value - 20
    assert values == pytest.approx({"last 10 %": 97.5, "last": 100, "all": 61.25, "40-95": 72.5})


def test_folders_of_runs_are_read_with_what_was_typed_and_what_was_not(tmp_path):
    for seed in (0, 1):
        fake.start(tmp_path / "a" / str(seed), steps=6, overrides=["+rate=1e-1", f"seed={seed}"])
    (tmp_path / "a" / "broken" / ".hydra").mkdir(parents=True)
    found = sources.read([tmp_path / "a", tmp_path / "a" / "1"])
    assert sorted(run.seed for run in found.runs) == ["0", "1"]
    assert "broken is unborn and not judged" in found.warnings[0]
    run = found.runs[0]
    assert (run.setting["rate"], run.setting["steps"]) == ("1e-1", "6")
    assert "seed" not in run.setting
    assert run.series("train_loss")[0].tolist() == [3, 6]
    assert run.series("spread")[1].shape == (1,)  # a result that is no curve
    claim = Claim(id="c", sentence="s", kind="above", metric="train_loss", smallest=1e-3, a="rate=0.1", b=1e-9,
                  seeds=("0", "1"), window="last")  # fmt: skip
    assert gnicli.judge(claim, gnicli.load_runs(tmp_path / "a"))["c"].n_pairs == 2


# ------------------------------------------------------------------------------------------------ what the command says


@pytest.mark.parametrize("levels", [LEVELS, {"adam": 2.0, "sgd": 1.0, "nesterov": 2.0}, {"sgd": 1.0}])
def test_the_exit_code_is_0_whatever_the_verdicts(place, capsys, levels):
    rows(levels).to_csv("runs.csv", index=False)
    code, out, err = said(capsys, "claims.yaml", "runs.csv")
    assert (code, err) == (0, "")
    assert re.search(r"claims sha256 [0-9a-f]{64}\n", out)
    assert "warning: optimizers: no control is declared" in out
    assert sorted(path.name for path in place.iterdir()) == ["claims.yaml", "runs.csv"]  # nothing is written


def test_json_and_csv_have_every_verdict_with_the_sum_of_the_set(place, capsys):
    _, out, _ = said(capsys, "claims.yaml", "runs.csv", "--json")
    found = json.loads(out)
    assert {each["sha256"] for each in found["claims"]} == {found["sha256"]}
    assert len(found["claims"][0]["effects"]) == 8
    assert found["claims"][0]["declared"]["seeds"] == list("01234567")
    _, out, _ = said(capsys, "claims.yaml", "runs.csv", "--csv")
    lines = out.splitlines()
    assert len(lines) == 3
    assert all(line.startswith(found["sha256"]) for line in lines[1:])


def test_json_writes_infinite_effects_as_texts(place, capsys):
    rows(lost=[("sgd", seed) for seed in range(8)]).to_csv("runs.csv", index=False)
    _, out, _ = said(capsys, "claims.yaml", "runs.csv", "--json")
    first = json.loads(out)["claims"][0]
    assert (first["verdict"], first["by_signs"], first["diverged"]) == ("supported", True, 8)
    assert {float(value) for value in first["effects"].values()} == {-math.inf}


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_the_table_fits_the_terminal(place, capsys, monkeypatch, width):
    from gnicli.cli import verdicts
    from gnicli.engine import table_text

    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr(table_text, "screen_width", lambda: width)
    verdicts.show(gnicli.judge("claims.yaml", "runs.csv"), None)
    out = capsys.readouterr().out
    told = [line for line in out.splitlines() if not line.startswith("claims sha256")]
    assert max(len(line.rstrip()) for line in told) <= max(width, 44)  # two columns are never narrower
    assert "supported" in out
    assert ("more in --csv" in out) == (width < 60)


@pytest.mark.parametrize("width", ["60", "80"])
def test_the_help_is_whole(capsys, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", width)
    code, out, _ = said(capsys, "--help")
    assert code == 0
    assert max(map(len, out.splitlines())) <= int(width)
    assert "whatever the verdicts" in " ".join(out.split())
    assert all(word in out for word in ("--output", "--json", "--csv", "RUNS"))


# -------------------------------------------------------------------------------------------------- report and record


def test_the_report_has_the_verdicts_the_figures_and_what_they_mean(place):
    rows(lost=[("adam", 2)]).to_csv("runs.csv", index=False)
    found = gnicli.judge("claims.yaml", "runs.csv", output="report")
    page = report_pages.check((place / "report" / "report.html").read_text())
    text = " ".join(page.texts)
    assert page.all("h1")
    assert len(page.all("img")) == 1
    for words in (
        "Adam ends lower than SGD.",
        found.sha256,
        "judged by the exact sign test alone",
        "15 of 16",
        "inconclusive",
    ):
        assert words in text
    markdown = (place / "report" / "report.md").read_text()
    assert "| adam | " in markdown
    assert markdown.count(found.sha256) == 2  # below the family's table, and at the end
    assert {path.name for path in (place / "report").iterdir()} == {
        "report.md", "report.html", "verdicts.csv", "verdicts.json", "judged.json", "figures",
    }  # fmt: skip
    assert "1 pairs with a run that diverged" in markdown


def test_a_report_of_runs_that_are_absent_has_no_figure(place):
    rows({"other": 1.0}).to_csv("runs.csv", index=False)
    found = gnicli.judge("claims.yaml", "runs.csv", output="report")
    assert {each.verdict for each in found} == {"not run"}
    assert not report_pages.check((place / "report" / "report.html").read_text()).all("img")


def test_equal_looks_have_equal_bytes(place):
    def contents():
        gnicli.judge("claims.yaml", "runs.csv", output="report")
        files = sorted(path for path in (place / "report").rglob("*") if path.is_file())
        return {path.name: path.read_bytes() for path in files}

    assert contents() == contents()
    assert len(record.read(place / "report")) == 1


def looked(place, text=CLAIMS, frame=None):
    (place / "claims.yaml").write_text(text)
    return gnicli.judge("claims.yaml", rows() if frame is None else frame, output="report")


def test_a_row_that_is_declared_anew_is_marked(place, undrawn):
    assert looked(place).changes == ()
    found = looked(place, CLAIMS.replace("smallest: 5 %", "smallest: 2 %"))
    assert found["adam"].marks == ("declared anew",)
    assert "adam, declared anew: smallest was 0.04879" in found.changes[0]
    assert "declared anew" in (place / "report" / "report.md").read_text()
    assert looked(place, CLAIMS.replace("seeds: 0-7", "seeds: 0-6"), rows(n=7))["adam"].marks == (
        "declared anew", "runs dropped",
    )  # fmt: skip


def test_seeds_that_are_added_after_a_look_mark_the_verdict_as_extended(place, undrawn):
    looked(place)
    more = rows(n=12)
    found = looked(place, CLAIMS.replace("seeds: 0-7", "seeds: 0-11"), more)
    assert found["adam"].marks == ("declared anew", "extended")
    assert "seeds that were not declared at the first look are judged too: 8, 9, 10, 11" in " ".join(found.changes)
    assert "extended" in looked(place, CLAIMS, more)["adam"].marks


def test_seeds_that_were_not_declared_are_marked_at_the_first_look(place):
    found = gnicli.judge("claims.yaml", rows(n=9))
    assert found["adam"].marks == ("extended",)
    assert found["adam"].n_pairs == 9
    assert "supported (extended)" in str(found)


def test_declared_seeds_that_come_later_are_no_extension(place, undrawn):
    few = rows()
    first = looked(place, frame=few[few["seed"] < 6])
    assert first["adam"].verdict == "inconclusive"
    assert "2 of 8 declared seeds" in first["adam"].reason
    found = looked(place, frame=few)
    assert (found["adam"].verdict, found["adam"].marks) == ("supported", ())


def test_a_diverged_run_that_is_dropped_is_seen(place, undrawn):
    frame = rows(lost=[("adam", 2)])
    assert looked(place, frame=frame)["adam"].marks == ()
    found = looked(place, frame=frame[frame["run"] != "adam-2"])
    assert found["adam"].marks == ("runs dropped",)
    assert found["adam"].verdict == "inconclusive"
    assert "gone: opt=adam seed 2 (diverged)" in " ".join(found.changes)
    better = looked(place, frame=rows())  # run again until it did not diverge
    assert better["adam"].marks == ("runs changed",)


def test_a_claim_that_is_declared_no_more_is_seen(place, undrawn):
    looked(place)
    found = looked(place, CLAIMS[: CLAIMS.index("  same:")])
    assert found.changes == ("declared at an earlier look and no more: same",)


def test_a_damaged_record_is_an_error_and_a_run_is_not_written_into(place, undrawn):
    looked(place)
    for content in ("{", "[]", '{"format": 1, "looks": [{"claims": {"a": 3}}]}', '{"format": 2, "looks": []}'):
        (place / "report" / "judged.json").write_text(content)
        with pytest.raises(DataError, match=r"judged\.json is damaged"):
            looked(place)
    fake.start(place / "run", steps=6)
    with pytest.raises(ConflictError, match="is the folder of a run; give another --output"):
        gnicli.judge("claims.yaml", "runs.csv", output=place / "run")


# --------------------------------------------------------------------------------------------------------- from Python


def test_verdicts_from_python(place):
    found = gnicli.judge("claims.yaml", rows())
    assert (len(found), found.title) == (2, "Optimizers")
    assert found.table().set_index("id").loc["adam", "verdict"] == "supported"
    assert found["adam"].effect.value == pytest.approx(math.log(0.5), abs=0.02)
    with pytest.raises(KeyError):
        found["absent"]


@pytest.mark.parametrize("wrong", [3, [3], [[]], []])
def test_what_is_no_source_of_runs(place, wrong):
    with pytest.raises(UsageError, match=r"expected folders, CSV files, frames or runs|no run to judge"):
        gnicli.judge("claims.yaml", wrong)
    with pytest.raises(UsageError, match="expected a file of claims"):
        gnicli.judge([3], rows())
