"""The example of docs/judge.md, run as it stands there: its table, its file of claims, its command, what it prints."""

import re

from python_blocks import ROOT, blocks

from gnicli.claims import rows
from gnicli.claims.claim import SPACINGS
from gnicli.claims.verdict import VERDICTS
from gnicli.cli import main
from gnicli.engine import table_text
from gnicli.engine.judging import tidy

PAGE = (ROOT / "docs" / "judge.md").read_text()


def trimmed(text):
    return [line.rstrip() for line in text.strip().splitlines()]


def test_the_command_of_the_page_prints_what_the_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(table_text, "screen_width", lambda: 80)
    exec(blocks(PAGE)[0].code, {})
    (tmp_path / "claims.yaml").write_text(re.search(r"^```yaml\n(.*?)^```", PAGE, re.S | re.M)[1])
    (block,) = re.findall(r"^```console\n(.*?)^```", PAGE, re.S | re.M)
    command, _, said = block.partition("\n")
    assert command.startswith("$ gni judge ")
    assert main(command.split()[2:]) == 0
    assert trimmed(capsys.readouterr().out) == trimmed(said)


def test_the_page_names_every_word():
    for key in rows.KEYS:
        assert re.search(rf"`{key}`", PAGE), key
    for word in (*rows.KEYS_OF, *SPACINGS, *tidy.NEEDED, *tidy.OPTIONAL, *tidy.STATUSES):
        assert f"`{word}`" in PAGE, word
    assert all(re.search(rf"^\| {verdict} \|", PAGE, re.M) for verdict in VERDICTS)
