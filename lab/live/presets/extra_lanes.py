"""Lanes that only the live page has: common mistakes of tutorials, to compare with."""

from dataclasses import replace
from pathlib import Path

from lab.approaches import ROOT
from lab.survival.columns import Column, load_columns

PACKAGES = {
    "01_background_tasks+blocking": ("lab.live.blocking", "BackgroundTasks, blocking"),
    "03_celery+naive": ("lab.live.naive_celery", "Celery as in a tutorial"),
}


def load_extra_columns(root: Path = ROOT) -> dict[str, Column]:
    """Return the columns by name; each runs a package of its own instead of a numbered folder."""
    columns = load_columns(root)
    return {
        name: replace(columns[base], name=name, folder=folder, label=label)
        for name, (folder, label) in PACKAGES.items()
        if (base := name.partition("+")[0]) in columns
    }
