"""The counter with a logger: `start` runs it in a folder, `recorded` reads what metrics.csv has."""

import dataclasses
from dataclasses import dataclass

import fake_experiment as fake

from gnicli.contracts.components import Logger
from gnicli.engine import tables


@dataclass(frozen=True)
class Followed(fake.CountConfig):
    """The keys of the counter, and a logger."""

    logger: Logger | None = None


def start(folder, logger=None, run=fake.count, *, resume=False, **changes):
    cfg = Followed(run=fake.RUN | {}, logger=logger, **changes)
    plain = fake.plain_of(dataclasses.replace(cfg, logger=None)) | {"logger": {"name": logger and logger.name}}
    return fake.execute(
        run, cfg, folder, plain=plain, command="count", overrides=[], argv=["gni", "count"], resume=resume
    )


def recorded(folder):
    series = tables.read_metrics(folder / "metrics.csv")
    return sorted((step, name, value) for name, (s, v) in series.items() for step, value in zip(s, v, strict=True))


def stopping(cfg, observer):
    """The counter, ended in step 40 by something that leaves no time to say so."""

    def step_done(step, *rest, **shown):
        type(observer).step_done(observer, step, *rest, **shown)
        if step == 40:
            raise RuntimeError("killed")

    observer.step_done, kept = step_done, observer.step_done
    try:
        return fake.count(cfg, observer)
    finally:
        observer.step_done = kept
