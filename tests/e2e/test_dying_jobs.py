"""A sweep some of whose jobs die, each in another way: the others finish, and each death is told as what it is."""

import json
import os
import subprocess
import sys
from pathlib import Path

import dying_samples
import pytest

TIMEOUT_S = 60  # which a job that lives must not need, be the machine ever so busy
# A job that takes too long is killed half a second after it was asked to stop.
PROGRAM = """
import sys
from gnicli.engine.jobs import processes
processes.PATIENCE_SECONDS = 0.5
from gnicli.cli import main
sys.exit(main(sys.argv[1:]))
"""


def gni(tmp_path, dying, *words):
    paths = os.pathsep.join(map(str, (tmp_path / "site", Path(__file__).parents[1])))
    surroundings = {"PYTHONPATH": paths, dying_samples.VARIABLE: json.dumps(dying), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *map(str, words)],
        env=os.environ | surroundings, capture_output=True, text=True, check=False, timeout=1200,
    )  # fmt: skip


@pytest.mark.slow  # a job that hangs is given a minute, so that none that lives is taken for one
@pytest.mark.parametrize("n_jobs", [7, 40])
def test_five_jobs_die_in_five_ways_and_are_run_again(n_jobs, tmp_path):
    dying_samples.install(tmp_path / "site")
    sweep = tmp_path / "s"
    ways = {n_jobs // 7 * (k + 1): how for k, how in enumerate(dying_samples.WAYS)}
    said = gni(
        tmp_path, {str(job): how for job, how in ways.items()}, "fit-stable", "-m", f"seed=range({n_jobs})",
        "samples=dying", "n_bootstrap=0", "run.pictures=none", "hydra.launcher.n_jobs=2",
        f"hydra.launcher.timeout_s={TIMEOUT_S}", f"run.dir={sweep}",
    )  # fmt: skip
    assert said.returncode == 1, said.stderr
    told = json.loads(gni(tmp_path, {}, "sweep", "status", sweep, "--json").stdout)
    assert told["counts"] == {"completed": n_jobs - 5, "failed": 5}
    messages = {ways[job["job"]]: job["message"] for job in told["jobs"] if job["status"] == "failed"}
    assert messages["raise"] == "ZeroDivisionError: a bug for this test"
    assert messages["exit"] == "ended with exit code 7 before it could record its end"
    assert messages["kill"] == "killed by SIGKILL; the system does so where memory runs out"
    assert messages["hang"].endswith("s, the longest that hydra.launcher.timeout_s allows")
    assert messages["memory"].startswith("not enough memory")
    for job, how in ways.items():  # told when it happens, with the command that runs it alone
        assert f"job {job} seed={job} failed: {messages[how]}  ({sweep / str(job)}; log: " in said.stderr
        assert f"alone: gni fit-stable seed={job} samples=dying " in said.stderr
    before = {job: (sweep / str(job) / "manifest.json").stat().st_mtime_ns for job in range(n_jobs)}
    said = gni(tmp_path, {}, "sweep", "resume", sweep, "--failed", "--n-jobs", "2")
    assert said.returncode == 0, said.stderr
    assert f"5 jobs, 2 at once; {n_jobs - 5} of {n_jobs} complete already" in said.stderr
    after = {job: (sweep / str(job) / "manifest.json").stat().st_mtime_ns for job in range(n_jobs)}
    assert {job for job in after if after[job] != before[job]} == set(ways)
    assert json.loads((sweep / "manifest.json").read_text())["status"] == "completed"
