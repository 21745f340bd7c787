"""A full-size SVHN file of random pixels, which do not compress: how long it takes and how much memory."""

import json
import subprocess
import sys

import pytest
import realdata

SCRIPT = """
import json, resource, sys, time
from gnicli.contracts.observer import SilentObserver
from gnicli.dataset.svhn import Svhn
dataset, seconds = Svhn(dir=sys.argv[1], sha256=json.loads(sys.argv[2])), []
for _ in range(3):
    start = time.perf_counter()
    data = dataset.load(0, SilentObserver())
    seconds.append(time.perf_counter() - start)
    shape, mean = data.train.inputs.shape, float(data.train.inputs[::100].mean(dtype="float64"))
    del data
print(json.dumps([shape, mean, min(seconds), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


@pytest.mark.slow
def test_a_full_size_svhn_file_loads_in_under_five_seconds(tmp_path):
    sums = realdata.make_svhn(tmp_path, n=73_257, n_test=20)
    command = [sys.executable, "-c", SCRIPT, str(tmp_path), json.dumps(sums)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    shape, mean, seconds, kilobytes = json.loads(output)
    assert shape == [73_257, 3, 32, 32]
    assert mean == pytest.approx(127.5 / 255, abs=1e-3)  # five standard errors of 733·3072 uniform bytes
    assert seconds < 5  # the least of three: other work on the machine and cold memory only add to it
    assert kilobytes < 1_300_000  # the result takes 900 MB, the raw bytes 225 MB, Python and NumPy the rest
