"""A run as it passes through its stages: made ready, run, and brought to one of its ends."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Literal, Unpack

from gnicli import files, memory
from gnicli.contracts.observer import Observer, State
from gnicli.contracts.results import Headline, Results, Value
from gnicli.engine import (
    checkpoint,
    end_of_run,
    figures,
    folders,
    machine,
    places,
    products,
    provenance,
    table_latex,
    table_text,
    tables,
)
from gnicli.engine.caller import Caller
from gnicli.engine.jobs import progress
from gnicli.engine.live_curves import Curves
from gnicli.engine.manifest import Manifest, of_results
from gnicli.engine.observer import RunObserver
from gnicli.engine.outcome import DIVERGED_EXIT_CODE, Outcome, first_line
from gnicli.engine.report import writing
from gnicli.engine.signals import KEYBOARD_EXIT_CODE, StopRequest, stop_on_signals
from gnicli.errors import GniError, Interrupted, NoSuchFileError, UsageError, shown

Experiment = Callable[[machine.Config, Observer], Results]


class Job(Generic[machine.Config]):
    """The run as it passes through its stages: prepare, go, and one of the ends."""

    def __init__(
        self,
        run: Experiment[machine.Config],
        config: machine.Config,
        plain: Mapping[str, object],
        claim: folders.Claim,
        resume: bool,
        in_sweep: bool,
        caller: Caller,
        first: Sequence[Headline] = (),
        setting: str = "",
    ) -> None:
        """Take the arguments of `execute`; `first` are its `headlines`."""
        self.run = run
        self.config = config
        self.plain = plain
        self.claim = claim
        self.folder = claim.folder
        self.resume = resume
        self.in_sweep = in_sweep
        self.caller = caller
        self.first = first
        self.name = f"job {self.folder.name}{' ' if setting else ''}{setting}"
        self.display = progress.display_of(caller, in_sweep)
        self.begin = time.monotonic()
        self.wall_before = float(claim.manifest.get("wall_seconds") or 0.0) if resume else 0.0
        self.metrics: tables.MetricsWriter | None = None
        self.curves = Curves(getattr(config, "logger", None), self.folder, plain, self.tell)
        self.observer: RunObserver | None = None
        self.state: State | None = None
        self.values: dict[str, Value] = {}

    # ------------------------------------------------------------------------------------------------------ beginning

    def prepare(self) -> None:
        """Do all that can fail before the experiment starts: read the checkpoint, choose the device, open files."""
        length = None
        if self.resume:
            found = checkpoint.load(self.folder, self.plain, self.tell)
            if found is not None:
                self.state, length = found
            provenance.refuse_edited(self.folder, self.plain, self.claim.manifest)
        self.curves.require()
        # After what may be refused at once: it may import torch, which takes seconds.
        begun = self.claim.manifest if self.resume else machine.of_a_job(self.plain) if self.in_sweep else {}
        self.device, self.threads = machine.choose(self.plain, begun)
        self.metrics = tables.MetricsWriter(self.folder / "metrics.csv", length)
        changes: Manifest = {"device": self.device, "threads": self.threads}
        if self.resume:
            history = [*self.claim.manifest.get("resumed_from", []), None if self.state is None else self.state.step]
            changes |= {**folders.identify_again(), "resumed_from": history}
        self.claim.update(**changes)
        self.log(f"{'resumed' if self.resume else 'started'}: {shown(self.claim.manifest['command_line'])}")

    def refuse(self, error: BaseException) -> Outcome:
        """End a run that is refused before it starts. A fresh folder is removed, a resumed run left as it was."""
        if self.metrics is not None:
            self.metrics.close()
        if self.in_sweep and not self.resume and isinstance(error, Exception):
            return self.fail(error)
        self.claim.release() if self.resume else self.claim.discard()
        raise error

    def go(self) -> Outcome:
        """Run the experiment and see it to its end."""
        try:
            with self.handling_signals() as stop, machine.torch_threads(self.threads):
                results = self.run(machine.with_device(self.config, self.device), self.observe(stop))
                stop.at_once = False
                self.finish(results)  # still under the handlers: what is complete is not thrown away for a signal
        except (UsageError, NoSuchFileError) as error:
            if self.in_sweep or self.resume or (self.observer is not None and self.observer.produced):
                return self.fail(error)
            self.close()
            self.claim.discard()
            raise
        except (Interrupted, KeyboardInterrupt) as error:
            if self.claim.manifest.get("status") not in folders.FINISHED:
                return self.interrupted(error)
            self.end()  # the signal fell on the last write, and nothing but it is left to do
        except Exception as error:
            return self.fail(error)
        except SystemExit as error:  # from a library: neither its code nor its silence says how a run ended
            return self.fail(GniError(f"a library ended the program: sys.exit({error.code!r})"), error)
        self.show(results)
        code = DIVERGED_EXIT_CODE if results.status == "diverged" else 0
        if stop.requested and self.in_sweep:
            code = stop.exit_code
        return Outcome(results.status, self.folder, code, results.message, self.values)

    def handling_signals(self) -> contextlib.AbstractContextManager[StopRequest]:
        """What stops a run: every signal that asks a process to end, or in somebody else's process Ctrl-C."""
        if self.caller.owns_process:
            return stop_on_signals(self.patience, self.abandon)
        return stop_on_signals(names=("SIGINT",))

    @property
    def settings(self) -> dict[str, Any]:
        """The keys `run.*`."""
        return found if isinstance(found := self.plain.get("run"), dict) else {}

    def observe(self, stop: StopRequest) -> RunObserver:
        """The experiment's observer."""
        assert self.metrics is not None
        self.observer = RunObserver(
            self.folder,
            self.plain,
            self.metrics,
            self.display,
            stop,
            self.log,
            state=self.state,
            checkpoint_steps=self.settings.get("checkpoint_steps"),
            checkpoint_seconds=self.settings.get("checkpoint_seconds") or 30.0,
            prefix=f"job {self.folder.name}: " if self.in_sweep else "",
            curves=self.curves,
        )
        self.state = None
        return self.observer

    # ----------------------------------------------------------------------------------------------------------- ends

    def finish(self, results: Results) -> None:
        """Write what the experiment returned; the status comes last."""
        self.display.stage("writing results")
        assert self.metrics is not None
        self.metrics.close()
        self.curves.close(results.status)
        self.values = dict(results.values)
        products.write(self.folder, self.values, results.arrays)
        kinds = figures.kinds_of(self.settings.get("pictures"), in_sweep=self.in_sweep)
        drawn = figures.write(self.folder / "figures", results.figures, kinds)
        ending = self.ending(results.status, results.message) | of_results(results)
        writing.write(self.folder, self.claim.manifest | ending, results, drawn, kinds=kinds)
        if self.settings.get("latex"):
            table_latex.write(self.folder, table_latex.tables_of(results))
        self.close()
        self.log(results.message or results.status)
        self.end(**ending)

    def end(self, **changes: Unpack[Manifest]) -> None:
        """Write the final status and release the folder."""
        self.claim.update(**changes)
        self.claim.release()

    def show(self, results: Results) -> None:
        """Show the end: in a sweep one line, else the tables, a few sentences and, last, the path."""
        if not self.caller.shows:
            return
        if self.in_sweep:
            ending = results.message or results.status
            self.display.note(f"{self.name}: {ending}  {end_of_run.in_line(self.values, self.first)}")
            return  # the warnings are the sweep's to say, which knows those of the other jobs
        end_of_run.show(results, self.first, self.observer.shown if self.observer else (), self.display)
        table_text.print_path(self.folder)

    def interrupted(self, error: BaseException) -> Outcome:
        """End a run that a signal stopped; `gni resume` continues it from what was saved."""
        if not isinstance(error, Interrupted):
            by_keyboard = getattr(error, "exit_code", KEYBOARD_EXIT_CODE) == KEYBOARD_EXIT_CODE
            error = Interrupted(self.where_stopped(), by_keyboard=by_keyboard)
        self.record("interrupted", first_line(error))
        if not self.in_sweep:
            raise error
        return Outcome("interrupted", self.folder, error.exit_code, first_line(error), {})

    def where_stopped(self) -> str:
        """What was saved when a run was stopped in the middle of a step, and the command that goes on."""
        step = None if self.observer is None else self.observer.saved_step
        return places.stopped_message(self.folder, step)

    def patience(self) -> None:
        """Say what the stop waits for, and how to stop at once."""
        self.display.note("stopping after this step; Ctrl-C once more, or a second signal, stops at once")

    def abandon(self, stop: StopRequest) -> None:
        """Called by another thread before it ends the process, which is inside a long call and does not answer."""
        if self.claim.manifest.get("status") in folders.FINISHED:
            return
        message = self.where_stopped()
        with contextlib.suppress(GniError, OSError):
            self.claim.update(**self.ending("interrupted", message))
        self.display.note(f"gni: {message}")

    def fail(self, error: Exception, cause: BaseException | None = None) -> Outcome:
        """Record an error, bugs with their traceback."""
        error = memory.explained(error)
        message = first_line(error)
        self.record("failed", message, "".join(traceback.format_exception(cause or error)))
        if not self.in_sweep:
            raise error from cause
        self.display.note(f"{self.name} failed: {message}  ({self.folder})")
        return Outcome("failed", self.folder, getattr(error, "exit_code", 1), message, {})

    def record(self, status: Literal["failed", "interrupted"], message: str, detail: str = "") -> None:
        """Record an end without a result. A full disk must not hide its cause."""
        self.curves.close(status)
        with contextlib.suppress(GniError, OSError):
            self.close()
        with contextlib.suppress(GniError, OSError):
            self.log(f"{status}: {message}\n{detail}".rstrip())
        try:
            self.claim.update(**self.ending(status, message))
        except (GniError, OSError) as error:
            self.display.note(f"cannot record the status of {self.folder}: {first_line(error)}")
        self.claim.release()

    def ending(self, status: str, message: str) -> Manifest:
        """The last changes of the manifest: status, message, times."""
        engine = float(self.claim.manifest.get("engine_seconds") or 0.0)
        spent = 0.0 if self.observer is None else self.observer.spent
        costs = dict(self.claim.manifest.get("part_seconds") or {})
        for name, seconds in ({} if self.observer is None else self.observer.costs).items():
            costs[name] = round(costs.get(name, 0.0) + seconds, 4)
        return {
            "status": status,
            "error": message,
            "end": folders.stamp(),
            "wall_seconds": round(self.wall_before + time.monotonic() - self.begin, 3),
            "engine_seconds": round(engine + spent, 4),
            "part_seconds": costs,
        }

    def close(self) -> None:
        """Close the live line and metrics.csv."""
        self.display.close()
        if self.metrics is not None:
            self.metrics.close()

    def log(self, text: str) -> None:
        """Append to run.log, with the time."""
        files.append(self.folder / "run.log", f"{folders.stamp()} {text}\n".encode(errors="backslashreplace"))

    def tell(self, text: str) -> None:
        """Write a sentence to run.log and show it."""
        self.log(text)
        self.display.note(text)
