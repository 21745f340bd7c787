"""An unpickler that admits plain values and NumPy arrays of bytes, and nothing else.

Two fences. First the opcodes are read without running any of them (`pickletools`): only those that the files of
CIFAR-10 use are admitted, only five names may be looked up, and memo numbers, which the C unpickler would allocate
room for, must count up. Then the names resolve to stand-ins of this module: no code of NumPy sees the pickled state.
"""

from __future__ import annotations

import io
import pickle
import pickletools

import numpy as np

from gnicli.errors import DataError

_OPCODES = (
    "PROTO STOP MARK NONE NEWTRUE NEWFALSE BININT BININT1 BININT2 INT LONG1 EMPTY_DICT EMPTY_LIST EMPTY_TUPLE DICT "
    "LIST TUPLE TUPLE1 TUPLE2 TUPLE3 APPEND APPENDS SETITEM SETITEMS SHORT_BINSTRING BINSTRING STRING UNICODE "
    "BINUNICODE SHORT_BINUNICODE BINBYTES SHORT_BINBYTES GLOBAL REDUCE BUILD PUT BINPUT LONG_BINPUT GET BINGET "
    "LONG_BINGET"
)
_ADMITTED = frozenset(_OPCODES.split())
_MEMO_SLACK = 1000


class _Dtype:
    """Stands for `numpy.dtype`; only bytes are admitted."""

    def __init__(self, code: object, *_: object) -> None:
        if code not in ("u1", b"u1"):
            raise pickle.UnpicklingError(f"array of {code!r}, expected bytes")

    def __setstate__(self, state: object) -> None:
        """Byte order, alignment and the like mean nothing for bytes."""


class _Array:
    """Stands for `numpy.ndarray` until its state is known to fit."""

    values: np.ndarray | None = None

    def __setstate__(self, state: tuple[object, tuple[int, ...], object, object, object]) -> None:
        _, shape, dtype, columns_first, content = state
        content = content.encode("latin1") if isinstance(content, str) else content
        if not isinstance(dtype, _Dtype) or not isinstance(content, bytes) or len(shape) != 2:
            raise pickle.UnpicklingError("array of an unexpected kind")
        self.values = np.frombuffer(content, np.uint8).reshape(shape, order="F" if columns_first else "C")


def _reconstruct(kind: object, *_: object) -> _Array:
    if kind is not _Array:
        raise pickle.UnpicklingError("array of an unexpected class")
    return _Array()


def _encode(text: object, encoding: object = "latin1") -> bytes:
    if encoding not in ("latin1", b"latin1") or not isinstance(text, str):
        raise pickle.UnpicklingError(f"encoding {encoding!r}")
    return text.encode("latin1")


_NAMES = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _encode,
}


class _Restricted(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        """Only the stand-ins; the scan has refused everything else already."""
        if (module, name) not in _NAMES:
            raise pickle.UnpicklingError(f"refuses {module}.{name}")
        return _NAMES[module, name]


def load_arrays(content: bytes, name: str) -> dict[object, object]:
    """The dict pickled in `content`, its arrays as uint8 (n, k); `DataError` (naming `name`) on anything else."""
    try:
        _scan(content, name)
        value = _Restricted(io.BytesIO(content), encoding="bytes").load()
    except DataError:
        raise
    except Exception as error:  # damaged pickles raise nearly every kind of exception
        reason = " ".join(f"{type(error).__name__}: {error}".split())[:120]
        raise DataError(f"{name}: not a readable pickle ({reason})") from error
    if not isinstance(value, dict):
        raise DataError(f"{name}: holds a {type(value).__name__}, expected a dict; file not from the authors")
    return {key: item.values if isinstance(item, _Array) else item for key, item in value.items()}


def _scan(content: bytes, name: str) -> None:
    puts = 0
    for opcode, argument, _ in pickletools.genops(content):
        if opcode.name == "GLOBAL":
            module, _, attribute = str(argument).partition(" ")
            if (module, attribute) not in _NAMES:
                called = f"{module}.{attribute}"[:100]
                called = called if called.isprintable() else repr(called)
                raise DataError(f"{name}: refuses {called}; file not from the authors")
        elif opcode.name not in _ADMITTED:
            raise DataError(f"{name}: refuses the pickle instruction {opcode.name}; file not from the authors")
        elif opcode.name in ("PUT", "BINPUT", "LONG_BINPUT"):
            puts += 1
            if isinstance(argument, int) and argument > puts + _MEMO_SLACK:
                raise DataError(f"{name}: damaged pickle (memo number {argument}); file not from the authors")
