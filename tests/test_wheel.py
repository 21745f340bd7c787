"""What a user installs: a wheel with all that gni needs and nothing else, which works in an empty folder."""

import ast
import email
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from layered_environment import lay

import gnicli

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built without a network from a copy of the sources, so that nothing is written beside them."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("gnicli", "conf", "tests", "docs"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--disable-pip-version-check"]
    _run([sys.executable, "-m", "pip", "wheel", *options, "--wheel-dir", str(built), str(source)], cwd=built)
    (path,) = built.glob("*.whl")
    return path


def _run(words, cwd, **environment):
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "GNI_", "COV_"))}
    done = subprocess.run(words, cwd=cwd, env={**plain, **environment}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory):
    """A new environment with the wheel in it, which finds the dependencies of gni where the present one has them."""
    folder = tmp_path_factory.mktemp("environment")
    _run([sys.executable, "-m", "venv", "--without-pip", str(folder)], cwd=folder)
    options = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    python = str(folder / "bin" / "python")
    _run([sys.executable, "-m", "pip", "--python", python, "install", *options, str(wheel)], cwd=folder)
    lay(folder, with_editable=False)
    return folder


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = {path.relative_to(ROOT) for top in ("gnicli", "conf") for path in (ROOT / top).rglob("*") if path.is_file()}
    expected = {path.as_posix() for path in files if "__pycache__" not in path.parts}
    assert names == {name if name.startswith("gnicli/") else f"gnicli/{name}" for name in expected}
    assert {"gnicli/py.typed", "gnicli/conf/train.yaml", "gnicli/conf/network/sizes/fig8_full_mlp.yaml"} <= names


def test_the_metadata_are_those_of_a_registry_page(wheel):
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        found = email.message_from_bytes(archive.read(name))
    assert (found["Name"], found["Version"], found["Author"]) == ("gni", gnicli.__version__, "gni developers")
    assert found["License-Expression"] == "MIT"
    minors = {line.rpartition(".")[2] for line in found.get_all("Classifier") if "Python :: 3." in line}
    assert minors == {"11", "12", "13", "14"}
    for line in found.get_all("Project-URL"):  # placeholders of files that are there
        assert (ROOT / line.partition("repository.invalid/")[2]).exists(), line


def test_the_version_stands_in_the_package_and_is_told_by_the_changelog():
    assert re.search(
        rf"^## {re.escape(gnicli.__version__)} \(\d{{4}}-\d\d-\d\d\)$", (ROOT / "CHANGELOG.md").read_text(), re.M
    )
    others = [ROOT / "pyproject.toml", ROOT / "setup.py", ROOT / "CITATION.cff"]
    assert not any(f'"{gnicli.__version__}"' in path.read_text() for path in others)


class Newcomer:
    """An empty folder and a command line there: it types what README says, with sizes behind that save time."""

    readme = (ROOT / "README.md").read_text().replace("`", "\n").splitlines()

    def __init__(self, environment, folder):
        self.programs, self.folder = environment / "bin", folder

    def types(self, line, *sizes):
        assert any(each.startswith(line) for each in self.readme), f"README does not say {line!r}"
        words = [str(self.programs / "gni"), *shlex.split(line)[1:], *sizes]
        self.out = _run(words, self.folder, HOME=str(self.folder), OMP_NUM_THREADS="1", COLUMNS="80")
        return self.folder / self.out.rstrip().splitlines()[-1]

    def runs_python(self, code):
        return _run([str(self.programs / "python"), "-c", code], self.folder, OMP_NUM_THREADS="1")


@pytest.fixture(scope="module")
def student(environment, tmp_path_factory):
    """A newcomer, and the folder of the first run."""
    found = Newcomer(environment, tmp_path_factory.mktemp("student"))
    return found, found.types("gni train", "steps=250")


