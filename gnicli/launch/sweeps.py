"""The end of a sweep."""
from pathlib import Path
def finish(command, sweep: Path, jobs):
    print([j.exit_code for j in jobs]); print(sweep); return int(any(j.exit_code for j in jobs))
