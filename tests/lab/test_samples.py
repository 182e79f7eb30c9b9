"""The inputs of measurements are the same on every run, and as heavy as real ones."""

import csv
from decimal import Decimal
from io import BytesIO, StringIO

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from lab.load import samples
from lab.load.sample_files import EMAIL, ORDERS, PHOTO, SAMPLES, make_files

UPLOAD_LIMIT_BYTES = 10 * 1024**2


@pytest.fixture(scope="module")
def photos() -> list[bytes]:
    return samples.make_photos(6)


def test_orders_are_the_same_for_the_same_seed() -> None:
    first, again, other = (samples.make_orders(50, seed) for seed in (1, 1, 2))

    assert first == again
    assert first.csv != other.csv


def test_total_of_the_orders_is_the_exact_sum_of_the_rows() -> None:
    orders = samples.make_orders(10_000)

    rows = list(csv.DictReader(StringIO(orders.csv.decode())))

    assert list(rows[0]) == ["date", "region", "product", "quantity", "unit_price"]
    assert len(rows) == orders.rows == 10_000
    assert all(row["unit_price"][-3] == "." and int(row["quantity"]) >= 1 for row in rows)
    total = sum(int(row["quantity"]) * Decimal(row["unit_price"]) for row in rows)
    assert orders.total == total


def test_photos_have_12_megapixels_and_fit_into_a_request(photos: list[bytes]) -> None:
    sizes_px = {Image.open(BytesIO(photo)).size for photo in photos}

    assert sizes_px == {(4000, 3000)}
    assert all(3_500_000 < len(photo) < UPLOAD_LIMIT_BYTES - 100_000 for photo in photos)


def test_photos_differ_from_each_other(photos: list[bytes]) -> None:
    assert len(set(photos)) == 6
    assert len(set(samples.make_photos(14, (64, 48)))) == 14


def test_photos_have_detail_at_every_scale(photos: list[bytes]) -> None:
    grey = Image.open(BytesIO(photos[0])).convert("L")

    edges = [_mean_edge(grey.reduce(2**scale)) for scale in range(6)]

    # A flat picture has edges below 5, a smooth gradient below 10, at each of these scales.
    assert all(edge > 15 for edge in edges), edges
    assert grey.entropy() > 7


def test_photos_are_the_same_for_the_same_seed() -> None:
    first, again, other = (samples.make_photos(2, (640, 480), seed) for seed in (1, 1, 2))

    assert first == again
    assert first[0] != other[0]


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP"])
def test_small_photos_come_in_every_accepted_format(file_format: str) -> None:
    photo = samples.encode(samples.make_photo((640, 480)), file_format)

    opened = Image.open(BytesIO(photo))

    assert (opened.format, opened.size) == (file_format, (640, 480))


def _mean_edge(grey: Image.Image) -> float:
    return ImageStat.Stat(grey.filter(ImageFilter.FIND_EDGES)).mean[0]


@pytest.mark.parametrize("name", [ORDERS, EMAIL])
def test_text_file_is_what_the_code_makes(name: str) -> None:
    assert (SAMPLES / name).read_bytes() == make_files()[name]


def test_photo_shows_what_the_code_draws() -> None:
    made, kept = Image.open(BytesIO(make_files()[PHOTO])), Image.open(SAMPLES / PHOTO)

    assert made.size == kept.size
    # Another version of Pillow may encode a little differently.
    difference = ImageStat.Stat(ImageChops.difference(made, kept))
    assert max(difference.mean) < 2


def test_nothing_else_lies_beside_the_sample_files() -> None:
    assert {path.name for path in SAMPLES.iterdir()} == set(make_files())
