"""What a user gets for a mistake: one line on stderr, the nearest match, the right exit code."""

import os

import pytest

from gnicli.launch import components, did_you_mean, error_messages

LINES = [
    # groups
    (
        ["dataset=svhm"],
        2,
        "unknown data set 'svhm' for dataset: did you mean svhn? choose from cifar10, digits, mnist, sin",
    ),
    (
        ["dataset=imagenet"],
        2,
        "unknown data set 'imagenet' for dataset: choose from cifar10, digits, mnist, sinusoids, svhn",
    ),
    (["noise=Mult"], 2, "unknown noise 'Mult' for noise: did you mean mult? choose from add, mult, none"),
    (["hydra/launcher=basci"], 2, "unknown hydra/launcher 'basci' for hydra/launcher: did you mean basic?"),
    (["dataste=svhn"], 2, "unknown key dataste; did you mean dataset?"),
    (["noise=null"], 2, "a group takes the name of one of its choices, as in noise=mult"),
    (["noise=[add,mult]"], 2, "a group takes one choice; name one, as in noise=mult"),
    (["dataset=[digits]"], 2, "a group takes one choice; name one, as in noise=mult"),
    (["noise=add,mult"], 2, "noise=add,mult lists several values: add -m to run one after another"),
    (["+noise=mult"], 2, "+noise= gives noise twice; write noise= without the +"),
    (["noise.name=mult"], 2, "noise.name cannot be set alone; write noise=mult"),
    (["experiment=mine"], 2, "unknown experiment 'mine' for experiment: choose from fig4, fig5, fig5_mnist,"),
    # keys
    (["m=16"], 2, "unknown key m; did you mean M?"),
    (["optimizer.momentm=0.9"], 2, "unknown key optimizer.momentm; did you mean optimizer.momentum?"),
    (["momentm=0.9"], 2, "unknown key momentm; did you mean optimizer.momentum?"),
    (["kernel=3"], 2, "unknown key kernel; network=conv has it, as network.kernel"),
    (["network.dept=3"], 2, "unknown key network.dept; did you mean network.depth?"),
    (["noise.depth=3"], 2, "unknown key noise.depth; did you mean network.depth?"),
    (["rl=0.1"], 2, "unknown key rl; did you mean lr?"),
    (["sgima=1"], 2, "unknown key sgima"),
    (["sigma=1"], 2, "unknown key sigma; here it is called noise.std"),
    (["learning_rate=1"], 2, "unknown key learning_rate; here it is called lr"),
    (["noise=none", "noise.std=1"], 2, "unknown key noise.std: noise=none has none; noise=add and noise=mult have it"),
    (["network=conv", "network.width=4"], 2, "unknown key network.width: network=conv has none; network=mlp has it"),
    (["+foo=1"], 2, "unknown key foo; gni train --help lists all keys"),
    (["++optimizer.foo=1"], 2, "unknown key optimizer.foo"),
    (["hydra.foo=1"], 2, "hydra.foo cannot be set; of Hydra's own keys gni takes hydra.run.dir, hydra.sweep.dir"),
    (["hydra.job.env_copy=[HOME]"], 2, "hydra.job.env_copy cannot be set"),
    (["hydra.job.chdir=true"], 2, "hydra.job.chdir cannot be set"),
    (["hydra.output_subdir=../x"], 2, "hydra.output_subdir cannot be set"),
    (["-m", "hydra.sweep.subdir=../x", "seed=0,1"], 2, "hydra.sweep.subdir cannot be set"),
    (["hydra.sweeper.params={seed:1}"], 2, "hydra.sweeper.params cannot be typed; list the values of a key themselves"),
    (["hydra.launcher=x"], 2, "hydra.launcher: choose one by name, as in hydra/launcher=basic"),
    (["~lr"], 2, "~lr: keys cannot be deleted"),
    (["svhn"], 2, "'svhn' is not key=value; did you mean dataset=svhn?"),
    (["foo"], 2, "'foo' is not key=value; write for instance seed=1"),
    (["=3"], 2, "=3: a key is missing before '='"),
    # values
    (["lr=abc"], 2, "lr: expected a number, got 'abc'"),
    (["lr="], 2, "lr: expected a number, got ''"),
    (["lr=-1"], 2, "lr must be > 0, got -1.0"),
    (["lr=nan"], 2, "lr: expected a number > 0, got nan"),
    (["M=1.5"], 2, "M: expected an integer, got '1.5'"),
    (["M=null"], 2, "M: expected a value, got 'null'"),
    (["M=0"], 2, "M must be an integer >= 1, got 0"),
    (["seed=1e3"], 2, "seed must be an integer in [0, 2^63), got 1000.0"),
    (["seed=-1"], 2, "seed must be an integer in [0, 2^63), got -1"),
    (["seed=2**70"], 2, "seed must be an integer in [0, 2^63), got '2**70'"),
    (["seed=1180591620717411303424"], 2, "seed must be an integer in [0, 2^63), got 1180591620717411303424"),
    (["loss=mae"], 2, "loss must be one of auto, mse, cross_entropy, got 'mae'; did you mean mse?"),
    (["optimizer.nesterov=maybe"], 2, "optimizer.nesterov: expected true or false, got 'maybe'"),
    (["optimizer=adam"], 2, "optimizer: is a group of keys; set one of optimizer.name, optimizer.momentum"),
    (["steps=3", "epochs=2"], 2, "give steps or epochs, not both (steps=3, epochs=2)"),
    (["lr=${foo}"], 2, "lr: Interpolation key 'foo' not found"),
    (["lr=²"], 2, "lr: expected a number, got '²'"),
    (["loss=🎲"], 2, "loss must be one of auto, mse, cross_entropy, got '🎲'"),
    (["run.dir="], 2, "run.dir= is empty; name a path, or leave run.dir out"),
    (["run.dir=''"], 2, "run.dir= is empty; name a path, or leave run.dir out"),
    (["run.root= "], 2, "run.root= is empty; name a path, or leave run.root out"),
    (["dataset=digits", "run.dir=~nobody-of-this-name/x"], 2, "no home folder for ~nobody-of-this-name"),
    ([f"run.dir=a/{'x' * 256}"], 2, "run.dir: a name in this path has more than 255 bytes"),
    (["lr=[1"], 2, "cannot read 'lr=[1': no viable alternative at input '[1'"),
    (["a._target_=os.system"], 2, "a._target_: a configuration may not name Python objects"),
    # sweeps
    (["-m", "seed=1,1,2"], 2, "seed=1,1,2: 1 appears twice; runs would be identical"),
    (["-m", "seed=1,01"], 2, "seed=1,01: 1 and 01 are equal; runs would be identical"),
    (["-m", "lr=0.1,0.2,1e-1"], 2, "lr=0.1,0.2,1e-1: 0.1 appears twice; runs would be identical"),
    (["-m", "seed=1,2", "seed=3,4"], 2, "seed is given twice (seed=1,2 and seed=3,4); give all its values in one word"),
    (["-m", "seed=3", "seed=1,2"], 2, "seed is given twice (seed=3 and seed=1,2); give all its values in one word"),
    (["-m", "noise=add,mult", "+noise=none"], 2, "noise is given twice (noise=add,mult and +noise=none)"),
    (["-m", "seed=range(3,0)"], 2, "seed=range(3,0): this range is empty"),
    (["-m", "seed=range(0)"], 2, "seed=range(0): this range is empty"),
    (["-m", "seed=range(0,10,0)"], 2, "seed=range(0,10,0): a range needs a step that is not 0"),
    (["-m", "lr=glob(*)"], 2, "this sweep has no jobs: a pattern matches nothing"),
    (["-m", "seed=range(1000000)"], 2, "this sweep has 1,000,000 jobs; give --yes to run more than 10,000"),
    (["-m", "lr=0.1,abc"], 2, "lr: expected a number, got 'abc'"),
    (["-m", "M=interval(1,2)"], 2, "BasicSweeper does not support sweep type"),
    (["-m", "run.dir=a,b"], 2, "run.dir takes one folder, for a sweep too"),
    # flags
    (["--mutlirun"], 2, "unknown option --mutlirun; did you mean --multirun?"),
    (["--sede=3"], 2, "unknown option --sede=3; did you mean seed=3?"),
    (["--eval-evry", "3"], 2, "unknown option --eval-evry; did you mean eval_every=VALUE?"),
    (["--momentm=3"], 2, "unknown option --momentm=3; did you mean momentum=3?"),
    (["--verbose=3"], 2, "unknown option --verbose=3; --help lists the keys and options that there are"),
    (["--xlabel", "ms"], 2, "unknown option --xlabel; --help lists the keys and options that there are"),
    (["-"], 2, "unknown option -; --help lists the keys and options that there are"),
    (["--dataset"], 2, "unknown option --dataset; keys are written without dashes: dataset=VALUE"),
    (["--cfg", "jbo"], 2, "--cfg/-c: invalid choice: 'jbo'"),
    (["-cd"], 2, "--config-dir/-cd: expected one argument"),
    (["-cd", "/not/there"], 2, "/not/there: no such folder"),
    (["-cn", "trian"], 2, "--config-name trian: the main file of gni train is its own; put the keys into FOLDER/exp"),
    (["-cp", ".", "-cn", "trian"], 2, "no configuration file 'trian'"),
    (["--cfg", "job", "-m"], 2, "only one of --multirun and --cfg can be given"),
    (["--resolve"], 2, "--resolve belongs to --cfg; add --cfg job"),
    (["--experimental-rerun", "x.pickle"], 2, "unknown option --experimental-rerun"),
    # no mistake of the user's
    (["M=13"], 1, "ZeroDivisionError: a bug for this test; --debug shows where"),
]


