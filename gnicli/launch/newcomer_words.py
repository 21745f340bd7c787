"""Words as people type them who come from other tools, made into `KEY=VALUE`.

`--dataset digits` is `dataset=digits`, `returns.csv` is `samples=returns.csv`, and `column=return` is
`samples.column=return`: a key may be given by its last part where one key alone has it. What was read otherwise than it
stands is said in a line, so that the next command is typed as the documentation has it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from gnicli.errors import UsageError, shown
from gnicli.launch import commands, path_shorthand, schema_keys
from gnicli.launch.arguments import FLAGS, OWN_FLAGS
from gnicli.launch.schema_keys import Key

_KNOWN = frozenset(name for flag in (*FLAGS, *OWN_FLAGS) for name in flag.names)
_WITH_VALUE = frozenset(name for flag in FLAGS if flag.value is not None for name in flag.names)
_NUMBER = re.compile(r"-\.?\d.*")
_SOURCE = "source"


def read(command: str, words: Sequence[str], *, of_others: bool = True) -> tuple[list[str], str]:
    """The words as keys and values, and a line that says what was read otherwise than it was typed, or "".

    Words that mean nothing stay as they are: whoever reads them next has the message. With `of_others` options of other
    commands become their keys too: whoever reads those names the commands.
    """
    keyed = _with_paths(command, _without_dashes(command, list(words), of_others=of_others))
    found = _in_full(command, keyed)
    changed = [word for word in found if word not in words]
    return found, f"read as {' '.join(changed)}" if changed else ""


def check_paths(command: str, words: Sequence[str]) -> None:
    """Raise `UsageError` for several paths that stand alone where the command takes one."""
    found: dict[str, list[str]] = {}
    for position, word in enumerate(words):
        if _is_alone(list(words), position) and (key := _taker(command, word)):
            found.setdefault(key, []).append(word)
    for key, paths in found.items():
        if len(paths) > 1:
            told = f"{', '.join(map(shown, paths))}: gni {command} takes one of them at a time"
            raise UsageError(f"{told}; write {key}=PATH, and run it once for each")


def names(command: str, words: Sequence[str]) -> list[str]:
    """What may stand before a value: the groups and keys of the command, and the last parts of keys."""
    keys = [key.name for key in _keys(command, words)]
    return [*commands.groups(command), *keys, *(name.rpartition(".")[2] for name in keys)]


def _without_dashes(command: str, words: list[str], *, of_others: bool) -> list[str]:
    """`--KEY VALUE` and `--KEY=VALUE` without their dashes, where KEY is a key or group of the command or of others."""
    found: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        following = words[position + 1] if position + 1 < len(words) else None
        position += 1
        name, sign, value = word.partition("=")
        if (
            not name.startswith("--")
            or name in _KNOWN
            or not (key := _key(command, words, name[2:]) or (of_others and _of_others(name)))
        ):
            found.append(word)
        elif sign:
            found.append(f"{key}={value}")
        elif following is not None and _is_value(following):
            found.append(f"{key}={following}")
            position += 1
        elif _is_switch(command, words, key):
            found.append(f"{key}=true")
        else:
            found.append(word)
    return found


def _is_value(word: str) -> bool:
    return "=" not in word and (not word.startswith("-") or word == "-" or bool(_NUMBER.fullmatch(word)))


def _is_switch(command: str, words: list[str], name: str) -> bool:
    return any(key.name == name and key.type == "true/false" for key in _keys(command, words))


def _key(command: str, words: list[str], typed: str) -> str | None:
    """The key or group that somebody means by what follows the dashes."""
    name = typed.replace("-", "_")
    return name if name in commands.groups(command) else _named(name, _keys(command, words))


def _of_others(flag: str) -> str | None:
    """The key of other commands that somebody means: then the message names these commands."""
    name = flag[2:].replace("-", "_")
    return name if schema_keys.owners(name) else None


def _named(name: str, keys: Sequence[Key]) -> str | None:
    """The key of that name, or the one key that ends in it; None where there is none or several."""
    names = [key.name for key in keys]
    if name in names:
        return name
    ending = [full for full in names if full.rpartition(".")[2] == name]
    return ending[0] if len(ending) == 1 else None


def _keys(command: str, words: Sequence[str]) -> list[Key]:
    """The keys of the choices that the words make."""
    given = [word for word in _with_paths(command, list(words)) if "=" in word and word[0] not in "-~+"]
    return schema_keys.all_of(command, path_shorthand.expand(command, given))


def _with_paths(command: str, words: list[str]) -> list[str]:
    """A path that stands alone, given to the one key or group of the command that takes it."""
    keys = [_taker(command, word) if _is_alone(words, position) else None for position, word in enumerate(words)]
    if sum(key is not None for key in keys) != 1:
        return words
    return [
        word if key is None else f"{key}={path_shorthand.in_quotes_if_needed(word)}"
        for key, word in zip(keys, words, strict=True)
    ]


def _taker(command: str, word: str) -> str | None:
    """What takes a path: the one group that reads files, or for a folder the key `source`."""
    groups = path_shorthand.groups(command)
    if len(groups) == 1 and path_shorthand.is_path(groups[0], word):
        return groups[0]
    has_source = any(key.name == _SOURCE for key in schema_keys.of_command(command))
    return _SOURCE if has_source and os.path.isdir(word) else None


def _is_alone(words: list[str], position: int) -> bool:
    """Whether a word is no option, no value of one and no override."""
    word, before = words[position], words[position - 1] if position else ""
    is_value = before in _WITH_VALUE or (before.startswith("--") and "=" not in before and before not in _KNOWN)
    return bool(word) and "=" not in word and (word == "-" or word[0] not in "-~+") and not is_value


def _in_full(command: str, words: list[str]) -> list[str]:
    """Keys that were typed by their last part, in full."""
    top = {key.name.partition(".")[0] for key in schema_keys.of_command(command)} | {*commands.groups(command)}
    return [_full_word(command, words, word, top) for word in words]


def _full_word(command: str, words: list[str], word: str, top: set[str]) -> str:
    name, sign, value = word.partition("=")
    if not sign or not re.fullmatch(r"[A-Za-z_]\w*", name) or name in top or name == "name":
        return word
    return f"{_named(name, _keys(command, words)) or name}={value}"
