"""Files of a sweep's own (`--config-dir` and the like): which jobs would be configured otherwise by them now."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gnicli.engine import content, folders, provenance, yaml_files
from gnicli.engine.jobs import due
from gnicli.engine.jobs.due import Due, Wishes
from gnicli.engine.jobs.plan import OneJob, Plan
from gnicli.errors import UsageError
from gnicli.launch import commands, error_messages, guard, hydra_versions, sweeps, validation
from gnicli.launch.arguments import Arguments, typed_folders
from gnicli.launch.hydra_state import hydra_state

_MOST_FILES = 1000  # of a folder with more it is not known whether they changed, and jobs are composed to see it


def arguments_of(planned: OneJob, allow_env: bool) -> Arguments:
    """What would be typed to run a job by itself."""
    options = planned.options
    return Arguments(
        [*planned.words, *planned.hydra],
        config_dir=options.get("config_dir"),
        config_name=options.get("config_name"),
        config_path=options.get("config_path"),
        allow_env=allow_env,
    )


def stamped(plan: Plan) -> Plan:
    """The plan with a digest of the values in its files, as they are now; "" where it has none."""
    return plan._replace(files=_digest(plan))


def changed(sweep: Path, before: Plan | None, plan: Plan, *, allow_env: bool) -> frozenset[int]:
    """The jobs that have begun with other values than their words and files give now; nothing is written.

    `before` is the plan that the folder holds, `plan` the stamped one of now. Jobs are composed, a tenth of a second
    each, only where a value in the files is another one. Raises `UsageError` where a file is damaged or gone.
    """
    if before is None or not _folders(plan) or (plan.files and before.files == plan.files):
        return frozenset()
    begun = [(job, folders.read_run(sweep / str(job))) for job in range(len(plan.words)) if _has_begun(sweep, job)]
    known = {job: info.manifest.get("fingerprint") for job, info in begun if info.status not in ("running", "broken")}
    if not known:
        return frozenset()
    arguments = arguments_of(plan.of(next(iter(known))), allow_env)
    commands.register()
    try:
        with hydra_state(plan.command), guard.guarded(arguments), hydra_versions.initialized(arguments.config_path):
            now = {job: _fingerprint(plan.of(job), allow_env) for job in known}
    except Exception as error:
        translated = error_messages.translate(error, plan.command, {})
        if translated is None or translated is error:
            raise
        raise translated from error
    return frozenset(job for job, fingerprint in now.items() if fingerprint not in (None, known[job]))


class DueNow(NamedTuple):
    """The plan, stamped; the jobs that are due; how many of them began with other values of the files."""

    plan: Plan
    due: Due
    n_changed: int


def due_now(sweep: Path, before: Plan | None, plan: Plan, wishes: Wishes, *, allow_env: bool, first: int = 0) -> DueNow:
    """What is due of a sweep from job number `first` on, its files as they are now.

    Raises as `changed` and `due.due` do.
    """
    plan = stamped(plan)
    others = changed(sweep, before, plan, allow_env=allow_env)
    return DueNow(plan, due.due(sweep, plan, wishes, others, first), len(others))


def reads_own_files_alone(plan: Plan) -> bool:
    """Whether the jobs read no configuration but gni's own, which does not change while a sweep runs."""
    return not plan.options and not any("searchpath" in word for word in plan.hydra)


def _has_begun(sweep: Path, job: int) -> bool:
    folder = sweep / str(job)
    return (folder / content.MANIFEST).exists() and not content.is_unborn(folder)


def _fingerprint(planned: OneJob, allow_env: bool) -> str | None:
    """The fingerprint of a job's configuration; None where its values are refused, as they were when it ran."""
    from hydra import compose

    arguments = arguments_of(planned, allow_env)
    words = [word for word in arguments.overrides if not word.lstrip("+").startswith("hydra.")]
    composed = compose(
        arguments.config_name or commands.config_name(planned.command), [*words, *sweeps.searched(arguments)]
    )
    try:
        return provenance.fingerprint(validation.validated(planned.command, composed).plain)
    except UsageError:
        return None


def _folders(plan: Plan) -> list[Path]:
    """The folders of files that the jobs may read, besides gni's own."""
    named = typed_folders(plan.hydra)
    return [
        Path(folder) for folder in (*named, plan.options.get("config_dir"), plan.options.get("config_path")) if folder
    ]


def _digest(plan: Plan) -> str:
    places = _folders(plan)
    if not places:
        return ""
    found = list(itertools.islice(_files(places), _MOST_FILES + 1))
    if len(found) > _MOST_FILES:
        return ""
    digest = hashlib.sha256()
    for name, path in found:
        digest.update(json.dumps([name, _values(path)], sort_keys=True, default=str).encode())
    return digest.hexdigest()[:16]


def _files(places: list[Path]) -> Iterator[tuple[str, Path]]:
    for number, place in enumerate(places):
        for root, inner, names in os.walk(place):
            inner.sort()
            for name in sorted(names):
                if name.endswith((".yaml", ".yml")):
                    path = Path(root) / name
                    yield f"{number}/{path.relative_to(place)}", path


def _values(path: Path) -> object:
    """The values in a file, comments aside, with the head that says where Hydra puts them."""
    try:
        document = yaml_files.read(path)
    except (yaml_files.Malformed, OSError, ValueError) as error:
        return str(error)
    head = [line for line in document.text[:512].splitlines() if line.startswith("# @")]
    return [head, json.loads(json.dumps(document.content, default=str, skipkeys=True))]
