"""Functions of the position given as text, such as `w**2 * exp(-abs(w))`: parsed, never run as code."""

from __future__ import annotations

import ast
import math
import operator
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from gnicli import checks
from gnicli.errors import UsageError

_FUNCTIONS = {
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "exp", "log", "log1p", "sqrt", "abs", "tanh", "sign")},
    **{name: getattr(np, name) for name in ("arctan", "sinh", "cosh", "floor", "minimum", "maximum")},
}
_CONSTANTS = {"pi": math.pi, "e": math.e}
_BINARY: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: lambda base, power: np.power(np.asarray(base, float), power),
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_LONGEST = 500


def parse(text: str, variable: str = "w") -> Callable[[np.ndarray], np.ndarray]:
    """The elementwise function that `text` means: + - * / **, comparisons (0 or 1), pi, e and NumPy's usual functions.

    Raises `UsageError` for anything else.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"an expression may be {_LONGEST} characters long, got {len(text)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # "1w" is refused below, in words of our own
            tree = ast.parse(text.strip(), mode="eval").body
        _check(tree, variable)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise _refusal(text, variable) from None

    def function(w: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.asarray(np.broadcast_to(_value(tree, {variable: w, **_CONSTANTS}), np.shape(w)), float)

    return function


def _refusal(text: str, variable: str) -> UsageError:
    return UsageError(
        f"cannot read the expression {text!r}: allowed are {variable}, numbers, pi, e, + - * / **, < <= > >= and "
        f"{', '.join(_FUNCTIONS)}"
    )


def _check(node: ast.expr, variable: str) -> None:
    """ValueError unless the node and all below are allowed."""
    match node:
        case ast.Constant(value=int() | float()) if checks.is_number(node.value):
            return
        case ast.Name(id=name) if name == variable or name in _CONSTANTS:
            return
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            children = [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            children = [left, right]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _BINARY:
            children = [left, right]
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in _FUNCTIONS and len(args) == (
            2 if name in ("minimum", "maximum") else 1
        ):
            children = args
        case _:
            raise ValueError(ast.dump(node))
    for child in children:
        _check(child, variable)


def _value(node: ast.expr, names: dict[str, Any]) -> Any:
    match node:
        case ast.Constant(value=value):
            return np.float64(value)  # type: ignore[arg-type]  # _check let no integer beyond floats pass
        case ast.Name(id=name):
            return names[name]
        case ast.UnaryOp(op=op, operand=operand):
            inner = _value(operand, names)
            return -inner if isinstance(op, ast.USub) else inner
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return _BINARY[type(op)](_value(left, names), _value(right, names)) * 1.0
        case ast.Call(func=ast.Name(id=name), args=args):
            return _FUNCTIONS[name](*(_value(arg, names) for arg in args))
    raise AssertionError(ast.dump(node))  # _check let nothing else pass
