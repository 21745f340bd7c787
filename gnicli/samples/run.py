"""`samples=run`: an array of another run, from its `arrays.npz` or its checkpoint."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from gnicli import checks, files, memory
from gnicli.checks import key
from gnicli.contracts.components import ParquetReader
from gnicli.contracts.observer import Observer
from gnicli.errors import DataError, ResourceError, UsageError, shown

if TYPE_CHECKING:
    import numpy as np

    from gnicli.samples.collecting import Groups

_ARRAYS = "arrays.npz"
_CHECKPOINT = "checkpoint.safetensors"
_KINDS = ("F16", "F32", "F64", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64")  # with their bits
_MAX_MANIFEST_BYTES = 64 << 20


@dataclass
class RunSamples:
    """Numbers of another run: an array of its `arrays.npz`, or of its checkpoint (`parameter/…`)."""

    name: str = key("run", "an array of another run")
    path: Optional[str] = key(None, "the folder of the run")
    array: Optional[str] = key(None, "name of the array, such as grad_noise/layer1; with * one fit for each match")
    column: Optional[str] = key(None, "column of a two-dimensional array, from 0; default: the whole array")
    drop_nonfinite: bool = key(False, "leave out NaN and infinite values")
    max_n: Optional[int] = key(None, "fit a random subset of at most this many values (of each array)")

    def __post_init__(self) -> None:
        if self.max_n is not None:
            checks.integer("samples.max_n", self.max_n, least=50)

    def load(self, seed: int, observer: Observer, read_parquet: ParquetReader) -> dict[str, np.ndarray]:
        """Read them; see `components.Samples`. The checkpoint's sum is not checked: nothing is resumed from it."""
        from gnicli.samples.collecting import Groups

        if not self.path:
            raise UsageError("samples.path: which run? write samples=run samples.path=FOLDER samples.array=NAME")
        folder = Path(checks.home("samples.path", self.path))
        self._check(folder)
        groups = Groups(shown(str(folder)), self.max_n, self.drop_nonfinite, seed, observer)
        try:
            self._read(folder, groups)
        except OSError as error:
            raise ResourceError(f"cannot read {folder}: {(error.strerror or str(error)).lower()}") from error
        return groups.finish()

    def _check(self, folder: Path) -> None:
        for name in ("manifest.json", _ARRAYS, _CHECKPOINT):
            # A pipe in place of a file would be waited for.
            if (folder / name).exists() and not (folder / name).is_file():
                raise DataError(f"{folder / name} is no regular file")
        try:
            manifest = json.loads(files.read_regular(folder / "manifest.json", _MAX_MANIFEST_BYTES))
            kind = manifest.get("kind")
        except FileNotFoundError as error:
            raise DataError(f"{folder} is no run: it has no manifest.json") from error
        except (OSError, ValueError, AttributeError, RecursionError) as error:
            raise DataError(f"{folder}/manifest.json cannot be read: {type(error).__name__}") from error
        if kind == "sweep":
            raise UsageError(f"{folder} is a sweep; name one of its runs, such as {folder}/0")

    def _read(self, folder: Path, groups: Groups) -> None:
        from gnicli.samples.formats import arrays

        results, checkpoint = folder / _ARRAYS, folder / _CHECKPOINT
        in_results = arrays.names_of_npz(results) if files.require_file(results) else []
        in_checkpoint = _tensors(checkpoint) if files.require_file(checkpoint) else []
        if not in_results and not in_checkpoint:
            raise DataError(f"{folder} holds neither {_ARRAYS} nor {_CHECKPOINT}")
        # Results come first where both have a name.
        chosen = arrays.choose(str(folder), list(dict.fromkeys([*in_results, *in_checkpoint])), self.array)
        flatten = self.column is None
        for name, group in chosen.items():
            if name in in_results:
                arrays.read_npz(results, {name: group}, groups, self.column, flatten)
            else:
                tensor = _tensor(checkpoint, name)
                arrays.add_array(tensor, groups, self.column, flatten, source=f"{checkpoint}: {name}", group=group)


def _tensors(path: Path) -> list[str]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stream:
            return sorted(stream.keys())
    except SafetensorError as error:
        raise DataError(f"{path} is damaged: {error}") from error


def _tensor(path: Path, name: str) -> np.ndarray:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as stream:
            part = stream.get_slice(name)
            kind = part.get_dtype()
            if kind not in _KINDS:
                raise DataError(f"{path}: {name}: dtype {kind} is refused; save real numbers, such as F32")
            memory.require(
                math.prod(part.get_shape()) * int(kind[1:]) // 8, f"{path}: {name}", "choose a smaller array"
            )
            found: np.ndarray = stream.get_tensor(name)
            return found
    except SafetensorError as error:
        raise DataError(f"{path}: {name} cannot be read: {error}") from error


COMPONENT = RunSamples
