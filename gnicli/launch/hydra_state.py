"""What is global while Hydra runs: its own state, the name of the program, the loggers; all is put back afterwards."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def hydra_state(command: str) -> Iterator[None]:
    """Tell Hydra the name of its program and make it raise; afterwards everything global is as it was."""
    from hydra.core.global_hydra import GlobalHydra
    from hydra.core.hydra_config import HydraConfig

    argv, full_error = sys.argv, os.environ.get("HYDRA_FULL_ERROR")
    hydra_before, config_before = GlobalHydra.instance().hydra, HydraConfig.instance().cfg
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    loggers = {name: (logger.disabled, logger.level) for name, logger in _loggers().items()}
    sys.argv = [f"gni {command}"]
    os.environ["HYDRA_FULL_ERROR"] = "1"
    GlobalHydra.instance().clear()
    try:
        yield
    finally:
        sys.argv = argv
        if full_error is None:
            os.environ.pop("HYDRA_FULL_ERROR", None)
        else:
            os.environ["HYDRA_FULL_ERROR"] = full_error
        GlobalHydra.instance().clear()
        GlobalHydra.instance().hydra = hydra_before
        HydraConfig.instance().cfg = config_before
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, logger in _loggers().items():
            logger.disabled, was = loggers.get(name, (False, logger.level))
            if logger.level != was:  # hydra.verbose names loggers
                logger.setLevel(was)


def _loggers() -> dict[str, logging.Logger]:
    known = logging.root.manager.loggerDict
    return {name: logger for name, logger in known.items() if isinstance(logger, logging.Logger)}
