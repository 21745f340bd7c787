"""What a command said: its exit code, standard output and standard error."""

from typing import NamedTuple


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def last_line(self):
        return self.out.rstrip().splitlines()[-1]
