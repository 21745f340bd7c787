"""`functions=[w,w**2,cos(w)]` as it is documented: each expression quoted for Hydra, whose grammar knows no `**`."""

from __future__ import annotations

import re

KEYS = ("functions",)


def quote(words: list[str]) -> list[str]:
    """The words with every expression of the keys that take them in quotes; one expression becomes a list of one.

    What is quoted already stays, and so do sweeps (`choice(…)`) and references (`${…}`).
    """
    return [_quoted(word) for word in words]


def _quoted(word: str) -> str:
    key, sign, value = word.partition("=")
    value = value.strip()
    if not sign or key.lstrip("+") not in KEYS or "${" in value or re.match(r"choice\s*\(", value):
        return word
    is_list = value.startswith("[") and value.endswith("]")
    parts = _split(value[1:-1] if is_list else value)
    if not is_list and (len(parts) > 1 or value in ("", "null")):
        return word
    return f"{key}=[{','.join(map(_as_text, parts))}]"


def _split(text: str) -> list[str]:
    """The parts between commas that stand outside of parentheses and quotes."""
    parts, depth, quote_sign = [""], 0, ""
    for character in text:
        if quote_sign:
            quote_sign = "" if character == quote_sign else quote_sign
        elif character in "'\"":
            quote_sign = character
        elif character == "," and depth <= 0:
            parts.append("")
            continue
        else:
            depth += (character in "([{") - (character in ")]}")
        parts[-1] += character
    return [part.strip() for part in parts] if text.strip() else []


def _as_text(part: str) -> str:
    if len(part) >= 2 and part[0] == part[-1] and part[0] in "'\"":
        return part
    return '"' + part.replace("\\", "\\\\").replace('"', '\\"') + '"'