OF_OTHERS = [
    ("fit-stable", "dataset", "digits", "gni train and gni gradient-noise have it"),
    ("fit-stable", "M", "4", "gni train, gni gradient-noise and gni simulate-sde have it"),
    ("train", "n_bootstrap", "9", "gni fit-stable has it"),
    ("train", "potential", "quadratic", "gni simulate-sde and gni kde-stationary have it"),
    ("simulate-sde", "samples", "stable", "gni fit-stable has it"),
]


@pytest.mark.parametrize(("command", "key", "value", "told"), OF_OTHERS)
@pytest.mark.parametrize("form", ["{}={}", "--{} {}", "--{}={}"])
def test_a_key_or_a_group_of_another_command_names_that_command(gni, command, key, value, told, form):
    said = gni(command, *form.format(key, value).split())
    note, error = [*said.err.splitlines(), ""][:2] if form.startswith("--") else ("", said.err.strip())
    assert note == (f"gni: note: read as {key}={value}" if note else "")
    assert error == f"gni: error: unknown key {key}; {told}"
    assert (said.code, said.out) == (2, "")


@pytest.mark.parametrize(("words", "code", "message"), LINES, ids=[" ".join(line[0]) for line in LINES])
def test_a_mistake_gets_one_line(gni, words, code, message):
    said = gni("train", *words)
    assert said.err.startswith("gni: error: ")
    assert message in said.err
    assert (said.code, said.out, len(said.err.strip().splitlines())) == (code, "", 1)
    assert "_schema" not in said.err


