"""What the downloaded image sets share: where their files come from and where they lie."""

from __future__ import annotations

import re
import shlex
import urllib.parse
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, ClassVar, NamedTuple, Optional

from gnicli import checks
from gnicli.checks import Unchecked, key
from gnicli.contracts.observer import Observer
from gnicli.dataset import store
from gnicli.dataset.images import Images
from gnicli.dataset.store import Wanted
from gnicli.errors import UsageError


class Published(NamedTuple):
    """A file as its authors publish it. `most_bytes` bounds a file of the same kind with another sum."""

    role: str
    name: str
    size: int
    sha256: str
    most_bytes: int
    optional: bool = False  # used only when asked for, or where it lies already


@dataclass
class Downloaded(Images):
    """Keys of the image sets that are fetched."""

    mirrors: Unchecked[list[str] | tuple[str, ...] | None] = key(
        None, "list of URLs, tried in order, in place of the built-in servers"
    )
    sha256: Unchecked[dict[str, str] | None] = key(
        None, "SHA-256 sums by role in place of the published ones; such a file may have any size"
    )
    dir: Optional[str] = key(None, "folder that holds the files; default: the data cache")

    PUBLISHED: ClassVar[tuple[Published, ...]] = ()
    SERVERS: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.mirrors is not None:
            _check_mirrors(self.mirrors)
        if self.sha256 is not None:
            _check_sums(self.sha256, dict.fromkeys(file.role for file in self.PUBLISHED))

    def wanted(self, name: str) -> Wanted:
        """The file of that published name, as these settings want it."""
        file = next(file for file in self.PUBLISHED if file.name == name)
        own = (self.sha256 or {}).get(file.role)
        return Wanted(
            dataset=self.name,
            name=file.name,
            sha256=own.lower() if own else file.sha256,
            size=None if own else file.size,
            most_bytes=file.most_bytes if own else file.size,
            folder=self._folder(own),
            mirrors=tuple(self.mirrors) if self.mirrors is not None else self.SERVERS,
            command=self._command(),
            owned=self.dir is None,
            role=file.role,
        )

    def everything(self) -> tuple[Wanted, ...]:
        """All published files, the optional ones last."""
        return tuple(self.wanted(file.name) for file in sorted(self.PUBLISHED, key=lambda file: file.optional))

    def own_files(self) -> tuple[Wanted, ...]:
        """The files in the cache that have a sum of the user's, each in a folder named by the sum's first digits."""
        found = []
        for folder in sorted((store.cache_folder() / self.name).glob("sha256-" + 16 * "[0-9a-f]")):
            for file in self.PUBLISHED:
                wanted = self.wanted(file.name)._replace(
                    folder=folder, size=None, most_bytes=file.most_bytes, sha256=folder.name[7:], owned=True
                )
                if store.size_of(wanted.path) is not None or store.size_of(wanted.part) is not None:
                    found.append(wanted._replace(sha256=store.stamped_sum(wanted) or wanted.sha256))
        return tuple(found)

    def needed(self) -> tuple[Wanted, ...]:
        """The files that `load` reads."""
        return tuple(self.wanted(file.name) for file in self.PUBLISHED if not file.optional)

    def exactly(self, role: str, count: int) -> int | None:
        """The count a file must have: the published one, or None where the user gave a sum of their own."""
        return None if role in (self.sha256 or {}) else count

    def open(self, wanted: Wanted, observer: Observer) -> BinaryIO:
        """The file, opened for reading, after it has been fetched where need be and its sum is known to be right."""
        from gnicli.dataset.download import ensure

        ensure(wanted, observer)
        observer.stage(f"reading {wanted.name}")
        with store.readable(wanted):
            return wanted.path.open("rb")

    def _folder(self, own: str | None) -> Path:
        if self.dir is not None:
            return Path(checks.home("dataset.dir", self.dir))
        folder = store.cache_folder() / self.name
        # A file with another sum must not take the place of the published one.
        return folder / f"sha256-{own[:16].lower()}" if own else folder

    def _command(self) -> str:
        words = [f"gni data fetch {self.name}"]
        if self.dir is not None:
            words.append(f"--dir {shlex.quote(self.dir)}")
        words += [f"--mirror {shlex.quote(url)}" for url in self.mirrors or ()]
        words += [f"--sha256 {role}={value}" for role, value in (self.sha256 or {}).items()]
        return " ".join(words)


def _check_mirrors(mirrors: object) -> None:
    if not isinstance(mirrors, list | tuple) or not mirrors or not all(isinstance(url, str) for url in mirrors):
        raise UsageError(f"dataset.mirrors: expected a list of URLs such as [http://host/folder], got {mirrors!r}")
    for url in mirrors:
        # What is typed is written into the folder of the run, for whoever reads it.
        if re.match(r"[^/]+://[^/?#]*@", url):
            raise UsageError(
                f"dataset.mirrors: {url} holds a user name or password, which the run's folder would keep; fetch the "
                "files with a tool that has a place for them (curl --netrc), then run gni data import FOLDER, or take "
                "dataset.dir=FOLDER"
            )
        if re.match("https?://", url) and not re.fullmatch(r"[!-~]+", url):
            raise UsageError(
                f"dataset.mirrors: {url!r} has blanks or letters beyond ASCII; write them as %20 and the like"
            )
        if not re.fullmatch(r"https?://[^/\s]\S*", url):
            raise UsageError(
                f"dataset.mirrors: expected a URL that starts with http:// or https://, got {url!r}; "
                "for a folder of this machine use dataset.dir"
            )
        try:
            urllib.parse.urlsplit(url)
        except ValueError as error:
            raise UsageError(f"dataset.mirrors: {url!r} is no URL: {error}") from error


def _check_sums(sums: object, roles: Iterable[str]) -> None:
    roles = list(roles)
    if not isinstance(sums, dict) or not sums:
        raise UsageError(f"dataset.sha256: expected a mapping such as {{{roles[0]}: SUM}}, got {sums!r}")
    for role, value in sums.items():
        checks.choice("a key of dataset.sha256", role, roles)
        if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", value):
            raise UsageError(f"dataset.sha256.{role}: expected 64 hexadecimal digits, got {value!r}")
