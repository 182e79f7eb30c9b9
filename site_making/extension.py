"""An extension of Python-Markdown, named in `mkdocs.yml`: what is made while the site is built.

It is an extension and not a hook of mkdocs, so that other generators of sites can run it, too.
"""

from markdown import Extension, Markdown
from markdown.preprocessors import Preprocessor
from pygments.lexers._mapping import LEXERS

from .blocks import insert
from .steps import show_changes

AFTER_INCLUDES_BEFORE_FENCES = 30  # pymdownx: snippets 32, superfences 25


class Making(Preprocessor):  # type: ignore[misc]  # Markdown ships no types
    """Puts blocks and differences into a page that asks for them."""

    def run(self, lines: list[str]) -> list[str]:
        """Exchange the comments that ask."""
        return show_changes(insert("\n".join(lines))).split("\n")


class SiteExtension(Extension):  # type: ignore[misc]  # as above
    """What the pages need beyond Markdown."""

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name that it is called by
        """Add what is made, and let Pygments find the lexer of the transcripts."""
        module = "site_making.transcript_lexer"
        LEXERS["TranscriptLexer"] = (module, "Transcript", ("transcript",), (), ())
        md.preprocessors.register(Making(md), "making", AFTER_INCLUDES_BEFORE_FENCES)


def makeExtension() -> SiteExtension:  # noqa: N802 - the name that Python-Markdown looks for
    """Return the extension."""
    return SiteExtension()