@pytest.mark.parametrize("words", [["dataset=svhm"], ["lr=abc"], ["M=13"]])
def test_debug_shows_the_traceback_and_then_the_line(gni, words):
    plain = gni("train", *words)
    for place in range(2):
        ordered = ["train", *words]
        ordered.insert(place * len(ordered), "--debug")
        said = gni(*ordered)
        assert said.code == plain.code
        assert "Traceback (most recent call last)" in said.err
        assert said.err.endswith(plain.err)


FILES = [
    ("lr: 1\nlr: 2\n", "mine.yaml:3: key 'lr' given twice"),
    ("lr: !!python/object/apply:os.system ['touch {marker}']\n", "mine.yaml:2: tag !!python/object/apply:os.system is"),
    ("lr: [1\n", "mine.yaml:3: not valid YAML: expected ',' or ']'"),
    ("network:\n  _target_: os.system\n", "network._target_: a configuration may not name Python objects"),
    ("learning_rate: 2\n", "unknown key learning_rate"),
    ("optimizer:\n  momentm: 0.5\n", "unknown key optimizer.momentm; did you mean optimizer.momentum?"),
    ("lr: abc\n", "lr: expected a number, got 'abc'"),
    ("defaults:\n  - override /noise: mlut\n", "unknown noise 'mlut' for noise: did you mean mult?"),
    (
        "hydra:\n  callbacks:\n    x:\n      _target_: subprocess.check_call\n      args: [touch, '{marker}']\n",
        "hydra.callbacks.x._target_: a configuration may not name Python objects",
    ),
    (
        "hydra:\n  job_logging:\n    handlers:\n      x:\n"
        "        '()': subprocess.check_call\n        args: [touch, '{marker}']\n",
        "hydra.job_logging.handlers.x.(): a configuration may not name Python objects",
    ),
    (
        "hydra:\n  launcher:\n    _target_: subprocess.check_call\n",
        "hydra.launcher._target_: a configuration may not name Python objects",
    ),
]


