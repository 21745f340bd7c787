"""The command line (layer 6).

`gni train …` goes to Hydra without Typer's parser in between, which parses nothing there and takes longer to import
than everything else that such a command needs before it starts; the Typer app defines the commands and reaches the same
function.
"""

from __future__ import annotations

import io
import os
import sys

DEBUG_FLAG = "--debug"
COMPLETION_VARIABLE = "_GNI_COMPLETE"


def main(words: list[str] | None = None) -> int:
    """Run `gni <words>` (default: the command line) and return the exit code; says errors on stderr in one line."""
    words = list(sys.argv[1:] if words is None else words)
    debug = DEBUG_FLAG in words
    words = [word for word in words if word != DEBUG_FLAG]
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without ½ gets \\xbd, not a traceback
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        return _dispatch(words)
    except KeyboardInterrupt:
        return _failed("stopped by Ctrl-C", 130, debug)
    except BrokenPipeError:
        # The reader of a pipe (`| head`) has gone; nothing more can be said to it, not even by the final flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as error:
        from gnicli.errors import GniError

        if isinstance(error, GniError):
            return _failed(str(error), error.exit_code, debug)
        from gnicli.launch.failures import as_bug

        return _failed(str(as_bug(error)), 1, debug)


def _dispatch(words: list[str]) -> int:
    from gnicli.launch.commands import COMMANDS

    if words and words[0] in COMMANDS and COMPLETION_VARIABLE not in os.environ:
        from gnicli.cli.hydra_commands import run

        return run(words[0], words[1:])
    from gnicli.cli.app import run_app

    return run_app(words)


def _failed(message: str, exit_code: int, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    print(f"gni: error: {message}", file=sys.stderr)  # noqa: T201
    return exit_code
