"""A page as plain Markdown: what it includes is in it, and what is drawn on it is told in words."""

import re
from pathlib import Path

from markdown import Markdown

from lab.approaches import ROOT
from site_making.blocks import insert_words
from site_making.steps import show_changes

_HTML_LINE = re.compile(r"^ *</?(?:div|span|figure)\b[^>]*>$\n?", re.MULTILINE)
_ATTRIBUTES = re.compile(r"(?:(?<=\w) )?\{ ?[.#][^}\n]*\}")
_COMMENT = re.compile(r"^ *<!--.*?-->$\n?", re.MULTILINE)
_FOR_GITHUB = re.compile(r'^<p class="on-github".*</p>$\n?', re.MULTILINE)
_EMPTY = re.compile(r"\n{3,}")
_ICON = re.compile(r":(?:material|octicons)-[\w-]+:(?:\{[^}]*\})? ?")


def make_plain(markdown: str, root: Path = ROOT) -> str:
    """Return a page of the site as Markdown that needs nothing beside it."""
    text = insert_words(show_changes(_include(markdown, root), root), root)
    parts = re.split(r"(^ *```.*?^ *```$)", text, flags=re.MULTILINE | re.DOTALL)
    parts[::2] = [_strip(part) for part in parts[::2]]
    return _EMPTY.sub("\n\n", "".join(parts)).strip() + "\n"


def _include(markdown: str, root: Path) -> str:
    name = "pymdownx.snippets"
    settings = {"base_path": [str(root)], "check_paths": True, "dedent_subsections": True}
    reader = Markdown(extensions=[name], extension_configs={name: settings})
    return "\n".join(reader.preprocessors["snippet"].run(markdown.split("\n")))


def _strip(text: str) -> str:
    """Leave out what only a browser needs."""
    for pattern in (_FOR_GITHUB, _COMMENT, _HTML_LINE, _ATTRIBUTES, _ICON):
        text = pattern.sub("", text)
    return text