WAYS = ("alone", "among a sweep", "by a sweep of its own", "searchpath")
DANGEROUS = ("tag", "Python objects")
CASES = [
    pytest.param(text, message, way, id=f"{message} ({way})")
    for text, message in FILES
    for way in (WAYS if any(word in message for word in DANGEROUS) else WAYS[:1])
]


@pytest.mark.parametrize(("text", "message", "way"), CASES)
def test_a_file_from_elsewhere_gets_one_line_and_runs_no_code(gni, outputs, tmp_path, text, message, way):
    folder = tmp_path / "theirs"
    marker = tmp_path / "marker"
    mine = "# @package _global_\n" + text.replace("{marker}", str(marker))
    sweeping = "# @package _global_\nhydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      schedule: step,mine\n"
    content = {"good": "# @package _global_\nlr: 0.5\n", "mine": mine, "sweeping": sweeping}
    for group in ("experiment", "schedule"):
        (folder / group).mkdir(parents=True)
        for name, lines in content.items():
            (folder / group / f"{name}.yaml").write_text(lines)
    words = {
        "alone": ["-cd", str(folder), "experiment=mine"],
        "among a sweep": ["-m", "-cd", str(folder), "experiment=good,mine"],
        "by a sweep of its own": ["-cd", str(folder), "experiment=sweeping"],
        "searchpath": [f"hydra.searchpath=[file://{folder}]", "experiment=mine"],
    }[way]
    said = gni("train", *words)
    assert message in said.err
    assert (said.code, said.out, len(said.err.strip().splitlines())) == (2, "", 1)
    assert not marker.exists()
    assert not outputs.exists()


def test_a_root_that_cannot_be_written_is_an_error_of_the_machine(gni, tmp_path):
    (tmp_path / "file").write_text("")
    said = gni("train", f"run.root={tmp_path}/file/below")
    assert said.code in (5, 6)
    assert len(said.err.strip().splitlines()) == 1
    if os.geteuid():  # root writes everywhere
        (tmp_path / "closed").mkdir(mode=0o500)
        assert gni("train", f"run.root={tmp_path}/closed").code == 6


def test_an_unknown_command_is_one_line_with_the_nearest(gni):
    said = gni("trian")
    assert (said.code, said.out) == (2, "")
    assert said.err == "gni: error: no command 'trian'; did you mean train? gni --help lists the commands\n"


@pytest.mark.parametrize(
    ("word", "options", "expected"),
    [
        ("m", ["lr", "M"], "M"),
        ("svhm", ["mnist", "svhn"], "svhn"),
        ("xyz", ["lr", "M"], None),
        ("a", [], None),
        # two letters exchanged, in names of any length, before what is merely alike
        ("rl", ["M", "lr"], "lr"),
        ("RL", ["lr"], "lr"),
        ("hte", ["htes", "the", "lr"], "the"),
        ("ba", ["b", "ab"], "ab"),
    ],
)
def test_nearest(word, options, expected):
    assert did_you_mean.nearest(word, options) == expected


def test_a_bug_is_told_in_one_line():
    assert "\n" not in str(error_messages.as_bug(ValueError("first\nsecond")))
    assert "KeyError" in str(error_messages.as_bug(KeyError()))


def test_schemas_are_hidden_from_the_choices():
    assert not any(name.endswith("_schema") for group in components.GROUPS for name in components.members(group))


def test_a_working_folder_that_is_gone_is_an_error_of_the_machine(gni, tmp_path, monkeypatch):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    said = gni("train")
    assert (said.code, said.err) == (6, "gni: error: the working folder no longer exists; change to another one\n")