def test_gni_trains_from_the_wheel_in_an_empty_folder(environment, student, tmp_path):
    newcomer, folder = student
    where = _run([str(environment / "bin" / "python"), "-c", "import gnicli; print(gnicli.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(environment)
    assert _run([str(environment / "bin" / "gni"), "--version"], tmp_path) == f"gni {gnicli.__version__}\n"
    assert folder.is_relative_to(newcomer.folder / "outputs" / "train")
    assert json.loads((folder / "results.json").read_text())["steps"]["value"] == 250
    assert (folder / "report.md").exists()
    assert json.loads((folder / "manifest.json").read_text())["versions"]["gni"] == gnicli.__version__


MODEL = "torch.nn.Sequential(torch.nn.Linear(2, 60), torch.nn.ELU(), torch.nn.Linear(60, 1))"
DATA = "torch.rand(16, 2), torch.rand(16, 1)"
SCRIPTS = {
    "StableLaw": "law = gnicli.StableLaw(1.5, 0.5); assert 0 < law.cdf(0.0) < 1",
    "fit": "found = gnicli.fit(gnicli.StableLaw(1.5, 0.5).rvs(5000, np.random.default_rng(0)));"
    "assert 1.4 < found.alpha < 1.6",
    "fit_many": "found = gnicli.fit_many([np.random.default_rng(0).standard_cauchy(5000)]);"
    "assert .9 < found[0].alpha < 1.1",
    "LevyNoise": "noise = gnicli.LevyNoise(1.5, 0.5, 0.3); assert noise.alpha == 1.5",
    "simulate": "noise = gnicli.LevyNoise(1.5, 0.5, 0.6);"
    "chains = gnicli.simulate('double_well', noise, step=0.05, n_steps=2000, n_chains=64);"
    "assert chains.positions.shape == (64,)",
    "stationary_law": "law = gnicli.stationary_law('double_well', alpha=1.5, beta=0.5); assert len(law.modes) == 2",
    "exit_rates": "found = gnicli.exit_rates('double_well', gnicli.LevyNoise(1.5, 0.5, 0.1));"
    "assert found[0].theory.rate > 0",
    "density": "found = gnicli.density(np.random.default_rng(0).normal(size=2000)); assert .3 < found.pdf.max() < .5",
    "inject": f"model = {MODEL}\nwith gnicli.inject(model, 'mult', std=0.5): model(torch.rand(4, 2)).sum().backward()\n"
    "assert model[0].weight.grad is not None",
    "noisy_loss": f"model, (x, y) = {MODEL}, ({DATA}); "
    "loss = gnicli.noisy_loss(model, 'mse', x, y, noise='add', std=.1, M=4); loss.backward()",
    "explicit_regularizer": f"model, (x, y) = {MODEL}, ({DATA});"
    "extra = gnicli.explicit_regularizer(model, 'mse', x, noise='add', std=.1); extra.backward()",
    "gradient_noise": f"model, (x, y) = {MODEL}, ({DATA}); "
    "table = gnicli.gradient_noise(model, 'mse', x, y, noise='mult', n_draws=32, n_traced=2); assert 'alpha' in table",
    "GradientNoise": f"model, (x, y) = {MODEL}, ({DATA}); watch = gnicli.GradientNoise(model, 'mse', noise='mult');"
    "assert len(watch(x, y, step=0)) > 0",
    "run": "done = gnicli.run('train', 'dataset=digits', 'run.pictures=none', M=4, steps=2);"
    "assert done.status == 'completed'",
    "load_run": "done = gnicli.load_run(gnicli.run('train', 'run.pictures=none', steps=1).folder);"
    "assert done.results['steps'].value == 1",
    "load_runs": "runs = gnicli.load_runs('outputs/train'); assert len(runs) == 2",
    "judge": "import pandas; from gnicli.claims.claim import Claim\n"
    "assert gnicli.judge(Claim('lower', 'A is lower.', 'loss', 'below', 0.05, a='a', b='b'), pandas.DataFrame("
    "[(f'{name}{seed}', seed, name, 'loss', level + seed / 100) for name, level in (('a', 1), ('b', 2)) for seed in "
    "range(10)], columns=['run', 'seed', 'setting', 'metric', 'value']))['lower'].verdict == 'supported'",
    "plot": "drawn = gnicli.plot(gnicli.load_runs('outputs/train'), 'train_loss'); assert len(drawn.axes) == 1",
}


def test_each_name_of_the_front_door_takes_three_statements(environment, tmp_path):
    assert set(SCRIPTS) == set(gnicli.__all__) - {"Run", "Runs"}  # what run and load_runs return
    assert all(len(ast.parse(script).body) <= 3 for script in SCRIPTS.values())
    whole = "\n".join(["import gnicli, torch", "import numpy as np", *SCRIPTS.values()])
    _run([str(environment / "bin" / "python"), "-W", "error", "-c", whole], tmp_path, OMP_NUM_THREADS="1")


# ------------------------------------------------------------- three newcomers, who have what README says alone


@pytest.fixture
def newcomer(environment, tmp_path):
    return Newcomer(environment, tmp_path)


def values(folder):
    return {name: each["value"] for name, each in json.loads((folder / "results.json").read_text()).items()}


def test_a_doctoral_student_sees_what_a_network_learns_and_compares_seeds(student):
    newcomer, run = student
    losses = [row.split(",") for row in (run / "metrics.csv").read_text().splitlines()]
    at_first = next(float(value) for _, name, value in losses if name == "train_loss")
    assert values(run)["train_loss"] < at_first / 4
    assert (run / "figures" / "fit.png").read_bytes().startswith(b"\x89PNG")
    pictures = {
        path.stem for path in (run / "figures").glob("*.png")
    }  # the page has the smaller of PNG and SVG of each
    assert (run / "report.html").read_text().count('src="data:image/') == len(pictures) > 0
    sweep = newcomer.types("gni train -m M=1,2,4", "seed=0", "steps=3", "network.width=4")
    settings = [line.split()[0] for line in newcomer.out.splitlines() if line.startswith("  M=")]
    assert settings[:3] == ["M=1", "M=2", "M=4"]
    assert (sweep / "figures").is_dir()
    newcomer.types("gni runs")
    assert newcomer.out.count(" completed ") >= 2


def test_an_engineer_fits_a_column_of_a_file_and_reads_a_verdict(newcomer):
    rng = np.random.default_rng(5)
    rows = "".join(f"{day},{value!r}\n" for day, value in enumerate(rng.standard_t(3, 600).tolist()))
    (newcomer.folder / "returns.csv").write_text(f"day,return\n{rows}")
    run = newcomer.types("gni fit-stable returns.csv --column return", "n_bootstrap=20", "--latex", "run.pictures=none")
    assert values(run)["n"] == 600
    assert "alpha" in (run / "tables" / "laws-compared.tex").read_text()
    assert newcomer.out.index("Stable law (S1), n = 600") < newcomer.out.index("Laws compared")
    report = (run / "report.md").read_text()
    assert report.index("What was run") < report.index("A Gaussian is excluded") < report.index("Laws compared")
    assert re.search(r"Student t law with [\d.]+ degrees of freedom", report)


def test_a_physicist_simulates_exits_and_reads_them_in_python(newcomer):
    sizes = ("n_chains=50", "n_steps=400", "burn_in=50", "exit_steps=300", "run.pictures=none")
    run = newcomer.types("gni simulate-sde alpha=1.5 beta=0.5", *sizes)
    known = values(run)
    assert known["exit_rate/1"] > 0
    assert re.search(r"mean/w +\S+ † +not mixed", newcomer.out)  # of 50 chains of 400 steps: a warning is due
    assert re.search(r"exit_rate_theory/1 +\S+ † +noise too large", newcomer.out)
    read = newcomer.runs_python(
        f"import gnicli; found = gnicli.load_run({str(run)!r}); print(found.results['exit_rate/1'].value)"
    )
    assert float(read) == known["exit_rate/1"]
