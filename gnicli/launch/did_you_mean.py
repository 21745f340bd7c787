"""The words for "no such thing, did you mean …?", the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable

NOUNS = {
    "dataset": "data set",
    "network": "network",
    "noise": "noise",
    "objective": "objective",
    "schedule": "schedule",
    "samples": "source of samples",
    "potential": "potential",
    "experiment": "experiment",
    "protocol": "protocol",
    "budget": "budget",
    "arm": "arm",
}


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option most like `word`; one that differs in case only comes first, then one with two letters exchanged."""
    known = list(options)
    for option in known:
        if option.casefold() == word.casefold():
            return option
    for option in known:  # difflib finds no likeness in rl and lr
        if word.casefold() in _exchanged(option.casefold()):
            return option
    import difflib

    found = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else None


def _exchanged(word: str) -> set[str]:
    """The word with each two neighboring letters exchanged."""
    return {word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1)}


def hint(word: str, options: Iterable[str]) -> str:
    """`; did you mean X?`, or nothing."""
    found = nearest(word, options)
    return f"; did you mean {found}?" if found else ""


def unknown(group: str, name: str, options: Iterable[str]) -> str:
    """The message for a member that a group does not have."""
    known = list(options)
    found = nearest(name, known)
    guess = f"did you mean {found}? " if found else ""
    choices = f"choose from {', '.join(known)}" if known else "there is none; give one with --config-dir"
    return f"unknown {NOUNS.get(group, group)} {name!r} for {group}: {guess}{choices}"
