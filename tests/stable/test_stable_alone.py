"""`gnicli.stable` and `gnicli.laws` work where NumPy and SciPy are all that is installed."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import gnicli

ABSENT = ("torch", "pandas", "omegaconf", "hydra", "typer", "rich", "sklearn", "matplotlib", "mpmath")

# The search alone is what takes half a second: its tables are built by the first fit of a process.
STABLE = """
import numpy as np
from gnicli.stable import StableLaw, ecf_fit, fit, fit_many, hill
law = StableLaw(1.5, 0.5, 1.0, 2.0)
assert not heavy(("scipy.stats", "scipy.optimize", "scipy.interpolate", "scipy.special")), "slow to import"
x = law.rvs(4000, np.random.default_rng(0))
for found in (fit(x), fit_many([x, x[:2000]], "S0")[0], fit(x, fixed={"beta": 0.5}), fit(x, fixed={"alpha": 2})):
    assert found.converged and np.isfinite(found.log_likelihood)
for other in (law, StableLaw(1, 0), StableLaw(2, 0), StableLaw(0.5, 1), StableLaw(0.8, -1)):
    q = other.cdf(np.array([0.5, 3.0]))
    assert np.isfinite(other.pdf(x[:5])).all() and np.allclose(other.ppf(q[q < 1]), np.array([0.5, 3.0])[q < 1])
assert abs(ecf_fit(x).alpha - 1.5) < 0.2 and hill(x).alpha > 0
"""
LAWS = """
import numpy as np
from gnicli import laws
rng = np.random.default_rng(0)
for name, first in (("Normal", 0), ("StudentT", 3), ("Laplace", 0), ("SubWeibull", 2), ("HalfCauchy", 1)):
    law = getattr(laws, name)(first)
    x = law.rvs(200, rng)
    found = type(law).fit(x)
    assert np.isfinite(found.logpdf(x)).all() and np.isfinite(found.ppf(0.3))
"""
HEAVY = "import sys\ndef heavy(names): return [name for name in names if name in sys.modules]\n"


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A folder in which only NumPy, SciPy (with their shared libraries) and gnicli are visible."""
    folder = tmp_path_factory.mktemp("alone")
    installed = Path(np.__file__).parents[1]
    parts = [path for path in installed.iterdir() if path.name in ("numpy", "scipy", "numpy.libs", "scipy.libs")]
    for path in (*parts, Path(gnicli.__file__).parent):
        (folder / path.name).symlink_to(path)
    return folder


def run(folder, code):
    # -I and -S: no environment variables, no site-packages, no links of an editable installation
    start = f"import sys; sys.path.append({str(folder)!r})\n"
    return subprocess.run([sys.executable, "-I", "-S", "-c", start + code], capture_output=True, text=True)


@pytest.mark.parametrize("code", [STABLE, LAWS], ids=["stable", "laws"])
def test_numpy_and_scipy_are_enough(alone, code):
    done = run(alone, f"{HEAVY}{code}\nprint(heavy({ABSENT}))")
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "[]"


def test_the_folder_hides_the_other_packages(alone):
    """Or the test above could not fail."""
    for name in ABSENT[:4]:
        assert "ModuleNotFoundError" in run(alone, f"import {name}").stderr
