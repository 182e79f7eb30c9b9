"""Text of somebody else, on its way into a log, a sentence or a line of a file."""

import re

# Line breaks for whoever reads lines, commands for a terminal, marks that turn the order of what
# is shown (`gpj.exe` reads `exe.jpg`), and halves of characters, which no encoding has.
CONTROLS = r"\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_UNSAFE = re.compile(rf"[{CONTROLS}\ud800-\udfff]")


def one_line(text: str) -> str:
    """Return `text` with such characters written as Python writes them: `\\n`, `\\x1b`."""
    return _UNSAFE.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
