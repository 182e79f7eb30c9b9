"""A picture that is there already is made into another one."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import HTTPException
from pydantic import BaseModel, Field

from scenarios import image
from scenarios.contract import JSONDict, Operation, Operations, Width
from scenarios.errors import WorkError


class Processing(BaseModel):
    """What to do to a picture."""

    operations: Operations
    width: Annotated[Width, Field(strict=True)] = 256


def check_exists(image_id: UUID) -> None:
    """Raise 404 if there is no such picture."""
    try:
        image.find(str(image_id))
    except WorkError as error:
        raise HTTPException(404, str(error)) from None


def make_picture(source: Path, picture_id: str, operations: Sequence[str], width: int) -> JSONDict:
    """Publish under `picture_id` what becomes of the picture at `source`; return its facts.

    Raises `WorkError` if it cannot be decoded, or would be too large.
    """
    wanted = [Operation(name) for name in operations]
    picture, kind = image.load(source, width)
    return image.publish_picture(picture_id, image.transform(picture, wanted, width), kind, wanted)
