"""The table of settings, from the class that reads them."""

from pathlib import Path

from pydantic.fields import FieldInfo

from scenarios.settings import Settings


def make_settings(root: Path) -> str:
    """Return a row for each setting: its name in the environment, its default, what it is for."""
    head = "| Setting | Default | What it is for |\n|---|---|---|\n"
    rows = [
        f"| `{name.upper()}` | {show_default(field)} | {field.description} |\n"
        for name, field in Settings.model_fields.items()
    ]
    return head + "".join(rows)


def show_default(field: FieldInfo) -> str:
    """Return the default as it would stand in the environment."""
    value = field.default
    return "none" if value is None or value == {} else f"`{value}`"
