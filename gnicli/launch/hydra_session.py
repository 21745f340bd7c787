"""One call of Hydra from its first word to its last, for the command line or for a job in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gnicli.errors import GniError, Interrupted
from gnicli.launch import arguments as argument_reader
from gnicli.launch import commands, guard, hydra_calls, sweeps
from gnicli.launch.arguments import Arguments
from gnicli.launch.hydra_state import hydra_state

if TYPE_CHECKING:
    from gnicli.launch.session import Session

# The engine keeps .hydra/ and run.log itself and gni names the folders, so Hydra writes and logs nothing.
_QUIET = {
    "hydra/hydra_logging": "none",
    "hydra/job_logging": "none",
    "hydra.output_subdir": "null",
    "hydra.job.chdir": "false",
    "hydra.sweep.subdir": "'${hydra.job.num}'",
}


def quiet(words: list[str]) -> list[str]:
    """The overrides that keep Hydra quiet, those aside that `words` have."""
    return [f"{key}={value}" for key, value in _QUIET.items() if argument_reader.typed(words, key) is None]


def of_job(words: list[str]) -> list[str]:
    """The overrides of a job whose words are `words`, but for its folder."""
    return [*words, *quiet(words)]


class Call:
    """A call of Hydra for a session. `broken` are members of other packages that could not be loaded."""

    def __init__(self, session: Session, arguments: Arguments) -> None:
        self.session, self.arguments = session, arguments
        self.broken = commands.register()

    def start(self, overrides: list[str], makers: hydra_calls.Makers | None = None) -> None:
        """Let Hydra do what the arguments ask for, with `overrides`, which are more than were typed.

        Without `makers` there is one run and never a sweep. Raises the error for the user in place of Hydra's.
        """
        from gnicli.launch import hydra_tasks

        command = self.session.command
        name, task = commands.config_name(command), hydra_tasks.of(command)
        try:
            with hydra_state(command), guard.guarded(self.arguments):
                if makers is not None:
                    sweeps.look_through(self.arguments, name)
                hydra_tasks.begin(self.session)
                hydra_calls.start(name, task, self.arguments, overrides, makers)
        except Exception as error:
            raise_known(error, self.translate)
        finally:
            hydra_tasks.begin(None)

    def translate(self, error: Exception | Interrupted) -> GniError | None:
        """The error for the user, or None for a bug, and for a stop, which says itself what is to be said."""
        from gnicli.launch import error_messages

        if isinstance(error, Interrupted):
            return None
        return error_messages.translate(error, self.session.command, self.broken)


def raise_known(error: Exception, translate: Callable[[Exception], GniError | None]) -> None:
    """Raise the error that the user gets for `error`; a bug is raised as it is."""
    known = translate(error)
    if known is None or known is error:
        raise error
    raise known from error
