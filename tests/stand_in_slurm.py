"""A Slurm that does nothing: programs that say what they are told, and a module in place of submitit."""

import os
import stat
import sys
import types
from importlib.machinery import ModuleSpec
from pathlib import Path


class Programs:
    """The folder of programs that comes first on PATH; `asked` has the words of each call of squeue."""

    def __init__(self, folder: Path, monkeypatch) -> None:
        self.folder, self.asked = folder / "programs", folder / "asked"
        self.folder.mkdir()
        self._said = folder / "said"
        monkeypatch.setenv("PATH", f"{self.folder}{os.pathsep}{os.environ['PATH']}")

    def squeue(self, text: str, code: int = 0, err: str = "") -> None:
        """Let squeue say this."""
        self._said.write_text(text)
        self.program("squeue", f'echo "$@" >> {self.asked}\ncat {self._said}\necho "{err}" >&2\nexit {code}')

    def program(self, name: str, script: str = "exit 1") -> None:
        """Let there be a program of that name."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[str]:
        return self.asked.read_text().splitlines() if self.asked.exists() else []


class Submitit(types.ModuleType):
    """A submitit whose arrays have the numbers 1, 2, …; `executors` has what each was made with and told.

    `refusal` is raised in place of a submission; the jobs `runs` (None: all) run at once, in this process.
    """

    def __init__(self, monkeypatch) -> None:
        super().__init__("submitit")
        self.__spec__ = ModuleSpec("submitit", None)
        self.executors: list[Executor] = []
        self.refusal: Exception | None = None
        self.runs: tuple[int, ...] | None = ()
        self.afterwards = lambda: None  # called when they have ended
        self.number = "0_0"
        members = {"USR_SIG": "USR2", "job_id": property(lambda _: self.number)}
        self.JobEnvironment = type("JobEnvironment", (), members)
        self.AutoExecutor = lambda **made: Executor(self, made)
        helpers = types.ModuleType("submitit.helpers")
        helpers.DelayedSubmission = lambda function, *words: (function, *words)
        monkeypatch.setitem(sys.modules, "submitit", self)
        monkeypatch.setitem(sys.modules, "submitit.helpers", helpers)

    @property
    def submitted(self) -> list[list[int]]:
        """The jobs of each array."""
        return [array for executor in self.executors for array in executor.arrays]


class Executor:
    def __init__(self, slurm: Submitit, made: dict) -> None:
        self.slurm, self.made, self.arrays = slurm, made, []
        slurm.executors.append(self)

    def update_parameters(self, **told) -> None:
        self.told = told

    def map_array(self, task, jobs):
        if self.slurm.refusal is not None:
            raise self.slurm.refusal
        number = len(self.slurm.submitted) + 1
        self.task = task
        self.arrays.append(list(jobs))
        names = [f"{number}_{place}" for place in range(len(jobs))]
        for name, job in zip(names, jobs, strict=True):
            if self.slurm.runs is None or job in self.slurm.runs:
                self.run(name, job)
        self.slurm.afterwards()
        return [types.SimpleNamespace(job_id=name) for name in names]

    def run(self, name: str, job: int) -> int:
        """Run a job in this process as Slurm's job `name`; returns the exit code."""
        self.slurm.number = name
        try:
            self.task(job)
        except SystemExit as end:
            return end.code
        raise AssertionError("the process goes on")
