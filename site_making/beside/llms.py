"""`llms.txt`: what this site has, for readers that come through an assistant."""

from collections.abc import Iterator, Mapping
from typing import Any

from mkdocs.config.defaults import MkDocsConfig

Described = Mapping[str, tuple[str, str]]


def make_llms(config: MkDocsConfig, pages: Described) -> str:
    """Return the pages in the order of the navigation, each with its Markdown and what it says."""
    lines = [f"# {config.site_name}", "", f"> {config.site_description}", ""]
    lines += [
        "Each page has its Markdown beside it, with all code and output that it shows. "
        "Programs, outputs and tables are taken from files that tests run."
    ]
    for title, entry in _sections(config.nav or []):
        lines += ["", f"## {title}", ""]
        for name in _files(entry):
            shown, description = pages[name]
            lines.append(f"- [{shown}]({config.site_url or ''}{name}): {description}")
    return "\n".join(lines) + "\n"


def _sections(nav: list[Any]) -> Iterator[tuple[str, Any]]:  # Any: the navigation of mkdocs.yml
    for item in nav:
        yield from item.items()


def _files(entry: Any) -> Iterator[str]:  # Any: as above, a path or a list of entries
    if isinstance(entry, str):
        yield entry
        return
    for item in entry:
        yield from _files(item if isinstance(item, str) else next(iter(item.values())))
