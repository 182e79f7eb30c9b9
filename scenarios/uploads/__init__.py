"""Look at an upload before its job is taken: cheap checks, from headers, nothing is decoded."""

from .orders import check_csv
from .pictures import check_image, image_check

__all__ = ["check_csv", "check_image", "image_check"]
