"""A transcript: what a reader types, and what she then sees.

A line that begins with `$ ` is a command, one that begins with `# ` explains. All others are
output: of the command itself, or, after `api | ` or `worker | `, of a server that runs meanwhile.
`...` stands for lines that are left out. Empty lines part the blocks and mean nothing.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

CUT = "..."
SAID = "#"
_LABEL = re.compile(r"([a-z]+\d?) \| ?(.*)")


@dataclass(frozen=True)
class Line:
    """One line below a command.

    `label` names the server that printed it; it is empty for the command's own output, and `#`
    for an explanation.
    """

    label: str
    text: str

    def __str__(self) -> str:
        return self.text if self.label in ("", SAID) else f"{self.label} | {self.text}".rstrip()

    @property
    def cut(self) -> bool:
        return self.text == CUT


@dataclass
class Block:
    """One command, what is said before it, and what is printed until the next one."""

    said: list[str]
    command: str
    printed: list[Line] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join([*self.said, f"$ {self.command}", *map(str, self.printed)])


def parse(text: str) -> list[Block]:
    """Split a transcript into its blocks."""
    blocks: list[Block] = []
    said: list[str] = []
    continued = False
    for line in text.splitlines():
        if continued:
            blocks[-1].command += f"\n{line}"
            continued = line.endswith("\\")
        elif line.startswith("$ "):
            blocks.append(Block(said, line[2:]))
            said, continued = [], line.endswith("\\")
        elif line == SAID or line.startswith("# "):
            said.append(line)
        elif line.strip():
            if not blocks:
                raise ValueError(f"output before the first command: {line!r}")
            blocks[-1].printed += [Line(SAID, each) for each in said]
            blocks[-1].printed.append(parse_line(line))
            said = []
    if blocks:
        blocks[-1].printed += [Line(SAID, each) for each in said]
    return blocks


def parse_line(line: str) -> Line:
    """Read one line of output."""
    found = _LABEL.fullmatch(line)
    return Line(found[1], found[2]) if found else Line("", line)


def write(blocks: Iterable[Block]) -> str:
    """Return the text of a transcript."""
    return "\n\n".join(map(str, blocks)) + "\n"
