"""Imported by the server that jobs are forked from: it imports what they need, as far as that can be imported.

The server itself survives an `ImportError` alone. But matplotlib fails otherwise where its settings are damaged, and
packages with components may. A job then does without, or says what is wrong.

What is loaded then is frozen for the garbage collector: jobs would look through all of it, again and again, and by that
copy the memory that they share with the server.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os

VARIABLE = "GNI_JOBS_IMPORT"

for _name in filter(None, os.environ.pop(VARIABLE, "").split(",")):
    with contextlib.suppress(Exception, SystemExit):
        importlib.import_module(_name)

gc.collect()
gc.freeze()
