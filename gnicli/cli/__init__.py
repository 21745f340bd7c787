"""The command line (layer 6).

`gni train …` goes to Hydra without Typer's parser in between, which parses nothing there and takes longer to import
than everything else that such a command needs before it starts; the Typer app defines the commands and reaches the same
function.
"""

from __future__ import annotations

import os
import sys

DEBUG_FLAG = "--debug"
COMPLETION_VARIABLE = "_GNI_COMPLETE"


def main(words: list[str] | None = None) -> int:
    """Run `gni <words>` (default: the command line) and return the exit code.

    An error, or a stop by a signal, is one line on stderr; a stop is not called an error.
    """
    from gnicli import streams
    from gnicli.engine.signals import stop_on_signals
    from gnicli.errors import GniError, Interrupted

    streams.prepare()
    words = list(sys.argv[1:] if words is None else words)
    debug = DEBUG_FLAG in words
    words = [word for word in words if word != DEBUG_FLAG]
    try:
        with stop_on_signals():  # a run has handlers of its own; here is what comes before and after it
            code = _dispatch(words)
        return _checked_output(code, debug)
    except KeyboardInterrupt as stop:
        return _ended(str(stop) or "stopped by Ctrl-C", getattr(stop, "exit_code", 130), debug)
    except Interrupted as stop:
        return _ended(str(stop), stop.exit_code, debug)
    except Exception as error:
        if isinstance(error, GniError):
            return _failed(str(error), error.exit_code, debug)
        from gnicli.launch.error_messages import as_bug

        return _failed(str(as_bug(error)), 1, debug)


def _dispatch(words: list[str]) -> int:
    from gnicli.launch.commands import COMMANDS

    if words and words[0] in COMMANDS and COMPLETION_VARIABLE not in os.environ:
        from gnicli.cli.hydra_commands import run

        return run(words[0], words[1:])
    from gnicli.cli.app import run_app

    return run_app(words)


def _checked_output(exit_code: int, debug: bool) -> int:
    """The exit code, or that of an error where standard output lost something; a reader that has gone lost nothing."""
    from gnicli import streams
    from gnicli.errors import ResourceError

    error = streams.lost(sys.stdout)
    if error is None or isinstance(error, BrokenPipeError):
        return exit_code
    return _failed(f"cannot write to standard output: {str(error.strerror).lower()}", ResourceError.exit_code, debug)


def _failed(message: str, exit_code: int, debug: bool) -> int:
    return _ended(f"error: {message}", exit_code, debug)


def _ended(message: str, exit_code: int, debug: bool) -> int:
    from gnicli.engine import first_line

    first_line.clear()
    if debug:
        import traceback

        traceback.print_exc()
    print(f"gni: {message}", file=sys.stderr)  # noqa: T201
    return exit_code
