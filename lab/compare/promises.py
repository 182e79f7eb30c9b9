"""Compares the figures of an approach with its promises; a "no" is a promise as well."""

from collections.abc import Mapping

from .figures import Count, Figures

SURVIVES = "survives_api_kill"
OUTSIDE = "cpu_work_outside_api"
HELD = (
    "Every job was done once, and every promise that was tried here, yes or no, was confirmed:"
    " whether e-mails survive kill -9 of the API, and whether pictures are made outside of it."
    " Tests confirm the other promises."
)


def find_broken_promises(figures: Figures, promises: Mapping[str, bool | str]) -> list[str]:
    """Return a sentence for each promise that the figures contradict."""
    name, kill = figures.approach, figures.arrived_after_kill
    outside = figures.pictures_outside_api
    broken = [f"promised {promise}; seen {seen}" for promise, seen in _unkept(figures)]
    broken += _check(promises, SURVIVES, kill, "e-mails arrived after kill -9 of the API")
    broken += _check(promises, OUTSIDE, outside, "pictures were made in another process")
    return [f"{name}: {sentence}" for sentence in broken]


def _check(
    promises: Mapping[str, bool | str], key: str, count: Count, what_was_counted: str
) -> list[str]:
    """Demand all of them where the promise is true, and none where it is false."""
    promised = promises.get(key)
    if not isinstance(promised, bool):
        return [f"approaches.toml does not say {key} = true or false; seen {promised!r}"]
    demanded = count.asked if promised else 0
    if count.seen == demanded:
        return []
    words = f"{key} = {str(promised).lower()}, so {demanded} of {count.asked}"
    return [f"promised {words}; seen {count.seen} of {count.asked} {what_was_counted}"]


def _unkept(figures: Figures) -> list[tuple[str, str]]:
    """Return what every approach promises as long as nothing fails, and what was seen instead."""
    asked = {
        "to accept every job": figures.accepted,
        "to deliver every e-mail exactly once": figures.emails,
        "to make every report with the right total": figures.reports,
        "to make every picture in the asked size": figures.pictures,
    }
    unkept = [
        (promise, str(count)) for promise, count in asked.items() if count.seen != count.asked
    ]
    if figures.healthz_failures:
        unkept.append(("to always answer /healthz", f"{figures.healthz_failures} failures"))
    return unkept
