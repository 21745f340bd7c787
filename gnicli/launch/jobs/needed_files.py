"""The files of data sets that jobs need, looked for before the jobs go where there may be no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from gnicli import registry
from gnicli.dataset import store
from gnicli.dataset.downloaded import Downloaded
from gnicli.launch import hydra_versions

if TYPE_CHECKING:
    from omegaconf import DictConfig

_ABOUT = ("dataset", "experiment", "protocol")  # keys that decide which files a job reads


def look(compose: Callable[[list[str]], DictConfig], jobs: Sequence[Sequence[str]]) -> Iterator[str]:
    """A sentence for each data set whose files are not here; `compose` makes the configuration of a job's words.

    Raises `DataError`, which says what to fetch, where GNI_OFFLINE forbids the network. A job that cannot be composed
    is passed over: it will say why.
    """
    different = {tuple(word for word in words if word.lstrip("+").startswith(_ABOUT)): list(words) for words in jobs}
    told: set[str] = set()
    for words in different.values():
        try:
            found = compose(words).get("dataset")
            values = {} if found is None else hydra_versions.plain(found, resolve=True)
            dataset: object = registry.build("dataset", values) if values else None
        except Exception:
            continue
        for wanted in dataset.needed() if isinstance(dataset, Downloaded) else ():
            if wanted.dataset in told or store.condition(wanted) in ("present", "verified"):
                continue
            if store.offline():
                raise store.absent(wanted)
            told.add(wanted.dataset)
            yield f"{wanted.dataset} is not in {store.shown(wanted.folder)}; nodes without a network need it there: " \
                  f"{wanted.command}"  # fmt: skip
