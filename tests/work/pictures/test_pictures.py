"""Each kind of picture, through each operation, looks as it did, and tells on nobody."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageFilter, ImageStat

from lab.load.samples import encode, make_photo
from scenarios import image
from scenarios.contract import Operation
from scenarios.uploads import check_image
from tests.support.png import Pixel

from .made_pictures import SECRET, SIZE, Made, draw, make_all, save

MADE = make_all()
TOLERANCE = {"PNG": 2, "JPEG": 5, "WEBP": 5}  # of 255; a lossy format changes each pixel a bit
LEAST_ALPHA = 64  # the colour of what is nearly transparent is stored in too few steps to compare
OPERATIONS = [[operation] for operation in Operation] + [list(Operation)]
by_kind = pytest.mark.parametrize("made", MADE, ids=[made.name for made in MADE])


def process(content: bytes, folder: Path, operations: list[Operation], width: int) -> Image.Image:
    """Do what the job does to a picture, and open what it would publish."""
    check_image(BytesIO(content))
    path = folder / "upload"
    path.write_bytes(content)
    picture, kind = image.load(path, width)
    result = image.encode(image.transform(picture, operations, width), kind)
    assert SECRET not in result
    return Image.open(BytesIO(result))


def read_quarters(picture: Image.Image) -> list[Pixel]:
    """Return the pixels in the middle of the four quarters, as red, green, blue and alpha."""
    seen = picture.convert("RGBA")
    places = [(x, y) for y in (1, 3) for x in (1, 3)]
    points = [(x * picture.width // 4, y * picture.height // 4) for x, y in places]
    return [_as_pixel(seen.getpixel(point)) for point in points]


def _as_pixel(value: float | tuple[int, ...] | None) -> Pixel:
    assert isinstance(value, tuple)
    return value


def expect(made: Made, operation: Operation) -> list[Pixel]:
    """Return what the quarters have to be: in the middle, only grayscale changes anything."""
    if operation is not Operation.GRAYSCALE:
        return list(made.quarters)
    lights = [round(0.299 * r + 0.587 * g + 0.114 * b) for r, g, b, _ in made.quarters]
    return [(n, n, n, each[3]) for n, each in zip(lights, made.quarters, strict=True)]


def is_like(found: Pixel, expected: Pixel, tolerance: int) -> bool:
    if abs(found[3] - expected[3]) > tolerance:
        return False
    if expected[3] < LEAST_ALPHA:
        return True
    return all(abs(a - b) <= tolerance for a, b in zip(found, expected, strict=True))


def test_there_are_pictures_of_more_than_sixty_kinds() -> None:
    assert len({made.name for made in MADE}) == len(MADE) > 60


@by_kind
def test_picture_looks_the_same_after_each_operation(made: Made, tmp_path: Path) -> None:
    for operation in Operation:
        found = process(made.content, tmp_path, [operation], SIZE[0])

        assert (found.format, found.size) == (made.kind, SIZE), operation
        assert found.has_transparency_data == made.has_alpha, operation
        assert found.info.keys().isdisjoint({"icc_profile", "exif", "xmp", "comment"}), operation
        quarters = list(zip(read_quarters(found), expect(made, operation), strict=True))
        if operation is Operation.WATERMARK:
            quarters = quarters[:2]  # below stands the name
        for number, (seen, expected) in enumerate(quarters):
            tolerance = TOLERANCE[made.kind]
            assert is_like(seen, expected, tolerance), (operation, number, seen, expected)


@by_kind
def test_picture_looks_the_same_in_another_size(made: Made, tmp_path: Path) -> None:
    for width in (40, 200):
        found = process(made.content, tmp_path, [Operation.THUMBNAIL], width)

        assert found.size == (width, width * 3 // 4)
        for seen, expected in zip(read_quarters(found), made.quarters, strict=True):
            assert is_like(seen, expected, TOLERANCE[made.kind]), (width, seen, expected)


@by_kind
def test_all_operations_together_keep_size_format_and_alpha(made: Made, tmp_path: Path) -> None:
    found = process(made.content, tmp_path, list(Operation), 48)

    assert (found.format, found.size) == (made.kind, (48, 36))
    assert found.has_transparency_data == made.has_alpha


def edge_energy(picture: Image.Image) -> float:
    edges = picture.convert("L").filter(ImageFilter.FIND_EDGES)
    return ImageStat.Stat(edges).mean[0]


def test_blur_softens_and_sharpen_hardens_the_edges(tmp_path: Path) -> None:
    content = encode(make_photo((160, 120)), "PNG")

    plain, soft, hard = (
        edge_energy(process(content, tmp_path, [each], 80))
        for each in (Operation.THUMBNAIL, Operation.BLUR, Operation.SHARPEN)
    )

    assert soft < 0.9 * plain
    assert hard > 1.1 * plain


@pytest.mark.parametrize(
    ("kind", "mode", "clear", "seen"),
    [
        ("PNG", "RGBA", (0, 255, 0, 0), (200, 0, 0, 255)),
        ("WEBP", "RGBA", (0, 255, 0, 0), (200, 0, 0, 255)),
        ("PNG", "LA", (255, 0), (0, 255)),
    ],
)
@pytest.mark.parametrize("operation", [Operation.BLUR, Operation.SHARPEN, Operation.THUMBNAIL])
@pytest.mark.parametrize("width", [SIZE[0], 40])  # to resize takes such colours away by itself
def test_colours_that_nobody_sees_do_not_bleed(
    kind: str,
    mode: str,
    clear: Pixel,
    seen: Pixel,
    operation: Operation,
    width: int,
    tmp_path: Path,
) -> None:
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    content = save(draw(mode, (clear, seen) * 2), kind, **options)

    found = process(content, tmp_path, [operation], width).convert("RGBA")

    visible = [p for p in map(_as_pixel, found.get_flattened_data()) if p[3] >= LEAST_ALPHA]
    assert len(visible) >= found.width * found.height // 2
    assert max(green for _, green, _, _ in visible) <= TOLERANCE[kind]
    assert {red for red, *_ in visible} <= set(range(seen[0] - 8, seen[0] + 8))


def test_watermark_is_seen_on_nothing(tmp_path: Path) -> None:
    content = save(draw("LA", ((0, 0),) * 4), "PNG")

    alpha = process(content, tmp_path, [Operation.WATERMARK], 200).getchannel("A")

    left, top, right, bottom = alpha.getbbox() or (0, 0, 0, 0)
    assert alpha.getextrema() == (0, 255)
    assert 0 < left < right < 200
    assert 75 < top < bottom <= 150


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("operation", Operation)
@pytest.mark.parametrize("width", [16, 1000, 4096])
def test_smallest_picture_of_all(
    kind: str, operation: Operation, width: int, tmp_path: Path
) -> None:
    if width == 4096 and (kind, operation) != ("JPEG", Operation.THUMBNAIL):
        width = 17  # once is enough
    content = save(Image.new("RGB", (1, 1), (90, 90, 90)), kind)

    found = process(content, tmp_path, [operation], width)

    assert found.size == (width, width)
    assert is_like(_as_pixel(found.convert("RGBA").getpixel((0, 0))), (90, 90, 90, 255), 5)


@pytest.mark.parametrize("operation", Operation)
def test_widest_and_lowest_picture_of_all(operation: Operation, tmp_path: Path) -> None:
    content = save(Image.new("L", (65_000, 1), 77), "PNG")

    for width in (16, 4096):
        found = process(content, tmp_path, [operation], width)

        assert found.size == (width, 1)
        assert found.getpixel((width - 1, 0)) == 77


def test_a_wide_picture_gets_a_name_that_fits(tmp_path: Path) -> None:
    content = save(Image.new("L", (65_500, 700), 77), "PNG")

    found = process(content, tmp_path, [Operation.WATERMARK], 4096)

    assert found.size == (4096, 44)
    assert found.getextrema() == (77, 255)


def test_parts_of_a_large_picture_fit_together(tmp_path: Path) -> None:
    slope = Image.linear_gradient("L")
    whole = Image.blend(slope, slope.transpose(Image.Transpose.TRANSPOSE), 0.5)
    whole = whole.resize((5000, 4000))
    content = save(whole, "PNG", compress_level=1)
    for width in (60, 900, 3000):
        found = process(content, tmp_path, [Operation.THUMBNAIL], width)

        expected = whole.resize(found.size, Image.Resampling.LANCZOS)
        difference = ImageChops.difference(found, expected)
        assert difference.point([0, 0] + [255] * 254).getbbox() is None
