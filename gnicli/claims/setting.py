"""Settings as claims name them: `optimizer=adam lr=0.1`, or the whole name of a setting that has no keys."""

from __future__ import annotations

from collections.abc import Mapping

NAME = ""  # the key of a setting that is one name, without keys
Setting = Mapping[str, str]


def parsed(text: str) -> dict[str, str]:
    """The keys and values in a text; a text that is not made of words `key=value` is one name.

    >>> parsed("optimizer=adam lr=0.1"), parsed("the old one"), parsed("")
    ({'optimizer': 'adam', 'lr': '0.1'}, {'': 'the old one'}, {})
    """
    words = text.split()
    pairs = [word.partition("=") for word in words]
    if any(not key or not sign for key, sign, _ in pairs):
        return {NAME: " ".join(words)}
    return {key: value for key, _, value in pairs}


def written(setting: Setting) -> str:
    """The inverse of `parsed`."""
    return " ".join(f"{key}={value}" if key else value for key, value in setting.items())


def matches(setting: Setting, wanted: Setting) -> bool:
    """Whether a run's setting has all that is wanted."""
    return all(key in setting and same_value(setting[key], value) for key, value in wanted.items())


def same_value(one: str, other: str) -> bool:
    """Whether two values say the same: 0.1 and 1e-1, True and true."""
    if one == other or one.casefold() == other.casefold() in ("true", "false", "null", "none"):
        return True
    try:
        return float(one) == float(other)
    except ValueError:
        return False


def differing(settings: list[Setting]) -> list[str]:
    """The keys in which some settings differ; a key that one of them lacks is one."""
    keys = dict.fromkeys(key for setting in settings for key in setting)
    return [
        key
        for key in keys
        if any(key not in s or not same_value(s[key], settings[0].get(key, "")) for s in settings)
        or key not in settings[0]
    ]
