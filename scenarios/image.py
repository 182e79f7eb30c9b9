"""Process a picture, index its facts, tell a webhook: CPU-bound work, then a chain of two steps."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from . import files
from .contract import JSONDict, Operation
from .errors import BadUpload, WorkError
from .pictures import FORMATS, take_apart
from .pictures.colour import to_srgb
from .pictures.picture_index import index
from .pictures.pixels import decode, filter_in_strips, resize, unweigh, weigh
from .pictures.result import check_operations, find_size
from .services.webhook import send_webhook
from .status import ReportProgress

MARGIN_PX = 24  # no filter here looks further: a blur of 4 pixels is three means of about 9


# --8<-- [start:image]
def process_image(
    task_id: str, operations: list[str], width: int, report_progress: ReportProgress
) -> JSONDict:
    """Apply `operations` in order, publish the picture, index it and send the webhook.

    Returns `width` and `height` in pixels, `format`, `operations`, `size_bytes`.
    Raises `WorkError` if the pixels are damaged or the webhook says no for good.
    """
    report_progress(0)
    if done := files.recall(task_id):
        return done
    try:
        picture, kind = load(files.upload_path(task_id), width)
        report_progress(25)
        picture = transform(picture, [Operation(name) for name in operations], width)
    except WorkError:
        files.discard_upload(task_id)
        raise
    report_progress(50)
    facts = publish_picture(task_id, picture, kind, operations)
    index(task_id, facts)
    report_progress(75)
    send_webhook(task_id, facts)
    return files.remember(task_id, facts)


# --8<-- [end:image]
def publish_picture(
    picture_id: str, picture: Image.Image, kind: str, operations: Sequence[str]
) -> JSONDict:
    """Put the picture where it is downloaded; return what `process_image` does."""
    content = encode(picture, kind)
    files.publish(picture_id, files.SUFFIXES[kind], content)
    return {
        "width": picture.width,
        "height": picture.height,
        "format": kind,
        "operations": list(operations),
        "size_bytes": len(content),
    }


def find(image_id: str) -> Path:
    """Return the path of a picture that a task has made; raises `WorkError` if there is none."""
    for kind in FORMATS:
        if (path := files.result_path(image_id, files.SUFFIXES[kind])).exists():
            return path
    raise WorkError(f"no picture with the image_id {image_id[:80]!r}")


def load(path: Path, width: int | None = None) -> tuple[Image.Image, str]:
    """Return the picture, upright, in sRGB and `width` pixels wide, with its format.

    It is grey or coloured, with or without alpha; nothing else of the file comes with it.
    Raises `WorkError` if it cannot be decoded, or would be too large.
    """
    try:
        parts = take_apart(path.read_bytes())
        upright = find_size(parts, width) if width else None
    except BadUpload as error:
        raise WorkError(str(error)) from error
    size = upright or (parts.width, parts.height)
    if upright and parts.orientation >= 5:  # it lies on its side
        size = upright[::-1]
    turn = TURNS.get(parts.orientation)
    try:
        picture = decode(parts, size)
    except Exception as error:  # broken pixels raise whatever the decoder stumbled over
        raise WorkError(f"the picture is damaged: {error}") from error
    picture = to_srgb(picture, parts.profile, parts.gamma)
    return (picture if turn is None else picture.transpose(turn)), parts.kind


def transform(picture: Image.Image, operations: list[Operation], width: int) -> Image.Image:
    """Bring the picture to its `width` if `load` has not, then apply the operations in order."""
    height = max(1, round(picture.height * width / picture.width))
    try:
        check_operations((width, height), len(operations))
    except BadUpload as error:
        raise WorkError(str(error)) from error
    picture = resize(picture, (width, height))
    for operation in operations:
        picture = STEPS[operation](picture)
    return picture


def grayscale(picture: Image.Image) -> Image.Image:
    """Take the colours away, and leave the alpha."""
    return picture.convert("LA" if picture.has_transparency_data else "L")


def blur(picture: Image.Image, radius: float = 4) -> Image.Image:
    """Mix each pixel with those around it, as far as they can be seen."""
    blurring = ImageFilter.GaussianBlur(radius)
    return filter_in_strips(
        picture, lambda strip: unweigh(weigh(strip).filter(blurring)), MARGIN_PX
    )


def sharpen(picture: Image.Image) -> Image.Image:
    """Move each pixel away from the mean around it; the outline of the alpha stays as it is."""
    if not picture.has_transparency_data:
        sharpening = ImageFilter.UnsharpMask(2, 120)
        return filter_in_strips(picture, lambda strip: strip.filter(sharpening), MARGIN_PX)
    soft = blur(picture, 2)
    soft.putalpha(picture.getchannel("A"))
    return Image.blend(soft, picture, 1 + 120 / 100)


def fill_clear_pixels(picture: Image.Image) -> Image.Image:
    """Give pixels that nobody sees the colours beside them: a lossy encoder mixes neighbours."""
    alpha = picture.getchannel("A")
    beside = unweigh(weigh(picture).filter(ImageFilter.GaussianBlur(4)))
    beside.putalpha(alpha)
    return Image.composite(picture, beside, alpha.point([0] + [255] * 255))


def watermark(picture: Image.Image) -> Image.Image:
    """Write a name into the lower left corner, as large as a twelfth of the picture."""
    marked = picture.copy()
    size = max(8, min(picture.width // 12, picture.height // 4))
    position = (size // 2, picture.height - 2 * size)
    font = ImageFont.load_default(size)
    draw = ImageDraw.Draw(marked)
    draw.text(position, "example.com", fill="white", font=font, stroke_width=size // 16)
    return marked


TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # by the orientation of EXIF; from 5 on width and height change places
STEPS: dict[Operation, Callable[[Image.Image], Image.Image]] = {
    Operation.THUMBNAIL: lambda picture: picture,  # each has its new width already
    Operation.GRAYSCALE: grayscale,
    Operation.BLUR: blur,
    Operation.SHARPEN: sharpen,
    Operation.WATERMARK: watermark,
}


def encode(picture: Image.Image, kind: str) -> bytes:
    """Return the bytes of the picture in its own format."""
    buffer = io.BytesIO()
    if kind == "WEBP" and picture.has_transparency_data:
        picture = filter_in_strips(picture, fill_clear_pixels, MARGIN_PX)
    picture.info.clear()  # Pillow would write some of it
    # `method` of WebP and `compress_level` of PNG: quickly. `exact`: with the pixels just filled.
    picture.save(buffer, kind, quality=85, method=2, compress_level=3, exact=True)
    return buffer.getvalue()
