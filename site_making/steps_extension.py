"""An extension of Python-Markdown, named in `mkdocs.yml`: differences of steps, colours for them.

An extension and not a hook of mkdocs, so that other makers of sites run it, too.
"""

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor
from pygments.lexers._mapping import LEXERS

from .steps import show_changes

AFTER_INCLUDES_BEFORE_FENCES = 30  # pymdownx: snippets 32, superfences 25


class Changes(Preprocessor):  # type: ignore[misc]  # Markdown ships no types
    """Puts the differences into a page that asks for them."""

    def run(self, lines: list[str]) -> list[str]:
        """Exchange the comments of `show_changes`."""
        return show_changes("\n".join(lines)).split("\n")


class StepsExtension(Extension):  # type: ignore[misc]  # as above
    """What the pages about the steps need."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name that it is called by
        """Add the differences, and let Pygments find the lexer of the transcripts."""
        module = "site_making.transcript_lexer"
        LEXERS["TranscriptLexer"] = (module, "Transcript", ("transcript",), (), ())
        md.preprocessors.register(Changes(md), "changes", AFTER_INCLUDES_BEFORE_FENCES)


def makeExtension() -> StepsExtension:  # noqa: N802 - the name that Python-Markdown looks for
    """Return the extension."""
    return StepsExtension()
