"""An environment on top of the present one: it sees what is installed here, and what is installed in it wins.

`python tests/layered_environment.py FOLDER` lays an environment that exists on top of the present one, the editable gni
included; so a dependency can be exchanged without installing the others again.
"""

import sys
import sysconfig
from pathlib import Path


def lay(environment: Path, *, with_editable: bool) -> None:
    """Make what is installed here visible in `environment`; of editable packages only if asked."""
    here = sysconfig.get_path("purelib")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    # Python reads a .pth file line by line: a path is added to sys.path, an import is run. The second form reads the
    # .pth files of the other folder as well, and editable packages are such files.
    line = f"import site; site.addsitedir({here!r})" if with_editable else here
    (environment / "lib" / version / "site-packages" / "_below.pth").write_text(line + "\n")


if __name__ == "__main__":
    lay(Path(sys.argv[1]), with_editable=True)
