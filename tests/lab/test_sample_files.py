"""The files that readers post are what the lab's own code makes, and each is accepted work."""

from io import BytesIO

import pytest
from PIL import Image, ImageChops, ImageStat

from lab.load.sample_files import EMAIL, ORDERS, PHOTO, SAMPLES, make_files


@pytest.mark.parametrize("name", [ORDERS, EMAIL])
def test_text_file_is_what_the_code_makes(name: str) -> None:
    assert (SAMPLES / name).read_bytes() == make_files()[name]


def test_photo_shows_what_the_code_draws() -> None:
    made, kept = Image.open(BytesIO(make_files()[PHOTO])), Image.open(SAMPLES / PHOTO)

    assert made.size == kept.size
    # Another version of Pillow may encode a little differently.
    difference = ImageStat.Stat(ImageChops.difference(made, kept))
    assert max(difference.mean) < 2


def test_nothing_else_lies_beside_them() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == set(make_files())
