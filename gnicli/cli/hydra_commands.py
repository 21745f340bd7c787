"""What a command does that Hydra configures: print its help, or launch."""

from __future__ import annotations

import sys


def run(command: str, words: list[str]) -> int:
    """`gni <command> <words>`; returns the exit code."""
    from gnicli.launch.arguments import HELP_FLAGS

    if any(word in HELP_FLAGS for word in words):
        from gnicli.cli.help import page
        from gnicli.launch import newcomer_words
        from gnicli.launch.path_shorthand import expand

        sys.stdout.write(page(command, expand(command, newcomer_words.read(command, words)[0])))
        return 0
    from gnicli.launch.run_hydra import launch

    return launch(command, words)
