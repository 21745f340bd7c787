"""Completion of overrides on the command line: groups, choices and keys, read from the schemas."""

from __future__ import annotations

import os

from gnicli.launch import components, paper_experiments, schema_keys

Candidate = tuple[str, str]


def candidates(command: str, before: list[str], word: str) -> list[Candidate]:
    """Pairs (whole word, meaning) that begin with `word`; `before` are the words already typed.

    A key is offered twice, as `key=` and as `key=default`: their common part is what the shell inserts, so that no
    space follows the sign and the default is shown.
    """
    stem, sign, part = word.partition("=")
    # Elements of a sweep are completed one by one: `noise=add,mu<TAB>`.
    listed = part[: part.rfind(",") + 1]
    found: list[Candidate] = []
    members = schema_keys.default_members(command)
    taken = paper_experiments.taken(command, before)
    own = paper_experiments.of_command(command)
    if sign:
        if stem == paper_experiments.GROUP:
            found = [(f"{stem}={listed}{experiment.name}", experiment.meaning) for experiment in own]
        elif stem in taken:
            found = [(f"{stem}={listed}{name}", _meaning(stem)) for name in taken[stem].choices]
        elif stem in members:
            found = [(f"{stem}={listed}{name}", stem) for name in components.members(stem)]
        for key in schema_keys.all_of(command, before):
            if key.name == stem:
                values = key.choices or (("true", "false") if key.type == "true/false" else (key.default,))
                found += [(f"{stem}={listed}{value}", key.meaning) for value in values]
    else:
        if own:
            found = [(f"{paper_experiments.GROUP}=", "an experiment of the paper")] * 2
        for name, setting in taken.items():
            found += [(f"{name}=", _meaning(name)), (f"{name}={setting.default}", _meaning(name))]
        for group, name in members.items():
            meaning = schema_keys.group_meaning(command, group)
            found += [(f"{group}=", meaning), (f"{group}={name}", meaning)]
        for key in schema_keys.all_of(command, before):
            found += [(f"{key.name}=", key.meaning), (f"{key.name}={key.default}", key.meaning)]
    return [(text, meaning) for text, meaning in found if text.startswith(word)]


def _meaning(setting: str) -> str:
    return paper_experiments.MEANINGS.get(setting, "a setting of the experiment")


def words_in_bash(words: list[str], index: int) -> tuple[list[str], str, int]:
    """Undo bash's splitting at `=` and `:` (COMP_WORDBREAKS): the words before, the word to complete, and how much
    of its beginning bash keeps by itself.
    """
    joined: list[str] = []
    glue = False
    for position, word in enumerate(words[: index + 1]):
        is_break = bool(word) and not word.strip("=:")
        if joined and (glue or is_break) and len(joined) > 1:
            joined[-1] += word
        else:
            joined.append(word)
        glue = is_break
        if position == index:
            last = "" if is_break else word
            return joined[1:-1], joined[-1], len(joined[-1]) - len(last)
    return joined[1:], "", 0


def complete(command: str, before: list[str], word: str) -> list[Candidate]:
    """What Typer hands to the shell for the `word` under the cursor; in bash the split words are joined first."""
    kept = 0
    if os.environ.get("_GNI_COMPLETE") == "complete_bash":
        words = os.environ.get("COMP_WORDS", "").split("\n")
        before, word, kept = words_in_bash(words, int(os.environ.get("COMP_CWORD", "0")))
        before = before[1:]  # the command itself
    return [(text[kept:], meaning) for text, meaning in candidates(command, before, word)]
