"""A recorded run of the live page in a page of the site: the viewer, and without it a table."""

from html import escape
from pathlib import Path

from lab.live.recording import FOLDER, SCHEMA, Lane, read_recording

ROW = "<tr><th scope=row>{}</th>{}</tr>"
COUNTS = ("accepted", "refused", "done", "lost", "late", "interrupted", "failed")


def find_recordings() -> list[str]:
    """Return the presets of which there is a recording."""
    return sorted(path.stem for path in FOLDER.glob("*.json") if path != SCHEMA)


def make_recorded(root: Path, preset: str) -> str:
    """Return the table of a recorded run; `site.js` puts the viewer in its place."""
    recording = read_recording(root / FOLDER.relative_to(FOLDER.parents[2]) / f"{preset}.json")
    results = recording.results
    shown = [each for each in COUNTS if any(result[each] for result in results.values())]
    rows = [
        _row([lane.title, *(str(results[lane.name][each]) for each in shown), _reason(lane)])
        for lane in recording.about.lanes
    ]
    heads = ["", *shown, "why"]
    head = "".join(f"<th scope=col>{each}</th>" for each in heads)
    title = f"{recording.about.title}: {recording.about.jobs} jobs in each lane, recorded"
    return "\n".join(
        [
            f'<div class="recorded" data-preset="{preset}">',
            f'<table class="recorded-table"><caption>{escape(title)}</caption>',
            f"<thead><tr>{head}</tr></thead><tbody>",
            *rows,
            "</tbody></table>",
            "</div>",
        ]
    )


def write_scripts(folder: Path) -> None:
    """Write each recording as a script, which a page that was opened from a folder can load."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in find_recordings():
        text = (FOLDER / f"{name}.json").read_text(encoding="utf-8").rstrip()
        (folder / f"{name}.js").write_text(f"Live.take({text});\n", encoding="utf-8")


def _row(cells: list[str]) -> str:
    name, *others = cells
    return ROW.format(escape(name), "".join(f"<td>{each}</td>" for each in others))


def _reason(lane: Lane) -> str:
    parts = escape(lane.reason).split("`")
    return "".join(f"<code>{part}</code>" if n % 2 else part for n, part in enumerate(parts))
