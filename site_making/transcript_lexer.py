"""Colours transcripts: commands as shell, explanations as comments, output as output."""

from typing import ClassVar

from pygments.lexer import RegexLexer, bygroups, using
from pygments.lexers.shell import BashLexer
from pygments.token import Comment, Generic, Name

__all__ = ["TranscriptLexer"]  # where Pygments looks for it


class TranscriptLexer(RegexLexer):  # type: ignore[misc]  # Pygments ships no types
    """What `lab.steps.transcript` reads; the shell session of Pygments takes `#` for a prompt."""

    name = "Transcript"
    aliases: ClassVar = ["transcript"]
    tokens: ClassVar = {
        "root": [
            (r"^# .*\n", Comment),
            (r"^(\$ )((?:.*\\\n)*.*\n)", bygroups(Generic.Prompt, using(BashLexer))),
            (r"^([a-z]+\d? \|)(.*\n)", bygroups(Name.Label, Generic.Output)),
            (r"^.*\n", Generic.Output),
        ]
    }
