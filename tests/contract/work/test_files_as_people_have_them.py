"""Files of other programs, and what each app makes of them: the values, not only the status."""

from io import BytesIO

import pytest
from PIL import Image

from scenarios.contract import Operation, Status
from tests.support.client import accepted_id
from tests.support.running import Running
from tests.work.pictures.dear_pictures import flat_png
from tests.work.pictures.made_pictures import SIZE, make_all
from tests.work.pictures.test_pictures import TOLERANCE, is_like, read_quarters
from tests.work.test_order_files import SAME, encode

EXPORTS = [
    "Excel: byte order mark and CRLF",
    "LibreOffice: every text quoted",
    "pandas: index",
    "psql: timestamp",
    "all of it",
]
MADE = make_all()
PICTURES = MADE[:: len(MADE) // 12]  # some of each format, mode, profile and orientation


def test_orders_of_other_programs_add_up_to_the_same(running: Running) -> None:
    ids = [accepted_id(running.api.post_report(encode(SAME[name]()), name)) for name in EXPORTS]

    for name, task_id in zip(EXPORTS, ids, strict=True):
        task = running.api.wait_until_final(task_id)
        assert task.status is Status.SUCCEEDED, (name, task.error)
        assert task.result is not None
        assert (task.result["orders"], task.result["total"]) == (2, "5.00"), name
        assert task.result["regions"] == {"Zürich": "4.50", "Łódź": "0.50"}, name


def test_pictures_of_many_kinds_look_as_they_did(running: Running) -> None:
    ids = [
        accepted_id(running.api.post_image(made.content, ["thumbnail"], SIZE[0]))
        for made in PICTURES
    ]

    for made, task_id in zip(PICTURES, ids, strict=True):
        task = running.api.wait_until_final(task_id)
        assert task.status is Status.SUCCEEDED, (made.name, task.error)
        found = Image.open(BytesIO(running.api.read_result(task_id).content))
        assert (found.format, found.size) == (made.kind, SIZE), made.name
        assert found.has_transparency_data == made.has_alpha, made.name
        for seen, expected in zip(read_quarters(found), made.quarters, strict=True):
            assert is_like(seen, expected, TOLERANCE[made.kind]), (made.name, seen, expected)


@pytest.mark.parametrize(
    ("size", "width", "operations", "reason"),
    [
        ((1, 65_500), 16, 1, "would have 16 x 1048000 pixels, too many"),
        ((1, 1), 4096, 10, "10 operations on 4096 x 4096 pixels, too many"),
    ],
)
def test_picture_whose_result_costs_too_much_is_refused_at_once(
    running: Running, size: tuple[int, int], width: int, operations: int, reason: str
) -> None:
    answer = running.api.post_image(flat_png(*size), [Operation.BLUR] * operations, width)

    assert answer.status_code == 422, answer.text
    [problem] = answer.json()["detail"]
    assert (problem["loc"], reason in problem["msg"]) == (["body", "file"], True)
