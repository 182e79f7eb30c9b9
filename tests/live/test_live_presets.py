"""What the presets of the live page name exists, and what they promise follows approaches.toml."""

import re

import pytest

from lab.approaches import ROOT
from lab.errors import LabError
from lab.live.presets.code import read_code
from lab.live.presets.preset import find_preset, load_all_columns, load_presets, scale
from lab.survival.columns import load_columns

by_preset = pytest.mark.parametrize("name", load_presets())


@by_preset
def test_everything_that_a_preset_names_exists(name: str) -> None:
    preset, columns = find_preset(name), load_all_columns()

    assert set(preset.lanes) <= columns.keys()
    assert (ROOT / "docs" / preset.page).is_file()
    for each in [preset.fault, *preset.variants]:
        preset.find_fault(each)
    assert {*preset.reasons, *preset.code, *preset.promises, *preset.frozen} <= set(preset.lanes)
    for places in preset.code.values():
        assert all(part["lines"] for part in read_code(places))


@by_preset
def test_each_lane_has_a_reason_and_a_promise(name: str) -> None:
    preset, columns = find_preset(name), load_all_columns()
    if preset.fault == "play":
        return

    for lane in preset.lanes:
        assert preset.reasons[lane].endswith(".")
        for variant in preset.variants or [""]:
            assert preset.find_promise(columns[lane], variant, 8), (lane, variant)


def test_promise_of_the_first_kill_is_that_of_approaches_toml() -> None:
    preset, columns = find_preset("3"), load_columns()

    promised = [preset.find_promise(columns[lane], "", 8) for lane in preset.lanes]

    assert promised == ["lost 8", "lost 8", "kept", "lost 8", "kept"]


@pytest.mark.parametrize(
    ("promise", "jobs", "scaled"),
    [
        ("lost 8", 4, "lost 4"),
        ("lost 2, late 6", 8, "lost 2, late 6"),
        ("lost 2, late 6", 4, "lost, late"),
        ("kept", 3, "kept"),
    ],
)
def test_promise_follows_the_number_of_jobs(promise: str, jobs: int, scaled: str) -> None:
    assert scale(promise, jobs) == scaled


def test_unknown_preset_is_named_with_the_known_ones() -> None:
    with pytest.raises(LabError, match="unknown preset '13': it is one of 1 work, 2 blocks"):
        find_preset("13")


def test_code_is_read_by_the_name_of_what_is_defined() -> None:
    [part] = read_code("02_asyncio_create_task/tracked.py:refuse_if_full")

    assert part["lines"][0].startswith("def refuse_if_full")
    [mark] = part["marks"]  # the code, and not the docstring, which names the setting as well
    assert "settings.max_running" in part["lines"][mark]


def test_a_section_comes_before_a_variable_of_its_name() -> None:
    [part] = read_code(find_preset("kill9_worker").code["03_celery"])

    marked = [part["lines"][mark].strip().partition("=")[0] for mark in part["marks"]]
    assert "task_acks_late" in marked
    assert part["lines"][part["marks"][-1]].strip().startswith('"visibility_timeout"')


@pytest.mark.parametrize("lane", find_preset("kill9_api").lanes)
def test_the_line_that_keeps_a_job_is_marked(lane: str) -> None:
    [part] = read_code(find_preset("kill9_api").code[lane])

    [mark] = part["marks"]
    keeps = r"add_task|create_tracked_task|apply_async|self\._tasks\[|_rows\.insert"
    assert re.search(keeps, part["lines"][mark])


def test_code_that_is_gone_is_named() -> None:
    with pytest.raises(LabError, match="no function, class, variable or section 'gone'"):
        read_code("01_background_tasks/main.py:gone")
